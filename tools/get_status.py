"""Tool: how a deployment is doing, by whoever asks. What the cluster says in words
is data for a person to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from knowledge.database import Database
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.contract import Contract
from tools.deploying.approvals import Approval, elsewhere, revisions
from tools.deploying.cut import cut_off
from tools.deploying.diagnosis import Diagnosis, Signs, diagnose, is_gone
from tools.deploying.events import events_about
from tools.deploying.live import drift
from tools.serving.expectation import expectation_of, inference_service_of, served_context, served_thinking
from tools.serving.monitoring import Live, observe
from tools.untrusted import printable

EVENTS = 5
LONG_DOWNLOAD_MIN = 5
LABEL = "serving.kserve.io/inferenceservice"
Object = dict[str, Any]


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
    """`phase`: absent, pending, ready or failed. `endpoint` is the URL below which the OpenAI API answers."""

    name: str
    namespace: str
    cluster: str
    phase: Literal["absent", "pending", "ready", "failed"]
    message: str
    diagnosis: Diagnosis | None
    """What is wrong and what helps, as soon as it shows; also while there is still hope."""
    endpoint: str | None
    model_id: str | None
    context_tokens: int | None
    """Of the longest request, prompt and answer together, that its replicas are started to take."""
    thinking: str | None
    """Whether it thinks before it answers, in words, as its replicas are told; None where they aren't."""
    age_seconds: float | None
    replicas_ready: int
    replicas_wanted: int
    conditions: list[Condition]
    pods: list[PodStatus]
    events: list[ClusterEvent]
    approved_digest: str | None
    """Of what was applied last by an approval, as far as this database knows."""
    drift: list[str] | None
    """Fields that are otherwise than approved; None where no approval is known."""
    live: Live | None
    """What the replicas measured since they were looked at last, against the plan."""
    live_problem: str | None
    """Why there is no `live`, where there should be."""
    cost_usd: float | None
    """Of all that was approved under this name, from when it was applied until now,
    by the price of its plan.
    """
    cost_usd_per_month: float | None = None
    """By the plan of what was applied last."""
    cut: str | None = None
    """That an apply or a deletion of it was cut off half way, and what helps."""


def get_status(query: StatusQuery, cluster: Cluster, database: Database | None = None) -> DeploymentStatus:
    """Conditions, replicas, pods, last events, endpoint, age and drift of an
    InferenceService, and how it holds its targets.

    Without a database nothing is known of approvals, and no window goes on record. Raises CompassError
    if the cluster can't be asked.
    """
    service = cluster.get(*INFERENCE_SERVICE, query.name)
    if service is None:
        gone = elsewhere(query.name, cluster, database) if database is not None else None
        cut = _cut(query.name, cluster, database)
        message = cut or gone or f"There is no deployment {query.name} in {cluster.description}."
        return _status(query.name, cluster, phase="absent", message=message, cut=cut)
    deployment = cluster.get("apps/v1", "Deployment", f"{query.name}-predictor")
    pods = cluster.list(
        "v1", "Pod", label_selector=f"{LABEL}={query.name}"
    )  # after the Deployment, which counts them
    newest = _newest_sets(deployment, cluster, query.name)
    events = events_about(query.name, newest, pods, cluster)
    status = service.get("status") or {}
    ready = _is_current(service, deployment) and _is_true(service, "Ready")
    current = _of_this_revision(pods, deployment, newest) if _is_observed(service, deployment) else []
    signs = Signs(current, [deployment] if deployment else [], events, lambda *which: _log(cluster, *which))
    deleting = _deleting(service)
    ready = ready and not deleting
    found = None if ready or deleting else diagnose(signs)
    if deleting:
        phase, message = "pending", deleting
    elif ready:
        phase, message = "ready", "All replicas are ready."
    elif found is not None:
        phase, message = "pending" if found.waiting_may_help else "failed", f"{found.cause} {found.remedy}"
    else:
        phase, message = "pending", _progress(pods)
    cut = _cut(query.name, cluster, database)
    known = [] if database is None else revisions(cluster, query.name, database)
    approved = _approved(known)
    plan = expectation_of(approved.document if approved else service)
    live: Live | str | None = None
    if ready and query.metrics:
        serving = [p for p in pods if _is_true(p, "Ready")]
        wanted = int(service["spec"]["predictor"].get("minReplicas", 1))
        live = observe(serving, wanted, approved.approval_id if approved else None, plan, cluster, database)
    return _status(
        query.name,
        cluster,
        phase=phase,
        message=f"{message} {cut}" if cut else message,
        cut=cut,
        diagnosis=found,
        endpoint=status.get("url") if ready else None,
        model_id=(service["metadata"].get("annotations") or {}).get("compass.dev/model"),
        context_tokens=served_context(service),
        thinking=served_thinking(service),
        age_seconds=_age(service),
        replicas_ready=sum(_is_true(p, "Ready") for p in pods),
        replicas_wanted=int(service["spec"]["predictor"].get("minReplicas", 1)),
        conditions=[_condition(c) for c in status.get("conditions", [])],
        pods=[_pod(p) for p in pods],
        events=[_event(e) for e in events[-EVENTS:]],
        approved_digest=approved.digest if approved else None,
        drift=drift(approved.document, service) if approved else None,
        live=live if isinstance(live, Live) else None,
        live_problem=live if isinstance(live, str) else None,
        cost_usd=_cost(known, datetime.now(UTC)) if approved else None,
        cost_usd_per_month=plan.cost_usd_per_month if plan else None,
    )


def _status(name: str, cluster: Cluster, **more: Any) -> DeploymentStatus:
    empty: dict[str, Any] = {
        "diagnosis": None,
        "endpoint": None,
        "model_id": None,
        "context_tokens": None,
        "thinking": None,
        "age_seconds": None,
        "replicas_ready": 0,
        "replicas_wanted": 0,
        "conditions": [],
        "pods": [],
        "events": [],
        "approved_digest": None,
        "drift": None,
        "live": None,
        "live_problem": None,
        "cost_usd": None,
    }
    return DeploymentStatus(name=name, namespace=cluster.namespace, cluster=cluster.target, **(empty | more))


@dataclass(frozen=True)
class _Approved:
    """The InferenceService of what was applied last, and by which approval."""

    approval_id: str
    digest: str
    document: Object


def _approved(known: list[Approval]) -> _Approved | None:
    if not known or known[0].action == "delete":
        return None
    for revision in known:
        document = inference_service_of(revision.files)
        if document is not None:
            return _Approved(revision.id, revision.digest, document)
    return None


def _cost(known: list[Approval], now: datetime) -> float | None:
    """Each revision costs from when it was applied until the next one was."""
    total, until = 0.0, now
    for revision in known:
        since = revision.applied_at or until
        document = inference_service_of(revision.files) if revision.action == "apply" else None
        plan = expectation_of(document) if document else None
        if revision.action == "apply" and plan is None:
            return None
        total += plan.usd_per_hour * max(0.0, (until - since).total_seconds()) / 3600 if plan else 0.0
        until = since
    return round(total, 4)


def _cut(name: str, cluster: Cluster, database: Database | None) -> str | None:
    found = cut_off(database, cluster, name) if database is not None else []
    return str(found[-1]) if found else None


def _log(cluster: Cluster, pod: str, container: str, anew: bool) -> str:
    """What it wrote before it ended; `anew` if it was started again since."""
    return cluster.log(pod, container, previous=anew) or cluster.log(pod, container, previous=not anew)


def _deleting(service: Object) -> str | None:
    """That it is being deleted and what holds that up; None if it isn't."""
    since = service["metadata"].get("deletionTimestamp")
    if not since:
        return None
    held = ", ".join(printable(str(f), 100) for f in service["metadata"].get("finalizers") or [])
    finishing = (
        f" The finalizer {held} holds that until whoever set it is done: see that it runs, or ask whoever"
        " runs the cluster."
    )
    return f"It is being deleted since {printable(str(since), 40)}.{finishing if held else ''}"


def _age(service: Object) -> float | None:
    created = service["metadata"].get("creationTimestamp")
    return (datetime.now(UTC) - datetime.fromisoformat(str(created))).total_seconds() if created else None


def _progress(pods: list[Object]) -> str:
    if not pods:
        return "Waiting for the controller to create pods."
    there, gone = [p for p in pods if not is_gone(p)], [p for p in pods if is_gone(p)]
    ready = sum(_is_true(p, "Ready") for p in there)
    doing = sorted({_doing(p) for p in there if not _is_true(p, "Ready")})
    others = "the others: " if ready else ""
    said = f"{ready} of {len(there)} replicas ready" + (f"; {others}{', '.join(doing)}." if doing else ".")
    if gone:
        status = max(gone, key=lambda p: str(p["metadata"].get("creationTimestamp")))["status"]
        why = printable(f"{status.get('reason') or 'Failed'}: {status.get('message') or ''}", 200)
        said += (
            f" {len(gone)} {'was' if len(gone) == 1 else 'were'} taken away by the node before that"
            f" (“{why}”)."
        )
    return said


def _doing(pod: Object) -> str:
    """In plain words, what a pod is at."""
    status = pod.get("status") or {}
    if not (pod.get("spec") or {}).get("nodeName"):
        return "waiting for a node"
    if any((s.get("state") or {}).get("running") for s in status.get("initContainerStatuses") or []):
        return f"downloading the model{_for_how_long(status['initContainerStatuses'])}"
    if any((s.get("state") or {}).get("running") for s in status.get("containerStatuses") or []):
        return "loading the model"
    return "pulling the image"


def _for_how_long(statuses: list[Object]) -> str:
    """Empty in the first minutes."""
    began = [
        s["state"]["running"].get("startedAt") for s in statuses if (s.get("state") or {}).get("running")
    ]
    minutes = (
        (datetime.now(UTC) - datetime.fromisoformat(str(began[0]))).total_seconds() / 60
        if began and began[0]
        else 0.0
    )
    return f" for {minutes:,.0f} min already" if minutes >= LONG_DOWNLOAD_MIN else ""


def _state(pod: Object) -> str:
    status = pod.get("status") or {}
    if is_gone(pod):
        return printable(str(status.get("reason") or "Failed"), 60)
    for entry in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        state = entry.get("state") or {}
        reason = (state.get("waiting") or {}).get("reason") or (state.get("terminated") or {}).get("reason")
        if reason and reason != "Completed":
            return printable(str(reason), 60)
    return str(status.get("phase") or "Pending")


def _pod(pod: Object) -> PodStatus:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return PodStatus(
        name=pod["metadata"]["name"],
        state=_state(pod),
        ready=_is_true(pod, "Ready"),
        restarts=sum(int(s.get("restartCount") or 0) for s in statuses),
        node=(pod.get("spec") or {}).get("nodeName"),
    )


def _is_current(service: Object, deployment: Object | None) -> bool:
    """Whether all pods are of what was applied last: KServe says Ready while old ones still serve."""
    if deployment is None or not _is_observed(service, deployment):
        return False
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    return [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")] == [
        wanted
    ] * 3


def _is_observed(service: Object, deployment: Object | None) -> bool:
    """Whether the controllers have acted on what was applied last."""
    documents = [service] if deployment is None else [service, deployment]
    generations = [
        (d["metadata"].get("generation"), (d.get("status") or {}).get("observedGeneration"))
        for d in documents
    ]
    return all(observed in (None, wanted) for wanted, observed in generations)


def _newest_sets(deployment: Object | None, cluster: Cluster, name: str) -> list[Object]:
    """The ReplicaSet of the present revision, once there is one."""
    if deployment is None:
        return []
    sets = cluster.list("apps/v1", "ReplicaSet", label_selector=f"{LABEL}={name}")
    return [s for s in sets if _revision(s) == _revision(deployment)]


def _of_this_revision(pods: list[Object], deployment: Object | None, newest: list[Object]) -> list[Object]:
    """Without those of earlier revisions, whose failures are no longer the point."""
    if deployment is None:
        return pods
    owners = {s["metadata"]["uid"] for s in newest}
    return [
        p for p in pods if any(o.get("uid") in owners for o in p["metadata"].get("ownerReferences") or [])
    ]


def _revision(document: Object) -> str | None:
    return (document["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")


def _is_true(document: Object, kind: str) -> bool:
    found = (document.get("status") or {}).get("conditions") or []
    return any(c.get("type") == kind and c.get("status") == "True" for c in found)


def _condition(c: Object) -> Condition:
    return Condition(
        type=c["type"],
        status=c["status"],
        reason=c.get("reason") or "",
        message=printable(c.get("message") or ""),
    )


def _event(event: Object) -> ClusterEvent:
    involved = event.get("involvedObject") or {}
    return ClusterEvent(
        type=event.get("type") or "Normal",
        reason=event.get("reason") or "",
        message=printable(event.get("message") or ""),
        object=f"{involved.get('kind', '')}/{involved.get('name', '')}",
        last_seen=str(event.get("lastTimestamp") or event.get("eventTime") or ""),
        count=int(event.get("count") or 1),
    )
