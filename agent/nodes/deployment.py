"""Doing what was approved, and the checks that follow; what failed can be retried, rolled back or changed."""

from __future__ import annotations

import functools
import time
from typing import Any, Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.events import ProgressEvent, emit
from agent.moves import BackToOptions, DescribeNeed, EditSpecification, Finish, KeepAsItIs, Retry, RollBack
from agent.nodes.common import anywhere, refuse, taken_up_again
from agent.nodes.specification import checked_change
from agent.nodes.validating import say_validated, validated
from agent.services import Services, Stopped
from agent.state import ConversationState
from agent.tracing import in_words
from agent.transcript import call_tool, say
from agent.words.understand import move_of_words
from knowledge.errors import CompassError
from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
from tools.clusters.cluster import INFERENCE_SERVICE
from tools.deploying.approvals import elsewhere, find_approval, mark_healthy
from tools.deploying.revisions import rollback_bundle
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.render_manifest import ManifestBundle
from tools.serving.expectation import expectation_of
from tools.specification import SpecificationChange

RUNS = "It runs"
"""Begins what is said of a deployment that came up, and only doesn't do what was planned."""


def deployment_execution(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[Literal["post_deployment_validation", "failed"]]:
    """Do what was approved. Killed in the middle, it runs again and ends with the same objects."""
    services = runtime.context
    record: list[AnyMessage] = []
    bundle, approval_id, writer = state.get("bundle"), state.get("approval_id"), services.writer
    if bundle is None or approval_id is None or writer is None:
        return Command(
            goto="failed", update={"failure": "There is no approval to act on.", "messages": record}
        )
    request = ApplyRequest(approval_id=approval_id, files=bundle.files, action=bundle.action)
    doing = "Deleting" if bundle.action == "delete" else "Applying"
    emit(ProgressEvent(text=f"{doing} {len(bundle.files)} objects, {services.cluster.description}"))
    try:
        applied = call_tool(
            "apply_to_cluster", request, lambda: apply_to_cluster(request, services.database, writer), record
        )
    except Exception as error:  # whatever it is, it must end in `failed`, where the person can go on
        return Command(goto="failed", update={"failure": in_words(error), "messages": record})
    kinds = ", ".join(o.kind for o in applied.objects)
    done = (
        f"Deleted from {services.cluster.description}"
        if bundle.action == "delete"
        else f"Applied to {services.cluster.description}"
    )
    say(f"{done}: {bundle.name}{f' ({kinds})' if kinds else ''}.", record)
    return Command(goto="post_deployment_validation", update={"messages": record})


def post_deployment_validation(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[
    Literal[
        "specification_review",
        "presenting_options",
        "configuration_finalized",
        "basic_monitoring",
        "failed",
        "__end__",
    ]
]:
    """Wait until it is ready, then check that the endpoint answers and meets its targets;
    what was deleted must be gone.
    """
    services = runtime.context
    record: list[AnyMessage] = []
    bundle, approval_id = state.get("bundle"), state.get("approval_id")
    if bundle is None or approval_id is None:
        return Command(
            goto="failed", update={"failure": "There is no deployment to check.", "messages": record}
        )
    try:
        if bundle.action == "delete":
            _wait(bundle.name, services, record, "absent")
            left = [n for n in state.get("deployed") or [] if n != bundle.name]
            aside, here = state.get("aside"), state.get("running")
            ours = here is not None and here.name == bundle.name
            if aside is not None and not (ours and aside.stage == "basic_monitoring"):
                say(f"{bundle.name} is gone.", record)
                no_more: dict[str, Any] = {"running": None, "endpoint": None} if ours else {}
                where, kept = taken_up_again(aside, record, deployed=left, **no_more)
                return Command(goto=where, update=kept)
            say(f"{bundle.name} is gone. Say what you need to begin again.", record)
            gone = {
                "deployed": left,
                "running": None,
                "endpoint": None,
                "bundle": None,
                "review": None,
                "aside": None,
            }
            return Command(goto="__end__", update=gone | {"ended": "deleted", "messages": record})
        status = _wait(bundle.name, services, record, "ready", patient=state.get("failure") is not None)
        endpoint = status.endpoint
        if status.phase != "ready" or endpoint is None:
            return Command(goto="failed", update={"failure": status.message, "messages": record})
        emit(ProgressEvent(text=f"Ready at {endpoint}; checking what it answers, and how fast"))
        found = validated(bundle, endpoint, approval_id, services, record)
        if found.outcome == "fail" and not state.get("keeps_as_it_is"):
            slow = any(c.outcome == "fail" for c in found.checks) and not found.failed
            why = (
                f"{RUNS} at {endpoint}, but {'is too slow' if slow else 'failed its validation'}."
                f" {' '.join(found.reasons)}"
            )
            return Command(goto="failed", update={"failure": why, "messages": record})
    except Stopped:
        raise
    except Exception as error:
        return Command(goto="failed", update={"failure": in_words(error), "messages": record})
    mark_healthy(approval_id, services.database)
    say_validated(
        f"Ready: {status.replicas_ready} of {status.replicas_wanted} replicas, serving {bundle.model_id} at"
        f" {endpoint}.",
        found,
        record,
    )
    running = {
        "endpoint": endpoint,
        "running": bundle,
        "asked_from": "presenting_options",
        "failure": None,
        "keeps_as_it_is": False,
    }
    return Command(goto="basic_monitoring", update=running | {"messages": record})


def failed(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[
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
]:
    """Say what failed, and end. The next message comes back here: retry, roll back,
    another option, an edit, or something new.
    """
    services = runtime.context
    record: list[AnyMessage] = []
    words = state.get("incoming")
    if words is None:
        aside, bundle = state.get("aside"), state.get("bundle")
        if aside is not None and bundle is not None:
            say(f"The deletion of {bundle.name} failed. {state.get('failure') or ''}".rstrip(), record)
            where_it_was, kept = taken_up_again(aside, record)
            return Command(goto=where_it_was, update=kept)
        cause = state.get("failure") or "The deployment failed."
        say(cause if cause.startswith(RUNS) else f"The deployment failed. {cause}", record)
        refuse(_what_is_left(bundle, services), "failed", record)
        return Command(goto="__end__", update={"ended": "failed", "messages": record})
    move = move_of_words(words, "failed", state, services, record)
    anew = {"bundle": None, "review": None, "approval_id": None}
    again = {
        "incoming": None,
        "ended": None,
        "failure": None,
        "asked_from": "presenting_options",
        "messages": record,
    }
    done = _as_approved(state, services) if isinstance(move, Retry | KeepAsItIs) else None
    if isinstance(move, Retry) and done:
        checking = "Nothing needs to be applied again: it is on the cluster as approved. Checking it anew."
        say(checking if done == "applied" else "It is gone by now.", record)
        _close(state, services, record)
        return Command(goto="post_deployment_validation", update=again | {"failure": state.get("failure")})
    if isinstance(move, KeepAsItIs):
        if done != "applied":
            refuse("It doesn't run as approved, so there is nothing to keep.", "failed", record)
            return Command(goto="__end__", update={"incoming": None, "messages": record})
        say("It stays as it is; I measure it once more.", record)
        return Command(goto="post_deployment_validation", update=again | {"keeps_as_it_is": True})
    if isinstance(
        move, Retry
    ):  # the same manifests, but a new approval: the old one was for the attempt that failed
        kept = {"bundle": state.get("bundle")}  # a deletion or a roll back is retried as that
        return Command(
            goto="configuration_finalized",
            update=again | anew | kept | {"asked_from": "failed", "failure": state.get("failure")},
        )
    if isinstance(move, RollBack):
        back = rollback_bundle(
            state.get("bundle"), state.get("approval_id"), services.cluster, services.database
        )
        if isinstance(back, str):
            refuse(back, "failed", record)
            return Command(goto="__end__", update={"incoming": None, "messages": record})
        failed: dict[str, Any] = {
            "attempted": state.get("bundle"),
            "approval_id": state.get("approval_id"),
            "failure": state.get("failure"),
        }
        return Command(
            goto="configuration_finalized",
            update=again | anew | failed | {"bundle": back, "asked_from": "failed"},
        )
    if isinstance(move, BackToOptions):
        return Command(goto="presenting_options", update=again | anew | {"selected": None})
    change = checked_change(state, move, services) if isinstance(move, EditSpecification) else None
    if isinstance(change, SpecificationChange):
        return Command(
            goto="specification_editing", update=again | anew | {"change": change, "selected": None}
        )
    if isinstance(move, DescribeNeed):
        return Command(goto="context_collection", update={"messages": record})
    if isinstance(change, str):
        refuse(change, "failed", record)
    elif isinstance(move, Finish):
        say("Good. The conversation stays; come back to it any time.", record)
    else:
        where, update = anywhere(move, "failed", state, services, record) or ("stay", {})
        if where in ("context_collection", "configuration_finalized"):
            return Command(goto=where, update=update)
        return Command(goto="__end__", update={"incoming": None, "messages": record} | update)
    return Command(goto="__end__", update={"incoming": None, "messages": record})


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
    plan = expectation_of(there)
    if plan is None:
        return f"{bundle.name} stays on the cluster until you roll it back."
    gpus = plan.replicas * plan.gpu_count
    return (
        f"{bundle.name} stays on the cluster, where its pods hold or wait for {gpus} {plan.gpu_type}"
        f" (${plan.cost_usd_per_month:,.0f} a month), until you roll it back."
    )


def _close(state: ConversationState, services: Services, record: list[AnyMessage]) -> None:
    """What was cut between the last object and its record is recorded, so that the
    audit log tells how it ended.
    """
    bundle, approval_id, writer = state.get("bundle"), state.get("approval_id"), services.writer
    if bundle is None or approval_id is None or writer is None:
        return
    try:
        if find_approval(approval_id, services.database).status == "applying":
            request = ApplyRequest(approval_id=approval_id, files=bundle.files, action=bundle.action)
            call_tool(
                "apply_to_cluster",
                request,
                lambda: apply_to_cluster(request, services.database, writer),
                record,
            )
    except CompassError as error:
        say(str(error), record)


def _as_approved(state: ConversationState, services: Services) -> Literal["applied", "deleted"] | None:
    """What there is nothing to do again for: what failed is its rollout alone, or being gone in time."""
    bundle = state.get("bundle")
    if bundle is None:
        return None
    try:
        status = get_status(StatusQuery(name=bundle.name, metrics=False), services.cluster, services.database)
    except CompassError:
        return None  # the review before the approval says what is wrong
    if bundle.action == "delete":
        return (
            "deleted"
            if status.phase == "absent" and not elsewhere(bundle.name, services.cluster, services.database)
            else None
        )
    return (
        "applied"
        if status.phase != "absent" and status.approved_digest == bundle.digest and status.drift == []
        else None
    )


def _known(status: DeploymentStatus) -> DeploymentStatus:
    return status


def _wait(
    name: str,
    services: Services,
    record: list[AnyMessage],
    until: Literal["ready", "absent"],
    patient: bool = False,
) -> DeploymentStatus:
    """Watch until it is so, or fails for good; only the last status goes on record.

    What goes wrong is said as soon as it shows; `patient` knows of a failure already and gives the cluster
    time to get over it. Raises CompassError when waiting is over.
    """
    query = StatusQuery(name=name, metrics=False)
    deadline = time.monotonic() + services.settings.ready_timeout_s
    wrong_since: float | None = None
    right_since: float | None = None
    wrong = ""
    shown = ""
    while True:
        status = get_status(query, services.cluster, services.database)
        if status.phase == until or (
            until == "ready" and (status.phase == "absent" or (status.phase == "failed" and not patient))
        ):
            return call_tool("get_status", query, functools.partial(_known, status), record)
        if status.message != shown:
            shown = status.message
            emit(ProgressEvent(text=shown))
        now = time.monotonic()
        if status.diagnosis:
            wrong_since, right_since, wrong = wrong_since or now, None, status.message
        else:  # what crashes again and again looks well in between
            right_since = right_since or now
            if now - right_since > services.cluster.patience_s:
                wrong_since, wrong = None, ""
        if until == "ready" and wrong_since and now - wrong_since > services.cluster.patience_s:
            call_tool("get_status", query, functools.partial(_known, status), record)
            raise CompassError(wrong)
        if now > deadline:
            call_tool("get_status", query, functools.partial(_known, status), record)
            wanted = "ready" if until == "ready" else "gone"
            raise CompassError(
                f"{name} wasn't {wanted} after {services.settings.ready_timeout_s:,.0f} s."
                f" {wrong or status.message}"
            )
        services.wait(services.cluster.watch_interval_s)
