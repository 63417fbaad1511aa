"""The kinds that the simulated cluster serves, in the order of discovery, and the columns that `kubectl get`
prints of each.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from simulator.cluster.objects import Object, is_true, labels
from simulator.cluster.resources import Column, Resource
from simulator.cluster.schema import ANY, custom_kind, inference_service, of_client_model, pod_monitor

KSERVE = "serving.kserve.io/v1beta1"


def _at(document: Object, path: str, default: Any = "") -> Any:
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return default if value is None else value


def _field(path: str, default: Any = "") -> Callable[[Object], Any]:
    return lambda o: _at(o, path, default)


def age(document: Object) -> str:
    """As kubectl writes it: 12s, 5m, 3h, 2d."""
    text = document["metadata"].get("creationTimestamp")
    if not text:
        return "<unknown>"
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length or (unit == "d" and seconds >= length):
            return f"{seconds // length}{unit}"
    return f"{max(0, seconds)}s"


def _containers(pod: Object) -> list[Object]:
    found: list[Object] = _at(pod, "status.containerStatuses", [])
    return found


def _pod_state(pod: Object) -> str:
    """The reason that something waits or died, else the phase, as kubectl's column STATUS has it."""
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for status in _at(pod, "status.initContainerStatuses", []):
        state = status.get("state", {})
        reason = state.get("waiting", {}).get("reason") or (
            state.get("terminated", {}).get("exitCode") and state["terminated"].get("reason")
        )
        if reason:
            return f"Init:{reason}"
    for status in _containers(pod):
        state = status.get("state", {})
        reason = state.get("waiting", {}).get("reason") or state.get("terminated", {}).get("reason")
        if reason:
            return str(reason)
    return str(_at(pod, "status.phase", "Pending"))


def _pod_ready(pod: Object) -> str:
    return f"{sum(bool(s.get('ready')) for s in _containers(pod))}/{len(pod['spec'].get('containers', []))}"


def _roles(node: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    return ",".join(sorted(k.removeprefix(prefix) for k in labels(node) if k.startswith(prefix))) or "<none>"


NAME = Column("Name", _field("metadata.name"), "string")
AGE = Column("Age", age)


def columns(*between: Column) -> tuple[Column, ...]:
    return (NAME, *between, AGE)


def _ratio(ready: str, wanted: str) -> Callable[[Object], str]:
    return lambda o: f"{_at(o, ready, 0)}/{_at(o, wanted, 0)}"


def _data_count(document: Object) -> int:
    return len(document.get("data") or {})


EVENT_COLUMNS = (
    Column("Last Seen", lambda o: age({"metadata": {"creationTimestamp": o.get("lastTimestamp")}})),
    Column("Type", _field("type")),
    Column("Reason", _field("reason")),
    Column(
        "Object", lambda o: f"{str(_at(o, 'involvedObject.kind')).lower()}/{_at(o, 'involvedObject.name')}"
    ),
    Column("Message", _field("message")),
)
SERVICE_COLUMNS = columns(
    Column("URL", _field("status.url")),
    Column("Ready", lambda o: str(is_true(o, "Ready")) if _at(o, "status.conditions") else "Unknown"),
    Column("Prev", _field("")),
    Column("Latest", _field("")),
    Column("PrevRolledoutRevision", _field("")),
    Column("LatestReadyRevision", _field("")),
)


def _builtin(api_version: str, kind: str, plural: str, model: str, *between: Column, **more: Any) -> Resource:
    return Resource(
        api_version, kind, plural, lambda: of_client_model(model), columns=columns(*between), **more
    )


KINDS = (
    _builtin(
        "v1",
        "Namespace",
        "namespaces",
        "V1Namespace",
        Column("Status", _field("status.phase", "Active")),
        namespaced=False,
        short_names=("ns",),
    ),
    _builtin(
        "v1",
        "Node",
        "nodes",
        "V1Node",
        Column("Status", lambda o: "Ready" if is_true(o, "Ready") else "NotReady"),
        Column("Roles", _roles),
        Column("Version", _field("status.nodeInfo.kubeletVersion")),
        namespaced=False,
        short_names=("no",),
    ),
    _builtin(
        "v1",
        "Pod",
        "pods",
        "V1Pod",
        Column("Ready", _pod_ready),
        Column("Status", _pod_state),
        Column("Restarts", lambda o: str(sum(s.get("restartCount", 0) for s in _containers(o)))),
        Column("IP", _field("status.podIP", "<none>"), wide=True),
        Column("Node", _field("spec.nodeName", "<none>"), wide=True),
        short_names=("po",),
        categories=("all",),
    ),
    Resource(
        "v1",
        "Event",
        "events",
        lambda: of_client_model("CoreV1Event"),
        short_names=("ev",),
        status=False,
        columns=EVENT_COLUMNS,
    ),
    _builtin(
        "v1", "ServiceAccount", "serviceaccounts", "V1ServiceAccount", short_names=("sa",), status=False
    ),
    _builtin(
        "v1",
        "Service",
        "services",
        "V1Service",
        Column("Type", _field("spec.type", "ClusterIP")),
        Column("Cluster-IP", _field("spec.clusterIP", "None")),
        short_names=("svc",),
        categories=("all",),
    ),
    _builtin(
        "v1",
        "ConfigMap",
        "configmaps",
        "V1ConfigMap",
        Column("Data", _data_count, "integer"),
        short_names=("cm",),
        status=False,
    ),
    _builtin(
        "v1",
        "Secret",
        "secrets",
        "V1Secret",
        Column("Type", _field("type", "Opaque")),
        Column("Data", _data_count, "integer"),
        status=False,
    ),
    _builtin("v1", "ResourceQuota", "resourcequotas", "V1ResourceQuota", short_names=("quota",)),
    _builtin(
        "apps/v1",
        "Deployment",
        "deployments",
        "V1Deployment",
        Column("Ready", _ratio("status.readyReplicas", "spec.replicas")),
        Column("Up-to-date", _field("status.updatedReplicas", 0), "integer"),
        Column("Available", _field("status.availableReplicas", 0), "integer"),
        short_names=("deploy",),
        categories=("all",),
    ),
    _builtin(
        "apps/v1",
        "ReplicaSet",
        "replicasets",
        "V1ReplicaSet",
        Column("Desired", _field("spec.replicas", 0), "integer"),
        Column("Current", _field("status.replicas", 0), "integer"),
        Column("Ready", _field("status.readyReplicas", 0), "integer"),
        short_names=("rs",),
        categories=("all",),
    ),
    _builtin(
        "policy/v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        "V1PodDisruptionBudget",
        Column("Min Available", lambda o: str(_at(o, "spec.minAvailable", "N/A"))),
        Column("Max Unavailable", lambda o: str(_at(o, "spec.maxUnavailable", "N/A"))),
        short_names=("pdb",),
    ),
    _builtin(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "networkpolicies",
        "V1NetworkPolicy",
        short_names=("netpol",),
        status=False,
    ),
    Resource(
        KSERVE,
        "InferenceService",
        "inferenceservices",
        inference_service,
        short_names=("isvc",),
        custom=True,
        columns=SERVICE_COLUMNS,
    ),
    Resource(
        "serving.kserve.io/v1alpha1",
        "ClusterServingRuntime",
        "clusterservingruntimes",
        lambda: custom_kind(ANY),
        namespaced=False,
        custom=True,
        columns=columns(),
    ),
    Resource(
        "monitoring.coreos.com/v1",
        "PodMonitor",
        "podmonitors",
        pod_monitor,
        short_names=("pmon",),
        custom=True,
        columns=columns(),
    ),
)


@cache
def by_kind() -> dict[str, Resource]:
    return {r.kind: r for r in KINDS}


@cache
def by_id() -> dict[str, Resource]:
    return {r.id: r for r in KINDS}
