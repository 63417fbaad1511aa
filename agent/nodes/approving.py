"""The pause before anything changes: what would be done is rendered, tried on the
cluster, and put before the person.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.checkpoints import pause
from agent.events import ProgressEvent, emit
from agent.manifests import manifest_request
from agent.models.builtin.quantities import find_quantities
from agent.moves import Approve, CheckAgain, EditSpecification, Explore, Export, Reject, SelectOption
from agent.nodes.common import anywhere, refuse, taken_up_again
from agent.nodes.recommendation import selected_option
from agent.nodes.specification import checked_change
from agent.replies import Reply
from agent.services import Services
from agent.state import ConversationState
from agent.transcript import call_tool, say
from agent.words.understand import move_of
from knowledge.errors import CompassError
from tools.deploying.approvals import VALID_FOR, ApprovalRequest, elsewhere, record_approval, record_rejection
from tools.deploying.fitting import fitted
from tools.deploying.review import Review, review
from tools.manifests.export import write
from tools.render_manifest import ManifestBundle, render_manifest

Next = Command[
    Literal[
        "configuration_finalized",
        "deployment_execution",
        "specification_review",
        "presenting_options",
        "specification_editing",
        "interactive_exploration",
        "basic_monitoring",
        "failed",
        "context_collection",
        "__end__",
    ]
]


def configuration_finalized(state: ConversationState, runtime: Runtime[Services]) -> Next:
    """Pause: the rendered, validated manifests are before the person, who approves
    exactly these or goes back.
    """
    services = runtime.context
    record: list[AnyMessage] = []
    bundle, found = state.get("bundle"), state.get("review")
    if (
        bundle is None or found is None
    ):  # first entry: what will be shown is stored before the pause, so that both are the same
        note = ""
        if bundle is None:
            bundle, note = _render(state, services, record)
        emit(ProgressEvent(text=f"Asking {services.cluster.description} what it says to this"))
        found = review(bundle, services.cluster, services.settings.read_only).noting(note)
        if not found.problems and (other := elsewhere(bundle.name, services.cluster, services.database)):
            found.notes.append(f"{other} There it stays as it is.")
        say(_introduction(bundle, found, services), record)
        update = {"bundle": bundle, "review": found, "takes_over_asked": False, "messages": record}
        return Command(goto="configuration_finalized", update=update)

    reply = pause("configuration_finalized", state, services)
    move = move_of(reply, "configuration_finalized", state, services, record)
    if isinstance(move, Approve):
        return _approve(move, reply, bundle, found, state, services, record)
    if isinstance(move, Reject):
        return _reject(move, reply, bundle, state, services, record)
    if isinstance(move, CheckAgain):
        return _again({"review": None, "messages": record})
    if isinstance(move, Export):
        folder = services.settings.home_dir / "exports" / bundle.name
        written = write(bundle, folder, move.form)
        say(f"{len(written)} files are in {folder}. Nothing was applied.", record)
        return _again({"messages": record})
    if isinstance(move, SelectOption):
        return _select(move, state, record)
    if isinstance(move, EditSpecification | Explore):
        return _change(move, state, services, record)
    where, update = anywhere(move, "configuration_finalized", state, services, record) or (
        "stay",
        {"messages": record},
    )
    return Command(goto="configuration_finalized" if where == "stay" else where, update=update)


def _approve(
    move: Approve,
    reply: Reply,
    bundle: ManifestBundle,
    found: Review,
    state: ConversationState,
    services: Services,
    record: list[AnyMessage],
) -> Next:
    why = _not_approvable(move, bundle, found, services)
    if why:
        refuse(why, "configuration_finalized", record)
        return _again({"messages": record})
    if found.target != services.cluster.target or _is_another_cluster(found, services):
        say(
            f"That was shown for another cluster. Here is what {services.cluster.description} says to it.",
            record,
        )
        return _again({"review": None, "messages": record})
    if datetime.now(UTC) - found.made_at > VALID_FOR:
        say(f"That was shown more than {VALID_FOR.seconds // 60} minutes ago. Here is how it is now.", record)
        return _again({"review": None, "messages": record})
    if found.owners and not state.get("takes_over_asked"):
        say(
            f"{_owners(found)} They may change it back. To do it all the same, say “approve and take over”.",
            record,
        )
        return _again({"takes_over_asked": True, "messages": record})
    if found.owners and not move.takes_over:
        refuse(
            "That alone doesn't take it over: say “approve and take over”, with nothing else.",
            "configuration_finalized",
            record,
        )
        return _again({"messages": record})
    seen = {"live": found.live, "takes_over": bool(found.owners), "identity": found.identity}
    request = _request(reply, bundle, services).model_copy(update=seen)
    approval_id = record_approval(request, services.database)
    say(f"Approved by {request.actor}: {bundle.digest[:19]}… on {services.cluster.description}.", record)
    update: dict[str, Any] = {
        "approval_id": approval_id,
        "failure": None,
        "attempted": None,
        "messages": record,
    }
    if state.get("aside") is None:
        update["deployed"] = [*(n for n in state.get("deployed") or [] if n != bundle.name), bundle.name]
    return Command(goto="deployment_execution", update=update)


def _reject(
    move: Reject,
    reply: Reply,
    bundle: ManifestBundle,
    state: ConversationState,
    services: Services,
    record: list[AnyMessage],
) -> Next:
    record_rejection(_request(reply, bundle, services), move.reason, services.database)
    origin = state.get("asked_from") or "presenting_options"
    aside = state.get("aside")
    if aside is not None:
        say(f"Not approved; {bundle.name} stays as it is.", record)
        where, back = taken_up_again(aside, record)
        return Command(goto=where, update=back)
    nothing = {"review": None, "asked_from": "presenting_options", "messages": record}
    if origin == "basic_monitoring":
        say("Not approved; what runs stays as it is.", record)
        return Command(goto="basic_monitoring", update=nothing | {"bundle": state.get("running")})
    if origin == "failed":
        say("Not approved; nothing was changed.", record)
        return Command(
            goto="failed",
            update=nothing
            | {
                "incoming": None,
                "bundle": state.get("attempted") or bundle,
                "attempted": None,
            },
        )
    beside = (
        " What you said beside it isn't in the plan: say it as a what-if."
        if find_quantities(move.reason.lower())
        else ""
    )
    say(f"Not approved; nothing was deployed. Back to the options.{beside}", record)
    return Command(goto="presenting_options", update=nothing | {"selected": None, "bundle": None})


def _select(move: SelectOption, state: ConversationState, record: list[AnyMessage]) -> Next:
    about_an_option = state.get("asked_from") == "presenting_options" and state.get("aside") is None
    other = selected_option(move, state) if about_an_option else "This isn't about an option."
    if isinstance(other, str) or other == state.get("selected"):
        refuse(
            other if isinstance(other, str) else "That is the one that is shown.",
            "configuration_finalized",
            record,
        )
        return _again({"messages": record})
    say(f"Option {other.rank} instead; nothing was deployed.", record)
    return _again({"selected": other, "bundle": None, "review": None, "messages": record})


def _change(
    move: EditSpecification | Explore, state: ConversationState, services: Services, record: list[AnyMessage]
) -> Next:
    """Another specification makes another plan: back to its options, with nothing approved."""
    of_the_plan = (
        state.get("asked_from", "presenting_options") == "presenting_options" and state.get("aside") is None
    )
    change = (
        checked_change(state, move, services)
        if of_the_plan
        else "This is about what runs; say “no” first, then what should change."
    )
    if isinstance(change, str):
        refuse(change, "configuration_finalized", record)
        return _again({"messages": record})
    say("Not approved; nothing was deployed.", record)
    update = {"change": change, "selected": None, "bundle": None, "review": None, "messages": record}
    return Command(
        goto="interactive_exploration" if isinstance(move, Explore) else "specification_editing",
        update=update,
    )


def _again(update: dict[str, Any]) -> Next:
    return Command(goto="configuration_finalized", update=update)


def _not_approvable(move: Approve, bundle: ManifestBundle, found: Review, services: Services) -> str | None:
    if services.writer is None:
        return (
            "Compass runs read-only (COMPASS_READ_ONLY): it can't change a cluster. “export” writes the files"
            " for somebody who may."
        )
    if not bundle.valid or found.problems:
        return "This has problems and can't be done as it is."
    if move.digest != bundle.digest:
        return "That approval is for other manifests."
    if found.touches_nothing:
        return "There is nothing to do: the cluster has it like this already."
    return None


def _is_another_cluster(found: Review, services: Services) -> bool:
    """Whether the context was pointed at another one since; if that can't be asked, the apply says so."""
    try:
        return found.identity.is_other_than(services.cluster.identity())
    except CompassError:
        return False


def _request(reply: Reply, bundle: ManifestBundle, services: Services) -> ApprovalRequest:
    return ApprovalRequest(
        thread_id=services.thread_id,
        interrupt_id=reply.interrupt_id,
        digest=bundle.digest,
        cluster=services.cluster.target,
        namespace=bundle.namespace,
        actor=services.caller.actor,
        action=bundle.action,
        name=bundle.name,
        model_id=bundle.model_id,
        files=bundle.files,
    )


def _render(
    state: ConversationState, services: Services, record: list[AnyMessage]
) -> tuple[ManifestBundle, str]:
    """The bundle, and what is to be said of what it lacks."""
    selected, specification = state.get("selected"), state.get("specification")
    if selected is None or specification is None:
        raise CompassError("No option has been chosen.")
    wanted = manifest_request(
        selected, specification, services.thread_id, state["plan_id"], services.settings
    )
    request, note = fitted(wanted, services.cluster, services.settings.read_only)
    return call_tool("render_manifest", request, lambda: render_manifest(request), record), note


def _introduction(bundle: ManifestBundle, found: Review, services: Services) -> str:
    where = services.cluster.description + (f" at {found.identity.server}" if found.identity.server else "")
    problems = [*bundle.problems, *found.problems]
    if problems:
        return "This can't be done yet: " + "; ".join(f"{p.file}, {p.field}: {p.text}" for p in problems)
    if found.touches_nothing:
        return f"{where[0].upper()}{where[1:]} has it like this already: nothing would change."
    owned = f" {_owners(found)}" if found.owners else ""
    if bundle.action == "delete":
        return f"This would delete {bundle.name} from {where}.{owned} Nothing is deleted before you approve."
    tried = (
        "checked"
        if services.settings.read_only
        else f"checked, and tried on {where} without keeping anything"
    )
    noted = "".join(f" {note}" for note in found.notes)
    return (
        f"{len(bundle.files)} manifests, {tried}.{owned}{noted} Nothing is applied before you approve exactly"
        " these."
    )


def _owners(found: Review) -> str:
    said = []
    for owner in found.owners:
        fields = (
            f" ({', '.join(owner.fields[:4])}{' …' if len(owner.fields) > 4 else ''})" if owner.fields else ""
        )
        said.append(f"{owner.kind} {owner.name} belongs to {owner.owner}{fields}.")
    return " ".join(said)
