"""Tool: how a deployment is doing, by whoever asks. What the cluster says in words is data for a person to read."""

from __future__ import annotations

from typing import Any, Literal

from tools.cluster import INFERENCE_SERVICE, Cluster
from tools.specification import Contract
from tools.untrusted import printable

EVENTS = 5


class StatusQuery(Contract):
    name: str


class Condition(Contract):
    type: str
    status: str
    reason: str
    message: str


class ClusterEvent(Contract):
    type: str
    reason: str
    message: str
    object: str


class DeploymentStatus(Contract):
    """`phase`: absent, pending, ready or failed. `endpoint` is the URL below which the OpenAI API answers."""

    name: str
    namespace: str
    cluster: str
    phase: Literal["absent", "pending", "ready", "failed"]
    message: str
    unschedulable: bool
    endpoint: str | None
    replicas_ready: int
    replicas_wanted: int
    conditions: list[Condition]
    events: list[ClusterEvent]


def get_status(query: StatusQuery, cluster: Cluster) -> DeploymentStatus:
    """Conditions, replicas, last events and endpoint of an InferenceService. Raises CompassError if the cluster can't be asked."""
    service = cluster.get(*INFERENCE_SERVICE, query.name)
    if service is None:
        return _status(query.name, cluster, "absent", f"There is no deployment {query.name} in {cluster.description}.")
    pods = cluster.list("v1", "Pod", label_selector=f"serving.kserve.io/inferenceservice={query.name}")
    events = [_event(e) for e in cluster.list("v1", "Event") if _concerns(e, query.name, pods)]
    status = service.get("status") or {}
    conditions = [_condition(c) for c in status.get("conditions", [])]
    failure = (status.get("modelStatus") or {}).get("lastFailureInfo")
    # What the controller has seen may be older than what was applied last.
    generation = service["metadata"].get("generation")
    deployment = cluster.get("apps/v1", "Deployment", f"{query.name}-predictor")
    current = status.get("observedGeneration", generation) == generation and _rolled_out(deployment)
    ready = current and any(c.type == "Ready" and c.status == "True" for c in conditions)
    waiting = next((c["message"] for p in pods for c in _pod_conditions(p) if c["type"] == "PodScheduled" and c["status"] == "False"), None)
    if ready:
        phase, message = "ready", "All replicas are ready."
    elif failure:
        phase, message = "failed", printable(f"{failure.get('reason', 'Failed')}: {failure.get('message', '')}")
    elif waiting:
        phase, message = "pending", printable(f"The pods can't be placed: {waiting}")
    else:
        phase, message = "pending", _progress(pods)
    return _status(
        query.name,
        cluster,
        phase,
        message,
        endpoint=status.get("url") if ready else None,
        unschedulable=waiting is not None and not ready,
        replicas_ready=sum(_is_ready(p) for p in pods),
        replicas_wanted=int(service["spec"]["predictor"].get("minReplicas", 1)),
        conditions=conditions,
        events=events[-EVENTS:],
    )


def _status(name: str, cluster: Cluster, phase: Any, message: str, **more: Any) -> DeploymentStatus:
    empty: dict[str, Any] = {
        "unschedulable": False,
        "endpoint": None,
        "replicas_ready": 0,
        "replicas_wanted": 0,
        "conditions": [],
        "events": [],
    }
    return DeploymentStatus(name=name, namespace=cluster.namespace, cluster=cluster.target, phase=phase, message=message, **(empty | more))


def _progress(pods: list[dict[str, Any]]) -> str:
    if not pods:
        return "Waiting for the controller to create pods."
    phases = [str((p.get("status") or {}).get("phase", "Pending")) for p in pods]
    return f"{sum(_is_ready(p) for p in pods)} of {len(pods)} replicas ready; the others: {', '.join(sorted(set(phases)))}."


def _rolled_out(deployment: dict[str, Any] | None) -> bool:
    """Whether all pods are of the newest template and work: KServe says Ready while old ones still serve."""
    if deployment is None:
        return False
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return status.get("observedGeneration") == deployment["metadata"]["generation"] and counts == [wanted] * 3


def _is_ready(pod: dict[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in _pod_conditions(pod))


def _pod_conditions(pod: dict[str, Any]) -> list[dict[str, Any]]:
    found = (pod.get("status") or {}).get("conditions") or []
    return [{"type": c.get("type"), "status": c.get("status"), "message": c.get("message") or ""} for c in found]


def _condition(c: dict[str, Any]) -> Condition:
    return Condition(type=c["type"], status=c["status"], reason=c.get("reason") or "", message=printable(c.get("message") or ""))


def _concerns(event: dict[str, Any], name: str, pods: list[dict[str, Any]]) -> bool:
    involved = event.get("involvedObject") or {}
    current = {p["metadata"]["name"] for p in pods}
    return involved.get("name") in current or (involved.get("kind") == "InferenceService" and involved.get("name") == name)


def _event(event: dict[str, Any]) -> ClusterEvent:
    involved = event.get("involvedObject") or {}
    return ClusterEvent(
        type=event.get("type") or "Normal",
        reason=event.get("reason") or "",
        message=printable(event.get("message") or ""),
        object=f"{involved.get('kind', '')}/{involved.get('name', '')}",
    )
