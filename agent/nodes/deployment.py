"""Rendering, approval, applying, and the checks that follow. The approval is what leads to the one call that writes."""

from __future__ import annotations

import time
from typing import Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.checkpoints import pause
from agent.events import ProgressEvent, emit
from agent.moves import Approve, BackToOptions, DescribeNeed, EditSpecification, Finish, Reject, Retry, SelectOption
from agent.nodes.common import anywhere, refuse
from agent.nodes.recommendation import selected_option
from agent.nodes.specification import checked_change
from agent.services import Services
from agent.state import ConversationState
from agent.tracing import in_words
from agent.transcript import call_tool, say
from agent.understand import move_of, move_of_words
from knowledge.errors import CompassError
from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
from tools.approvals import ApprovalRequest, record_approval
from tools.endpoint import send_prompt, served_models
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.render_manifest import ManifestBundle, ManifestRequest, render_manifest
from tools.specification import SpecificationChange

POLL_S = 0.5
SMOKE_PROMPT = "Reply with one short sentence."


def configuration_finalized(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[Literal["configuration_finalized", "deployment_execution", "presenting_options", "context_collection", "__end__"]]:
    """Pause: the rendered, validated manifests are before the person, who approves exactly these or goes back."""
    services = runtime.context
    record: list[AnyMessage] = []
    bundle = state.get("bundle")
    if bundle is None:  # first entry: render, keep, and come back to pause, so that what is shown is what is stored
        rendered = _render(state, services, record)
        say(_introduction(rendered, services), record)
        return Command(goto="configuration_finalized", update={"bundle": rendered, "messages": record})

    reply = pause("configuration_finalized", state, services)
    move = move_of(reply, "configuration_finalized", state, services, record)
    if isinstance(move, Approve):
        if move.digest != bundle.digest or not bundle.valid:
            why = "These manifests have problems and can't be deployed." if not bundle.valid else "That approval is for other manifests."
            refuse(why, "configuration_finalized", record)
            return Command(goto="configuration_finalized", update={"messages": record})
        approval = ApprovalRequest(
            thread_id=services.thread_id,
            interrupt_id=reply.interrupt_id,
            digest=bundle.digest,
            cluster=services.cluster.target,
            namespace=bundle.namespace,
            actor=services.settings.actor,
        )
        approval_id = record_approval(approval, services.database)
        say(f"Approved by {approval.actor}: {bundle.digest[:19]}… on {services.cluster.description}.", record)
        names = [n for n in state.get("deployed") or [] if n != bundle.name]
        update = {"approval_id": approval_id, "deployed": [*names, bundle.name], "messages": record}
        return Command(goto="deployment_execution", update=update)
    if isinstance(move, Reject):
        say("Not approved; nothing was deployed. Back to the options.", record)
        return Command(goto="presenting_options", update={"selected": None, "bundle": None, "messages": record})
    if isinstance(move, SelectOption):
        other = selected_option(move, state)
        if isinstance(other, str) or other == state.get("selected"):
            refuse(other if isinstance(other, str) else "That is the one that is shown.", "configuration_finalized", record)
            return Command(goto="configuration_finalized", update={"messages": record})
        say(f"Option {other.rank} instead; nothing was deployed.", record)
        return Command(goto="configuration_finalized", update={"selected": other, "bundle": None, "messages": record})
    where, update = anywhere(move, "configuration_finalized", state, services, record) or ("stay", {"messages": record})
    return Command(goto="configuration_finalized" if where == "stay" else where, update=update)


def deployment_execution(state: ConversationState, runtime: Runtime[Services]) -> Command[Literal["post_deployment_validation", "failed"]]:
    """Apply the approved bytes. Killed in the middle, it runs again and ends with the same objects."""
    services = runtime.context
    record: list[AnyMessage] = []
    bundle, approval_id = state.get("bundle"), state.get("approval_id")
    if bundle is None or approval_id is None:
        return Command(goto="failed", update={"failure": "There is no approval to deploy with.", "messages": record})
    request = ApplyRequest(approval_id=approval_id, files=bundle.files)
    emit(ProgressEvent(text=f"Applying {len(bundle.files)} objects to {services.cluster.description}"))
    try:
        applied = call_tool("apply_to_cluster", request, lambda: apply_to_cluster(request, services.database, services.cluster), record)
    except Exception as error:  # whatever it is, it must end in `failed`, where the person can go on
        return Command(goto="failed", update={"failure": in_words(error), "messages": record})
    names = ", ".join(f"{o.kind} {o.name}" for o in applied.objects)
    say(f"Applied to {services.cluster.description}: {names}.", record)
    return Command(goto="post_deployment_validation", update={"messages": record})


def post_deployment_validation(state: ConversationState, runtime: Runtime[Services]) -> Command[Literal["basic_monitoring", "failed"]]:
    """Wait until it is ready, then check that the endpoint serves this model and answers a prompt."""
    services = runtime.context
    record: list[AnyMessage] = []
    bundle = state.get("bundle")
    if bundle is None:
        return Command(goto="failed", update={"failure": "There is no deployment to check.", "messages": record})
    try:
        status = _wait_until_ready(bundle.name, services, record)
        endpoint = status.endpoint
        if status.phase != "ready" or endpoint is None:
            return Command(goto="failed", update={"failure": status.message, "messages": record})
        if bundle.model_id not in served_models(endpoint):
            raise CompassError(f"The endpoint {endpoint} serves {', '.join(served_models(endpoint))}, not {bundle.model_id}.")
        seen = send_prompt(endpoint, bundle.model_id, SMOKE_PROMPT, max_tokens=16)
    except Exception as error:
        return Command(goto="failed", update={"failure": in_words(error), "messages": record})
    replicas = f"{status.replicas_ready} of {status.replicas_wanted} replicas"
    first = f"A first prompt was answered: TTFT {seen.ttft_ms:,.0f} ms (one request, not a p95)."
    say(
        f"Ready: {replicas}, serving {bundle.model_id} at {endpoint}. {first}",
        record,
        kind="status",
        details=status.model_dump(mode="json"),
    )
    return Command(goto="basic_monitoring", update={"endpoint": endpoint, "messages": record})


def failed(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[Literal["configuration_finalized", "presenting_options", "specification_editing", "context_collection", "__end__"]]:
    """Say what failed, and end. The next message comes back here: retry, another option, an edit, or something new."""
    services = runtime.context
    record: list[AnyMessage] = []
    words = state.get("incoming")
    if words is None:
        cause = state.get("failure") or "The deployment failed."
        say(f"The deployment failed. {cause}", record)
        refuse("Nothing is lost:", "failed", record)
        return Command(goto="__end__", update={"ended": "failed", "messages": record})
    move = move_of_words(words, "failed", state, services, record)
    again = {"incoming": None, "ended": None, "failure": None, "messages": record}
    if isinstance(move, Retry):  # the same manifests, but a new approval: the old one was for the attempt that failed
        return Command(goto="configuration_finalized", update=again | {"bundle": None, "approval_id": None})
    if isinstance(move, BackToOptions):
        return Command(goto="presenting_options", update=again | {"selected": None, "bundle": None, "approval_id": None})
    change = checked_change(state, move, services) if isinstance(move, EditSpecification) else None
    if isinstance(change, SpecificationChange):
        update = again | {"change": change, "selected": None, "bundle": None, "approval_id": None}
        return Command(goto="specification_editing", update=update)
    if isinstance(move, DescribeNeed):
        return Command(goto="context_collection", update={"messages": record})
    if isinstance(change, str):
        refuse(change, "failed", record)
    elif isinstance(move, Finish):
        say("Good. The conversation stays; come back to it any time.", record)
    else:
        where, update = anywhere(move, "failed", state, services, record) or ("stay", {})
        if where == "context_collection":
            return Command(goto="context_collection", update=update)
        return Command(goto="__end__", update={"incoming": None, "messages": record} | update)
    return Command(goto="__end__", update={"incoming": None, "messages": record})


def _render(state: ConversationState, services: Services, record: list[AnyMessage]) -> ManifestBundle:
    selected, specification = state.get("selected"), state.get("specification")
    if selected is None or specification is None:
        raise CompassError("No option has been chosen.")
    request = ManifestRequest(
        recommendation=selected,
        traffic_profile=specification.traffic_profile,
        use_case=specification.intent.use_case or "",
        thread_id=services.thread_id,
        plan_id=state["plan_id"],
        namespace=services.cluster.namespace,
    )
    return call_tool("render_manifest", request, lambda: render_manifest(request), record)


def _introduction(bundle: ManifestBundle, services: Services) -> str:
    if not bundle.valid:
        return "The manifests have problems: " + "; ".join(f"{p.file}, {p.field}: {p.text}" for p in bundle.problems)
    return f"{len(bundle.files)} manifests, checked. Nothing is applied to {services.cluster.description} before you approve exactly these."


def _wait_until_ready(name: str, services: Services, record: list[AnyMessage]) -> DeploymentStatus:
    """Poll until ready or failed; only the last status goes on record. Raises CompassError when the time is up."""
    query = StatusQuery(name=name)
    deadline = time.monotonic() + services.settings.ready_timeout_s
    unplaced_since: float | None = None
    shown = ""
    while (status := get_status(query, services.cluster)).phase == "pending":
        now = time.monotonic()
        unplaced_since = (unplaced_since or now) if status.unschedulable else None
        if unplaced_since and now - unplaced_since > services.cluster.placement_patience_s:
            raise CompassError(f"{status.message} Fewer replicas, another GPU type, or more nodes would help.")
        if status.message != shown:
            shown = status.message
            emit(ProgressEvent(text=shown))
        if now > deadline:
            raise CompassError(f"{name} wasn't ready after {services.settings.ready_timeout_s:,.0f} s. {status.message}")
        time.sleep(POLL_S)
    return call_tool("get_status", query, lambda: status, record)
