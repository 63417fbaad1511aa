"""What can be done after a failure: retry, keep it, roll back, another option, an edit, or something new."""

from __future__ import annotations

from typing import Literal

from langgraph.types import Command

from agent.moves import BackToOptions, DescribeNeed, EditSpecification, Finish, KeepAsItIs, Retry, RollBack
from agent.nodes.common import ANYWHERE, Handlers, take, taken_up_again
from agent.nodes.deployment import RUNS
from agent.nodes.specification import checked_change
from agent.services import Services
from agent.state import ConversationState
from agent.turn import CantBeDone, Turn
from agent.words.understand import move_of_words
from knowledge.errors import CompassError
from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
from tools.clusters.cluster import INFERENCE_SERVICE
from tools.deploying.approvals import elsewhere, find_approval
from tools.deploying.revisions import NothingToUndo, rollback_bundle
from tools.get_status import StatusQuery, get_status
from tools.manifests.bundle import ManifestBundle
from tools.manifests.expectation import expectation_if_any
from tools.wording import a_month

Next = Command[
    Literal[
        "configuration_finalized",
        "post_deployment_validation",
        "specification_review",
        "presenting_options",
        "basic_monitoring",
        "specification_editing",
        "context_collection",
        "__end__",
    ]
]
AGAIN: ConversationState = {"ended": None, "failure": None, "asked_from": "presenting_options"}
"""What changes in the state by every way on from a failure."""
ANEW: ConversationState = AGAIN | {"bundle": None, "review": None, "approval_id": None}
"""And by those that end in another approval."""


def failed(turn: Turn) -> Next:
    """Say what failed, and end. The next message comes back here."""
    words = turn.state.get("incoming")
    if words is None:
        return _tell(turn)
    turn.changes["incoming"] = None
    return take(turn, move_of_words(words, turn), HANDLERS)


def _tell(turn: Turn) -> Next:
    aside, bundle, cause = turn.state.get("aside"), turn.state.get("bundle"), turn.state.get("failure")
    if aside is not None and bundle is not None:
        turn.say(f"The deletion of {bundle.name} failed. {cause or ''}".rstrip())
        return taken_up_again(turn, aside)
    cause = cause or "The deployment failed."
    turn.say(cause if cause.startswith(RUNS) else f"The deployment failed. {cause}")
    turn.changes["ended"] = "failed"
    return turn.refuse(_what_is_left(bundle, turn.services))


def _retry(turn: Turn, move: Retry) -> Next:
    failure, done = turn.state.get("failure"), _as_approved(turn)
    if done:
        checking = "Nothing needs to be applied again: it is on the cluster as approved. Checking it anew."
        turn.say(checking if done == "applied" else "It is gone by now.")
        _close(turn)
        turn.changes |= AGAIN
        return turn.goto("post_deployment_validation", failure=failure)
    # The same manifests, but a new approval: the old one was for the attempt that failed.
    # A deletion or a roll back is retried as that.
    turn.changes |= ANEW
    bundle = turn.state.get("bundle")
    return turn.goto("configuration_finalized", bundle=bundle, asked_from="failed", failure=failure)


def _keep(turn: Turn, move: KeepAsItIs) -> Next:
    if _as_approved(turn) != "applied":
        raise CantBeDone("It doesn't run as approved, so there is nothing to keep.")
    turn.say("It stays as it is; I measure it once more.")
    turn.changes |= AGAIN
    return turn.goto("post_deployment_validation", keeps_as_it_is=True)


def _roll_back(turn: Turn, move: RollBack) -> Next:
    state, services = turn.state, turn.services
    attempted, approval_id = state.get("bundle"), state.get("approval_id")
    try:
        back = rollback_bundle(attempted, approval_id, services.cluster, services.database)
    except NothingToUndo as error:
        raise CantBeDone(str(error)) from error
    turn.changes |= ANEW
    turn.changes |= {"attempted": attempted, "approval_id": approval_id, "failure": state.get("failure")}
    return turn.goto("configuration_finalized", bundle=back, asked_from="failed")


def _back_to_options(turn: Turn, move: BackToOptions) -> Next:
    turn.changes |= ANEW
    return turn.goto("presenting_options", selected=None)


def _edit(turn: Turn, move: EditSpecification) -> Next:
    change = checked_change(turn, move)
    turn.changes |= ANEW
    return turn.goto("specification_editing", change=change, selected=None)


def _describe(turn: Turn, move: DescribeNeed) -> Next:
    """The words are taken up where needs are."""
    return turn.goto("context_collection", incoming=turn.state["incoming"])


def _finish(turn: Turn, move: Finish) -> Next:
    turn.say("Good. The conversation stays; come back to it any time.")
    return turn.stay()


HANDLERS: Handlers = ANYWHERE | {
    Retry: _retry,
    KeepAsItIs: _keep,
    RollBack: _roll_back,
    BackToOptions: _back_to_options,
    EditSpecification: _edit,
    DescribeNeed: _describe,
    Finish: _finish,
}


def _what_is_left(bundle: ManifestBundle | None, services: Services) -> str:
    """What stays on the cluster after a failure, and what that holds and costs."""
    nothing = "Nothing is lost."
    if bundle is None or bundle.action == "delete":
        return nothing
    try:
        there = services.cluster.get(*INFERENCE_SERVICE, bundle.name)
    except CompassError:
        return nothing
    if there is None:
        return f"Nothing is lost: nothing of {bundle.name} runs on {services.cluster.description}."
    plan = expectation_if_any(there)
    if plan is None:
        return f"{bundle.name} stays on the cluster until you roll it back."
    gpus = plan.replicas * plan.gpu_count
    return (
        f"{bundle.name} stays on the cluster, where its pods hold or wait for {gpus} {plan.gpu_type}"
        f" ({a_month(plan.cost_usd_per_month)}), until you roll it back."
    )


def _close(turn: Turn) -> None:
    """What was cut between the last object and its record is recorded, so that the
    audit log tells how it ended.
    """
    bundle, approval_id = turn.state.get("bundle"), turn.state.get("approval_id")
    database, writer = turn.services.database, turn.services.writer
    if bundle is None or approval_id is None or writer is None:
        return
    try:
        if find_approval(approval_id, database).status == "applying":
            request = ApplyRequest(approval_id=approval_id, files=bundle.files, action=bundle.action)
            turn.call("apply_to_cluster", apply_to_cluster, request, database, writer)
    except CompassError as error:
        turn.say(str(error))


def _as_approved(turn: Turn) -> Literal["applied", "deleted"] | None:
    """What there is nothing to do again for: what failed is its rollout alone, or being gone in time."""
    bundle, cluster, database = turn.state.get("bundle"), turn.services.cluster, turn.services.database
    if bundle is None:
        return None
    try:
        status = get_status(StatusQuery(name=bundle.name, metrics=False), cluster, database)
    except CompassError:
        return None  # the review before the approval says what is wrong
    if bundle.action == "delete":
        gone = status.phase == "absent" and not elsewhere(bundle.name, cluster, database)
        return "deleted" if gone else None
    there = status.phase != "absent" and status.approved_digest == bundle.digest and status.drift == []
    return "applied" if there else None
