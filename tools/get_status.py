"""Tool: how a deployment is doing, by whoever asks. What the cluster says in words
is data for a person to read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, PrivateAttr

from knowledge.database import Database
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.clusters.objects import (
    Object,
    age_seconds,
    annotation,
    conditions,
    container_statuses,
    involved,
    is_true,
    last_seen,
    name_of,
    spec_of,
    status_of,
)
from tools.contract import Contract
from tools.deploying.applied import applied_last, cost_so_far
from tools.deploying.approvals import elsewhere, revisions
from tools.deploying.cut import cut_off
from tools.deploying.diagnosis import Diagnosis
from tools.deploying.live import drift
from tools.deploying.rollout import Rollout, rollout_of, state_of
from tools.manifests.annotations import MODEL
from tools.manifests.expectation import expectation_and_why
from tools.manifests.served import served_context, served_thinking
from tools.serving.monitoring import Live, Look, Unseen, observe
from tools.tool import tool
from tools.untrusted import printable

EVENTS = 5
Phase = Literal["absent", "pending", "ready", "failed"]


class StatusQuery(Contract):
    """`metrics`: also look at what the replicas measure, once they are ready."""

    name: str
    metrics: bool = True


class Condition(Contract):
    type: str
    status: str
    reason: str
    message: str


class PodStatus(Contract):
    """`state` is what kubectl's column STATUS says."""

    name: str
    state: str
    ready: bool
    restarts: int
    node: str | None


class ClusterEvent(Contract):
    type: str
    reason: str
    message: str
    object: str
    last_seen: str
    count: int


class DeploymentStatus(Contract):
    """`endpoint` is the URL below which the OpenAI API answers."""

    name: str
    namespace: str
    cluster: str
    phase: Phase
    message: str
    diagnosis: Diagnosis | None = None
    """What is wrong and what helps, as soon as it shows; also while there is still hope."""
    endpoint: str | None = None
    model_id: str | None = None
    context_tokens: int | None = None
    """Of the longest request, prompt and answer together, that its replicas are started to take."""
    thinking: str | None = None
    """Whether it thinks before it answers, in words, as its replicas are told; None where they aren't."""
    age_seconds: float | None = None
    replicas_ready: int = 0
    replicas_wanted: int = 0
    conditions: list[Condition] = Field(default_factory=list)
    pods: list[PodStatus] = Field(default_factory=list)
    events: list[ClusterEvent] = Field(default_factory=list)
    approved_digest: str | None = None
    """Of what was applied last by an approval, as far as this database knows."""
    drift: list[str] | None = None
    """Fields that are otherwise than approved; None where no approval is known."""
    live: Live | None = None
    """What the replicas measured since they were looked at last, against the plan."""
    live_problem: str | None = None
    """Why there is no `live`, where there should be."""
    cost_usd: float | None = None
    """Of all that was approved under this name, from when it was applied until now,
    by the price of its plan.
    """
    cost_usd_per_month: float | None = None
    """By the plan of what was applied last."""
    cut: str | None = None
    """That an apply or a deletion of it was cut off half way, and what helps."""
    _look: Look | None = PrivateAttr(default=None)

    @property
    def look(self) -> Look | None:
        """What was seen for `live`, as long as this status isn't stored: for `records.keep_window`."""
        return self._look


@tool(reads=True, about="How a deployment of this person is doing in the cluster.", deployment="name")
def get_status(query: StatusQuery, cluster: Cluster, database: Database | None = None) -> DeploymentStatus:
    """Conditions, replicas, pods, last events, endpoint, age and drift of an
    InferenceService, and how it holds its targets.

    Leaves everything as it was: whoever watches puts the window that this look ends on record (`records.py`).
    Without a database nothing is known of approvals. Raises CompassError if the cluster can't be asked.
    """
    service = cluster.get(*INFERENCE_SERVICE, query.name)
    cut = _cut(query.name, cluster, database)
    whose = {"name": query.name, "namespace": cluster.namespace, "cluster": cluster.target, "cut": cut}
    if service is None:
        gone = elsewhere(query.name, cluster, database) if database is not None else None
        message = cut or gone or f"There is no deployment {query.name} in {cluster.description}."
        return DeploymentStatus(**whose, phase="absent", message=message)
    rollout = rollout_of(query.name, service, cluster)
    phase, message, diagnosis = _phase(rollout, cluster)
    known = [] if database is None else revisions(cluster, query.name, database)
    approved = applied_last(known)
    plan, unreadable = expectation_and_why(approved.document if approved else service)
    look, unseen = None, None
    if phase == "ready" and query.metrics:
        serving = [p for p in rollout.pods if is_true(p, "Ready")]
        approval_id = approved.approval_id if approved else None
        try:
            look = observe(serving, rollout.replicas_wanted, approval_id, plan, cluster, database)
        except Unseen as error:
            unseen = str(error)
    found = DeploymentStatus(
        **whose,
        phase=phase,
        message=" ".join(filter(None, (message, unreadable, cut))),
        diagnosis=diagnosis,
        endpoint=status_of(service).get("url") if phase == "ready" else None,
        model_id=annotation(service, MODEL),
        context_tokens=served_context(service),
        thinking=served_thinking(service),
        age_seconds=age_seconds(service),
        replicas_ready=sum(is_true(p, "Ready") for p in rollout.pods),
        replicas_wanted=rollout.replicas_wanted,
        conditions=[_condition(c) for c in conditions(service)],
        pods=[_pod(p) for p in rollout.pods],
        events=[_event(e) for e in rollout.events[-EVENTS:]],
        approved_digest=approved.digest if approved else None,
        drift=drift(approved.document, service) if approved else None,
        live=look.live if look else None,
        live_problem=unseen,
        cost_usd=cost_so_far(known, datetime.now(UTC)) if approved else None,
        cost_usd_per_month=plan.cost_usd_per_month if plan else None,
    )
    found._look = look
    return found


def _phase(rollout: Rollout, cluster: Cluster) -> tuple[Phase, str, Diagnosis | None]:
    """With what to say of it, and what is wrong."""
    if rollout.deleting:
        return "pending", rollout.deleting, None
    if rollout.ready:
        return "ready", "All replicas are ready.", None
    found = rollout.diagnosis(cluster)
    if found is None:
        return "pending", rollout.progress, None
    return "pending" if found.waiting_may_help else "failed", f"{found.cause} {found.remedy}", found


def _cut(name: str, cluster: Cluster, database: Database | None) -> str | None:
    found = cut_off(database, cluster, name) if database is not None else []
    return str(found[-1]) if found else None


def _pod(pod: Object) -> PodStatus:
    return PodStatus(
        name=name_of(pod),
        state=state_of(pod),
        ready=is_true(pod, "Ready"),
        restarts=sum(int(s.get("restartCount") or 0) for s in container_statuses(pod, init=False)),
        node=spec_of(pod).get("nodeName"),
    )


def _condition(c: Object) -> Condition:
    return Condition(
        type=c["type"],
        status=c["status"],
        reason=c.get("reason") or "",
        message=printable(c.get("message") or ""),
    )


def _event(event: Object) -> ClusterEvent:
    about = involved(event)
    return ClusterEvent(
        type=event.get("type") or "Normal",
        reason=event.get("reason") or "",
        message=printable(event.get("message") or ""),
        object=f"{about.get('kind', '')}/{about.get('name', '')}",
        last_seen=last_seen(event),
        count=int(event.get("count") or 1),
    )
