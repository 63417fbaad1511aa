"""The pause before anything changes: what would be done is rendered, tried on the
cluster, and put before the person.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from langgraph.types import Command

from agent.checkpoints import pause
from agent.events import ProgressEvent, emit
from agent.manifests import manifest_request
from agent.models.builtin.quantities import find_quantities
from agent.moves import Approve, CheckAgain, EditSpecification, Explore, Export, Reject, SelectOption
from agent.nodes.common import ANYWHERE, Handlers, take, taken_up_again
from agent.nodes.recommendation import selected_option
from agent.nodes.specification import checked_change
from agent.services import Services
from agent.turn import CantBeDone, Turn, need
from agent.words.understand import move_of
from knowledge.errors import CompassError
from tools.deploying.approvals import VALID_FOR, ApprovalRequest, elsewhere, record_approval, record_rejection
from tools.deploying.fitting import fitted
from tools.deploying.review import Review, review
from tools.manifests.bundle import ManifestBundle
from tools.manifests.export import write
from tools.planning.least_quality import lesser
from tools.render_manifest import render_manifest
from tools.wording import capital

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


def configuration_finalized(turn: Turn) -> Next:
    """Pause: the rendered, validated manifests are before the person, who approves
    exactly these or goes back.
    """
    if turn.state.get("bundle") is None or turn.state.get("review") is None:
        # What will be shown is stored before the pause, so that both are the same.
        return _reviewed(turn)
    return take(turn, move_of(pause(turn), turn), HANDLERS)


def _reviewed(turn: Turn) -> Next:
    services, bundle, note = turn.services, turn.state.get("bundle"), ""
    if bundle is None:
        bundle, note = _render(turn)
    emit(ProgressEvent(text=f"Asking {services.cluster.description} what it says to this"))
    found = review(bundle, services.cluster, services.settings.read_only).noting(note)
    if not found.problems and (other := elsewhere(bundle.name, services.cluster, services.database)):
        found.notes.append(f"{other} There it stays as it is.")
    turn.say(_introduction(bundle, found, services))
    return turn.stay(bundle=bundle, review=found, takes_over_asked=False)


def _approve(turn: Turn, move: Approve) -> Next:
    services, bundle, found = turn.services, turn.bundle, _shown(turn)
    _unless_unapprovable(turn, move)
    if found.target != services.cluster.target or _is_another_cluster(found, services):
        turn.say(
            f"That was shown for another cluster. Here is what {services.cluster.description} says to it."
        )
        return turn.stay(review=None)
    if datetime.now(UTC) - found.made_at > VALID_FOR:
        turn.say(f"That was shown more than {VALID_FOR.seconds // 60} minutes ago. Here is how it is now.")
        return turn.stay(review=None)
    if found.owners and not turn.state.get("takes_over_asked"):
        turn.say(
            f"{_owners(found)} They may change it back. To do it all the same, say “approve and take over”."
        )
        return turn.stay(takes_over_asked=True)
    if found.owners and not move.takes_over:
        raise CantBeDone("That alone doesn't take it over: say “approve and take over”, with nothing else.")
    request = _request(turn).seeing(found.live, found.identity, takes_over=bool(found.owners))
    approval_id = record_approval(request, services.database)
    turn.say(f"Approved by {request.actor}: {bundle.digest[:19]}… on {services.cluster.description}.")
    if turn.state.get("aside") is None:
        others = [name for name in turn.state.get("deployed") or [] if name != bundle.name]
        turn.changes["deployed"] = [*others, bundle.name]
    return turn.goto("deployment_execution", approval_id=approval_id, failure=None, attempted=None)


def _reject(turn: Turn, move: Reject) -> Next:
    bundle, state = turn.bundle, turn.state
    record_rejection(_request(turn), move.reason, turn.services.database)
    aside = state.get("aside")
    if aside is not None:
        turn.say(f"Not approved; {bundle.name} stays as it is.")
        return taken_up_again(turn, aside)
    turn.changes |= {"review": None, "asked_from": "presenting_options"}
    origin = state.get("asked_from")
    if origin == "basic_monitoring":
        turn.say("Not approved; what runs stays as it is.")
        return turn.goto("basic_monitoring", bundle=state.get("running"))
    if origin == "failed":
        turn.say("Not approved; nothing was changed.")
        failed = state.get("attempted") or bundle
        return turn.goto("failed", incoming=None, bundle=failed, attempted=None)
    beside = (
        " What you said beside it isn't in the plan: say it as a what-if."
        if find_quantities(move.reason.lower())
        else ""
    )
    turn.say(f"Not approved; nothing was deployed. Back to the options.{beside}")
    return turn.goto("presenting_options", selected=None, bundle=None)


def _check_again(turn: Turn, move: CheckAgain) -> Next:
    return turn.stay(review=None)


def _export(turn: Turn, move: Export) -> Next:
    folder = turn.services.settings.home_dir / "exports" / turn.bundle.name
    written = write(turn.bundle, folder, move.form)
    turn.say(f"{len(written)} files are in {folder}. Nothing was applied.")
    return turn.stay()


def _select(turn: Turn, move: SelectOption) -> Next:
    if not _of_the_plan(turn):
        raise CantBeDone("This isn't about an option.")
    other = selected_option(turn, move)
    if other == turn.state.get("selected"):
        raise CantBeDone("That is the one that is shown.")
    caveat = lesser(other, turn.options)
    turn.say(f"Option {other.rank} instead; nothing was deployed.{f' {caveat}' if caveat else ''}")
    return turn.stay(selected=other, bundle=None, review=None)


def _edit(turn: Turn, move: EditSpecification) -> Next:
    _replan(turn, move)
    return turn.goto("specification_editing")


def _explore(turn: Turn, move: Explore) -> Next:
    _replan(turn, move)
    return turn.goto("interactive_exploration")


def _replan(turn: Turn, move: EditSpecification | Explore) -> None:
    """Another specification makes another plan: back to its options, with nothing approved."""
    if not _of_the_plan(turn):
        raise CantBeDone("This is about what runs; say “no” first, then what should change.")
    change = checked_change(turn, move)
    turn.say("Not approved; nothing was deployed.")
    turn.changes |= {"change": change, "selected": None, "bundle": None, "review": None}


HANDLERS: Handlers = ANYWHERE | {
    Approve: _approve,
    Reject: _reject,
    CheckAgain: _check_again,
    Export: _export,
    SelectOption: _select,
    EditSpecification: _edit,
    Explore: _explore,
}


def _of_the_plan(turn: Turn) -> bool:
    """Whether an option of the plan is up for approval, and no change of what runs."""
    origin = turn.state.get("asked_from", "presenting_options")
    return origin == "presenting_options" and turn.state.get("aside") is None


def _shown(turn: Turn) -> Review:
    return need(turn.state.get("review"), "Nothing is up for approval.")


def _unless_unapprovable(turn: Turn, move: Approve) -> None:
    bundle, found = turn.bundle, _shown(turn)
    if turn.services.writer is None:
        raise CantBeDone(
            "Compass runs read-only (COMPASS_READ_ONLY): it can't change a cluster. “export” writes the files"
            " for somebody who may."
        )
    if not bundle.valid or found.problems:
        raise CantBeDone("This has problems and can't be done as it is.")
    if move.digest != bundle.digest:
        raise CantBeDone("That approval is for other manifests.")
    if found.touches_nothing:
        raise CantBeDone("There is nothing to do: the cluster has it like this already.")


def _is_another_cluster(found: Review, services: Services) -> bool:
    """Whether the context was pointed at another one since; if that can't be asked, the apply says so."""
    try:
        return found.identity.is_other_than(services.cluster.identity())
    except CompassError:
        return False


def _request(turn: Turn) -> ApprovalRequest:
    services = turn.services
    pause = need(services.reply, "Nobody has replied.").interrupt_id
    return ApprovalRequest.of(turn.bundle, services.cluster, services.caller.actor, services.thread_id, pause)


def _render(turn: Turn) -> tuple[ManifestBundle, str]:
    """The bundle, and what is to be said of what it lacks."""
    services = turn.services
    selected = need(turn.state.get("selected"), "No option has been chosen.")
    wanted = manifest_request(
        selected, turn.specification, services.thread_id, turn.state["plan_id"], services.settings
    )
    request, note = fitted(wanted, services.cluster, services.settings.read_only)
    return turn.call("render_manifest", render_manifest, request), note


def _introduction(bundle: ManifestBundle, found: Review, services: Services) -> str:
    where = services.cluster.description + (f" at {found.identity.server}" if found.identity.server else "")
    problems = [*bundle.problems, *found.problems]
    if problems:
        return "This can't be done yet: " + "; ".join(f"{p.file}, {p.field}: {p.text}" for p in problems)
    if found.touches_nothing:
        return f"{capital(where)} has it like this already: nothing would change."
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
