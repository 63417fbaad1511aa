"""What a conversation is at any moment: all that a checkpoint holds, and all that a
node may read or change.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Literal, TypedDict

from langchain_core.messages import AnyMessage

from agent.storage.story import latest
from agent.storage.tags import Tags, reachable
from knowledge.catalogue import TrafficProfile
from tools.contract import Contract
from tools.deploying.review import Review
from tools.manifests.bundle import ManifestBundle
from tools.planning.plan import Plan, Recommendation, View
from tools.specification import Intent, Overrides, Specification, SpecificationChange

MAX_EXPLORED = 10
"""What-ifs that can be undone, the newest."""


class Explored(Contract):
    """A plan that a what-if replaced, so that it can be undone."""

    question: str
    specification: Specification
    plan: Plan


class Kept(Contract):
    """A plan that the person named."""

    name: str
    specification: Specification
    plan: Plan


class Aside(Contract):
    """What was at hand when the deletion of another deployment was asked for; it
    comes back when that is over.
    """

    stage: str
    bundle: ManifestBundle | None
    approval_id: str | None
    attempted: ManifestBundle | None
    failure: str | None
    asked_from: Literal["presenting_options", "basic_monitoring", "failed"]


class ConversationState(TypedDict, total=False):
    messages: Annotated[list[AnyMessage], latest]
    """The latest; all of them are in the conversation's story."""
    incoming: str | None
    """Words that started this run and that no node has taken up yet."""
    intent: Intent
    overrides: Overrides
    change: SpecificationChange | None
    """The edit or what-if on its way to the node that makes it."""
    specification: Specification | None
    benchmark_profile: TrafficProfile | None
    plan: Plan | None
    explored: list[Explored]
    """Plans replaced by what-ifs, the newest last; not more than MAX_EXPLORED."""
    undo_ends: bool
    """Whether older ones than `explored` holds were dropped."""
    what_if: str | None
    """The question behind the plan that is shown, None for the plan of the specification as confirmed."""
    kept: list[Kept]
    """Plans kept by name, in the order of keeping."""
    view: View
    """What the options are listed and ranked by."""
    selected: Recommendation | None
    bundle: ManifestBundle | None
    """What is up for approval, or was approved last."""
    review: Review | None
    """What the cluster said to `bundle`."""
    takes_over_asked: bool
    """Whether a first approval met objects that others own."""
    asked_from: Literal["presenting_options", "basic_monitoring", "failed"]
    """Where the approval was asked from, and a rejection leads back to."""
    attempted: ManifestBundle | None
    """What failed, as long as its undoing is up for approval."""
    aside: Aside | None
    """Set while the deletion of another deployment is up."""
    running: ManifestBundle | None
    """What was applied last in this conversation and became ready."""
    plan_id: str
    """Of this plan among those of the conversation; its deployment is named after it."""
    approval_id: str | None
    deployed: list[str]
    """Names of all deployments approved in this conversation, the newest last; a new
    plan doesn't forget them.
    """
    endpoint: str | None
    failure: str | None
    keeps_as_it_is: bool
    """Whether the person accepts what fails its validation."""
    ended: Literal["success", "failed", "cancelled", "deleted"] | None


TAGS = Tags(reachable(ConversationState))
"""The only types that a checkpoint is read back into."""


def fresh() -> ConversationState:
    """The state of a plan not yet begun; the messages stay."""
    return {
        "incoming": None,
        "intent": Intent(),
        "overrides": Overrides(),
        "change": None,
        "specification": None,
        "benchmark_profile": None,
        "plan": None,
        "explored": [],
        "undo_ends": False,
        "what_if": None,
        "kept": [],
        "view": "balanced",
        "selected": None,
        "bundle": None,
        "review": None,
        "takes_over_asked": False,
        "asked_from": "presenting_options",
        "attempted": None,
        "aside": None,
        "running": None,
        "plan_id": secrets.token_hex(4),
        "approval_id": None,
        "endpoint": None,
        "failure": None,
        "keeps_as_it_is": False,
        "ended": None,
    }
