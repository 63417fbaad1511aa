"""Doing what was approved, and the checks that follow."""

from __future__ import annotations

from typing import Literal

from langgraph.types import Command

from agent.events import ProgressEvent, emit
from agent.nodes.common import taken_up_again
from agent.nodes.validating import say_validated, validated
from agent.nodes.watching import watched
from agent.services import Stopped
from agent.tracing import in_words
from agent.turn import Turn
from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
from tools.deploying.approvals import mark_healthy
from tools.manifests.bundle import ManifestBundle

RUNS = "It runs"
"""Begins what is said of a deployment that came up, and only doesn't do what was planned."""
Checked = Command[
    Literal[
        "specification_review",
        "presenting_options",
        "configuration_finalized",
        "basic_monitoring",
        "failed",
        "__end__",
    ]
]


def deployment_execution(turn: Turn) -> Command[Literal["post_deployment_validation", "failed"]]:
    """Do what was approved. Killed in the middle, it runs again and ends with the same objects."""
    services = turn.services
    bundle, approval_id, writer = turn.state.get("bundle"), turn.state.get("approval_id"), services.writer
    if bundle is None or approval_id is None or writer is None:
        return turn.goto("failed", failure="There is no approval to act on.")
    request = ApplyRequest(approval_id=approval_id, files=bundle.files, action=bundle.action)
    doing, done = ("Deleting", "Deleted from") if bundle.action == "delete" else ("Applying", "Applied to")
    emit(ProgressEvent(text=f"{doing} {len(bundle.files)} objects, {services.cluster.description}"))
    try:
        applied = turn.call("apply_to_cluster", apply_to_cluster, request, services.database, writer)
    except Exception as error:  # whatever it is, it must end in `failed`, where the person can go on
        return turn.goto("failed", failure=in_words(error))
    kinds = ", ".join(o.kind for o in applied.objects)
    turn.say(f"{done} {services.cluster.description}: {bundle.name}{f' ({kinds})' if kinds else ''}.")
    return turn.goto("post_deployment_validation")


def post_deployment_validation(turn: Turn) -> Checked:
    """Wait until it is ready, then check that the endpoint answers and meets its targets;
    what was deleted must be gone.
    """
    bundle, approval_id = turn.state.get("bundle"), turn.state.get("approval_id")
    if bundle is None or approval_id is None:
        return turn.goto("failed", failure="There is no deployment to check.")
    try:
        if bundle.action == "delete":
            watched(turn, bundle.name, "absent")
            return _gone(turn, bundle)
        status = watched(turn, bundle.name, "ready", patient=turn.state.get("failure") is not None)
        if status.phase != "ready" or status.endpoint is None:
            return turn.goto("failed", failure=status.message)
        emit(ProgressEvent(text=f"Ready at {status.endpoint}; checking what it answers, and how fast"))
        found = validated(turn, bundle, status.endpoint, approval_id)
    except Stopped:
        raise
    except Exception as error:
        return turn.goto("failed", failure=in_words(error))
    if found.outcome == "fail" and not turn.state.get("keeps_as_it_is"):
        slow = any(c.outcome == "fail" for c in found.checks) and not found.failed
        wrong = f"{RUNS} at {status.endpoint}, but {'is too slow' if slow else 'failed its validation'}."
        return turn.goto("failed", failure=f"{wrong} {' '.join(found.reasons)}")
    mark_healthy(approval_id, turn.services.database)
    say_validated(
        turn,
        f"Ready: {status.replicas_ready} of {status.replicas_wanted} replicas, serving {bundle.model_id} at"
        f" {status.endpoint}.",
        found,
    )
    turn.changes |= {"asked_from": "presenting_options", "failure": None, "keeps_as_it_is": False}
    return turn.goto("basic_monitoring", endpoint=status.endpoint, running=bundle)


def _gone(turn: Turn, bundle: ManifestBundle) -> Checked:
    aside, here = turn.state.get("aside"), turn.state.get("running")
    turn.changes["deployed"] = [name for name in turn.state.get("deployed") or [] if name != bundle.name]
    ours = here is not None and here.name == bundle.name
    if ours or aside is None:
        turn.changes |= {"running": None, "endpoint": None}
    if aside is not None and not (ours and aside.stage == "basic_monitoring"):
        turn.say(f"{bundle.name} is gone.")
        return taken_up_again(turn, aside)
    turn.say(f"{bundle.name} is gone. Say what you need to begin again.")
    return turn.goto("__end__", bundle=None, review=None, aside=None, ended="deleted")
