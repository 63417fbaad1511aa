"""What a cluster refuses although the schema allows it: KServe's webhook, and quotas."""

from __future__ import annotations

import re
from collections.abc import Iterator

from knowledge.quantities import quantity
from simulator.cluster.objects import ApiError, Object
from simulator.cluster.orders import Orders
from simulator.cluster.resources import Resource
from simulator.cluster.store import Store

KSERVE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
AUTOSCALER_CLASSES = {"hpa", "keda", "external", "none"}
IMPLEMENTATIONS = {
    "model",
    "containers",
    "sklearn",
    "xgboost",
    "pytorch",
    "triton",
    "huggingface",
    "onnx",
    "tensorflow",
}


class Admission:
    """The store asks it before each write of a client."""

    def __init__(self, store: Store, orders: Orders) -> None:
        self._store = store
        self._orders = orders

    def __call__(self, resource: Resource, new: Object, old: Object | None) -> None:
        """Raises ApiError 403 in the webhook's words; 422 for a PodMonitor as an older
        operator's schema refuses what it doesn't know.
        """
        if resource.kind == "PodMonitor" and self._orders.strikes("pod-monitor", new["metadata"]["name"]):
            why = (
                f'PodMonitor.monitoring.coreos.com "{new["metadata"]["name"]}" is invalid:'
                " spec.podMetricsEndpoints[0]: Invalid value"
            )
            raise ApiError(422, "Invalid", why)
        if resource.kind != "InferenceService":
            return
        name = new["metadata"]["name"]
        if self._orders.strikes("webhook", name):
            self._refuse("the InferenceService must carry the label cost-center")
        for why in self._problems(new):
            self._refuse(why)

    def _problems(self, service: Object) -> Iterator[str]:
        name = service["metadata"]["name"]
        if not KSERVE_NAME.fullmatch(name):
            yield (
                f"the InferenceService {name!r} is invalid: a InferenceService name must consist of lower"
                " case alphanumeric characters"
            )
        annotations = service["metadata"].get("annotations") or {}
        scaler = annotations.get("serving.kserve.io/autoscalerClass")
        if scaler is not None and scaler not in AUTOSCALER_CLASSES:
            yield f"[{scaler}] is not a supported autoscaler class type"
        predictor = service["spec"].get("predictor") or {}
        if len([k for k in predictor if k in IMPLEMENTATIONS]) != 1:
            yield "exactly one of [Custom, Model, …] must be specified in PredictorSpec"
        if predictor.get("maxReplicas") and (predictor.get("minReplicas") or 0) > predictor["maxReplicas"]:
            yield "MinReplicas cannot be greater than MaxReplicas"
        for container in [predictor.get("model") or {}, *(predictor.get("containers") or [])]:
            yield from self._container_problems(container)
        runtime = (predictor.get("model") or {}).get("runtime")
        if runtime and self._store.get("ClusterServingRuntime", "", runtime) is None:
            yield f"no runtime found with name {runtime!r}"

    def _container_problems(self, container: Object) -> Iterator[str]:
        resources = container.get("resources") or {}
        limits = resources.get("limits") or {}
        for name, value in (resources.get("requests") or {}).items():
            if name in limits and quantity(value) > quantity(limits[name]):
                yield f"requests of {name} must be less than or equal to its limit"

    def _refuse(self, why: str) -> None:
        webhook = "inferenceservice.kserve-webhook-server.validator"
        raise ApiError(403, "Forbidden", f'admission webhook "{webhook}" denied the request: {why}')


def outside_constraints(pod: Object, orders: Orders) -> str | None:
    """Why OpenShift's policy `restricted-v2` refuses a pod that names users of its own,
    in the words of its API server.
    """
    if not orders.strikes("openshift", ""):
        return None
    name, security = pod["metadata"].get("generateName", ""), pod["spec"].get("securityContext") or {}
    said = []
    if (group := security.get("fsGroup")) is not None:
        said.append(
            f".spec.securityContext.fsGroup: Invalid value: []int64{{{group}}}: {group} is not an allowed"
            " group"
        )
    if (user := security.get("runAsUser")) is not None:
        said.append(
            f".containers[0].runAsUser: Invalid value: {user}: must be in the ranges: [1000660000,"
            " 1000669999]"
        )
    reasons = ", ".join(f"provider restricted-v2: {reason}" for reason in said)
    return (
        f'pods "{name}" is forbidden: unable to validate against any security context constraint: [{reasons}]'
        if said
        else None
    )


def over_quota(pod: Object, store: Store, orders: Orders, deployment: str) -> str | None:
    """Why the namespace's quota has no room for a pod, in the words of the API server."""
    name, namespace = (
        pod["metadata"].get("name") or pod["metadata"].get("generateName", ""),
        pod["metadata"]["namespace"],
    )
    wanted = _resources_of(pod)
    quotas = {
        q["metadata"]["name"]: q["spec"].get("hard") or {} for q in store.of("ResourceQuota", namespace)
    }
    if orders.strikes("quota", deployment):
        quotas["gpu-quota"] = {"requests.nvidia.com/gpu": "0", "requests.amd.com/gpu": "0"}
    for quota, hard in quotas.items():
        for limit, allowed in hard.items():
            kind = limit.removeprefix("requests.").removeprefix("limits.")
            asked = 1.0 if kind in ("pods", "count/pods") else wanted.get(kind, 0.0)
            others = [
                _resources_of(p) for p in store.of("Pod", namespace) if p["status"].get("phase") != "Failed"
            ]
            used = (
                float(len(others))
                if kind in ("pods", "count/pods")
                else sum(o.get(kind, 0.0) for o in others)
            )
            if asked and used + asked > quantity(allowed):
                figures = f"requested: {limit}={asked:g}, used: {limit}={used:g}, limited: {limit}={allowed}"
                return f'pods "{name}" is forbidden: exceeded quota: {quota}, {figures}'
    return None


def _resources_of(pod: Object) -> dict[str, float]:
    found: dict[str, float] = {}
    for container in pod["spec"].get("containers", []):
        resources = container.get("resources") or {}
        for kind, value in {**(resources.get("limits") or {}), **(resources.get("requests") or {})}.items():
            found[kind] = found.get(kind, 0.0) + quantity(value)
    return found
