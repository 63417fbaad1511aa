"""What a person's words can mean at each stage. The chat model gets a stage's moves as tools.

`Approve` is not among them: approval comes from a person's own words or button, never
from a model (see `approval.py`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from tools.contract import Contract
from tools.manifests.export import Form
from tools.planning.plan import View
from tools.specification import SpecificationChange

Topic = Literal[
    "help",
    "term",
    "specification",
    "assumptions",
    "options",
    "kept",
    "near_misses",
    "why",
    "compare",
    "cost",
    "provenance",
    "memory",
    "context",
    "capacity",
    "splits",
    "batch",
    "manifest",
    "status",
    "deployments",
    "catalogue",
]
Criterion = Literal["cheapest", "fastest", "best quality", "simplest", "recommended"]


class Move(Contract):
    """One thing that words or a button can mean."""


class Change(SpecificationChange, Move):
    """A move that gives values to what is planned for."""

    traffic: SkipJsonSchema[None] = None
    """No words hold a trace."""


class DescribeNeed(Change):
    """The person says what they need: use case, users, priorities, constraints. Fill
    in only what they said.
    """


class TakeDefault(Move):
    """The person doesn't know what they were asked, and leaves it to Compass."""


class Confirm(Move):
    """The person agrees with the specification as shown."""


class EditSpecification(Change):
    """The person wants other values in the specification. Fill in only what they said."""


class Explore(Change):
    """A what-if: the same plan with other values. Fill in only what they said."""


class UndoExplore(Move):
    """Go back to the plan before the last what-if."""


class ShowView(Move):
    """List and rank the options by one thing: cost, latency, quality, fewest GPUs,
    or the balance of what matters.
    """

    view: View


class KeepPlan(Move):
    """Keep the plan that is shown under a name, to compare with or come back to."""

    name: str = Field(min_length=1, max_length=40)


class RestorePlan(Move):
    """Bring back a plan that was kept, by its name."""

    name: str = Field(min_length=1, max_length=40)


class SelectOption(Move):
    """The person chooses one of the options shown, by its rank, by a criterion, or by GPU or model name."""

    rank: int | None = Field(default=None, description="Number of the option as shown, from 1")
    criterion: Criterion | None = None
    gpu_types: list[str] = Field(default_factory=list)
    model_ids: list[str] = Field(default_factory=list)


class Reject(Move):
    """The person does not approve; they go back to the options."""

    reason: str = ""


class CheckAgain(Move):
    """Ask the cluster again what it says to these manifests."""


class Export(Move):
    """Write the manifests to files instead of applying them: plain YAML, Kustomize, or a Helm chart."""

    form: Form = "yaml"


class SendPrompt(Move):
    """Send a test prompt to the deployed endpoint."""

    prompt: str = Field(min_length=1, max_length=20_000)


class Finish(Move):
    """The person is done."""


class Retry(Move):
    """Try the failed deployment again."""


class KeepAsItIs(Move):
    """What runs failed its validation only, and the person accepts it as it is."""


class Validate(Move):
    """Measure the running endpoint again, with a short load test against its targets."""


class BackToOptions(Move):
    """Choose another option instead of the one that failed, or for what runs."""


class Scale(Move):
    """Change the number of replicas of what runs: to so many, or by so many more (fewer, if negative)."""

    replicas: int | None = Field(default=None, ge=1, le=10_000)
    by: int | None = Field(default=None, ge=-10_000, le=10_000)

    @model_validator(mode="after")
    def _one_of_them(self) -> Scale:
        if (self.replicas is None) == (self.by is None):
            raise ValueError("say either how many replicas, or how many more")
        return self


class Delete(Move):
    """Take what runs away: the deployment and all that belongs to it."""


class Remove(Move):
    """Take another deployment of this person's away, by its name, whichever conversation it is from."""

    name: str = Field(
        default="", max_length=100, description="Of the deployment, or a part of it; empty for the only one"
    )


class RollBack(Move):
    """Go back to what ran before the deployment that failed, or to nothing if nothing did."""


class Ask(Move):
    """A question to be answered from what is known; nothing changes."""

    topic: Topic
    subject: str = Field(
        default="",
        description=(
            "For `term`: the term. For `catalogue`: a GPU or model. For `why`: option numbers, GPUs or"
            " models. For `compare`: option numbers. For `status`: a deployment's name, if one was named. For"
            " `capacity`, `splits` and `batch`, which ask what hardware takes, how to split it, and how long"
            " items would take: the question in the person's words"
        ),
    )


class Explain(Move):
    """A question that no topic of Ask covers: you answer it in your own words next, from what is known."""


class StartOver(Move):
    """Forget this plan and begin a new one."""


class Cancel(Move):
    """Stop here."""


class Unclear(Move):
    """The words don't say what to do: one short question back."""

    question: str = Field(max_length=1000)
    understood: SpecificationChange | None = Field(default=None, exclude=True)
    """What was understood beside it of a need, so that nobody has to say it again."""


class Answered(Move):
    """The chat model has answered in its own words; made by `by_model.py`, never offered."""


class Approve(Move):
    """The person approves exactly the manifests with this digest. Made by `approval.py`
    or a button, never by a model.
    """

    digest: str
    takes_over: bool = False
    """Said a second time, of objects that others own."""


Stage = Literal[
    "context_collection",
    "specification_review",
    "presenting_options",
    "configuration_finalized",
    "basic_monitoring",
    "failed",
]
PAUSES: tuple[Stage, ...] = (
    "specification_review",
    "presenting_options",
    "configuration_finalized",
    "basic_monitoring",
)
"""Stages at which a run is interrupted; at the others it ends, and the next message begins one."""
ANYWHERE: tuple[type[Move], ...] = (Ask, Remove, StartOver, Cancel, Unclear)
MOVES: dict[Stage, tuple[type[Move], ...]] = {
    "context_collection": (DescribeNeed, TakeDefault, *ANYWHERE),
    "specification_review": (Confirm, EditSpecification, *ANYWHERE),
    "presenting_options": (SelectOption, Explore, UndoExplore, ShowView, KeepPlan, RestorePlan, *ANYWHERE),
    "configuration_finalized": (
        Reject,
        SelectOption,
        EditSpecification,
        Explore,
        CheckAgain,
        Export,
        *ANYWHERE,
    ),
    "basic_monitoring": (SendPrompt, Validate, Scale, BackToOptions, Delete, Finish, DescribeNeed, *ANYWHERE),
    "failed": (
        Retry,
        KeepAsItIs,
        RollBack,
        BackToOptions,
        EditSpecification,
        DescribeNeed,
        Finish,
        *ANYWHERE,
    ),
}


def offered_at(stage: Stage) -> dict[str, type[Move]]:
    """The moves of a stage by name."""
    return {kind.__name__: kind for kind in MOVES[stage]}


BUTTONS: tuple[str, ...] = (
    *dict.fromkeys(
        kind.__name__
        for stage, offered in MOVES.items()
        if stage in PAUSES
        for kind in offered
        if kind not in (DescribeNeed, Remove, Unclear)
    ),
    Approve.__name__,
)
"""What a button may be, by name: all that a pause offers but what only words can say."""
EXAMPLES = (
    "a chatbot for 1000 users, code completion for 250 developers, or questions over our documents for 5k"
    " employees"
)
DEFAULT_USERS = 1000
"""What is planned for where the person leaves it to us; said so, and changed like anything else."""
POSSIBLE: dict[Stage, str] = {
    "context_collection": (
        "Tell me what you need, for instance “a chatbot for 1000 users, low latency critical”."
    ),
    "specification_review": (
        "Say “looks good” to go on, change something (“make TTFT 300 ms”, “only 200 users”, “use H100s”), or"
        " ask."
    ),
    "presenting_options": (
        "Choose one (“option 2”, “deploy the cheapest”), try a what-if (“what if we had 5000 users?”), “rank"
        " by cost”, “keep this as A”, or ask."
    ),
    "configuration_finalized": (
        "Say “yes, approve” to have exactly this done, “no” to leave it, “check again” to ask the cluster"
        " anew, “export” for the files, change the specification (“32k context”), or ask."
    ),
    "basic_monitoring": (
        "Send a test prompt (“send it: hello”), ask for the status, “measure it again”, “scale to 3”,"
        " “another option”, “delete it”, or say “done”."
    ),
    "failed": (
        "Say “retry”, “keep it” if it runs, “roll back”, “options” to choose another, change the"
        " specification, or describe something new."
    ),
}
"""One sentence on what may be said, for replies that could not be used."""
