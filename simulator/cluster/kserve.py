"""KServe's controller in Standard mode: a Deployment and a Service for each
InferenceService, and the status that it writes back.
"""

from __future__ import annotations

from typing import Any

from simulator.cluster.container_statuses import INITIALIZER
from simulator.cluster.deaths import HUB_TOKEN
from simulator.cluster.objects import Object, copied, is_true, owned_by, with_conditions
from simulator.cluster.store import Store

LABEL = "serving.kserve.io/inferenceservice"
INITIALIZER_IMAGE = "kserve/storage-initializer:v0.20.0"
POD_FIELDS = (
    "affinity",
    "automountServiceAccountToken",
    "imagePullSecrets",
    "nodeSelector",
    "securityContext",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
)
MODEL_FIELDS = ("modelFormat", "runtime", "runtimeVersion", "storageUri", "storage", "protocolVersion")


class KServe:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._observed: dict[str, int] = {}
        """Generation by uid that the Deployment was last made for."""

    def reconcile(self) -> None:
        for service in self._store.of("InferenceService"):
            if not service["metadata"].get("deletionTimestamp"):
                self._deployment(service)
                self._service(service)
                self._observed[service["metadata"]["uid"]] = service["metadata"]["generation"]

    def deployment(self, service: Object) -> Object | None:
        meta = service["metadata"]
        return self._store.get("Deployment", meta["namespace"], f"{meta['name']}-predictor")

    def pods(self, service: Object) -> list[Object]:
        deployment = self.deployment(service)
        sets = self._store.owned(deployment, "ReplicaSet") if deployment else []
        return [p for s in sets for p in self._store.owned(s, "Pod")]

    def publish(self, service: Object, url: str | None) -> None:
        """Conditions, model status and, once it serves, the URL."""
        service = (
            self._store.get("InferenceService", service["metadata"]["namespace"], service["metadata"]["name"])
            or service
        )
        deployment = self.deployment(service)
        if deployment is None:
            return
        available = (
            is_true(deployment, "Available") and (deployment.get("status") or {}).get("readyReplicas", 0) > 0
        )
        ready = available and url is not None
        was_ready = is_true(service, "Ready")
        names = {"PredictorReady": available, "IngressReady": ready, "Ready": ready}
        conditions = with_conditions(service, [{"type": t, "status": str(s)} for t, s in names.items()])
        failure = _failure(self.pods(service))
        model = {
            "transitionStatus": "UpToDate" if ready else "BlockedByFailedLoad" if failure else "InProgress"
        }
        status: Object = {
            "conditions": conditions,
            "modelStatus": model | ({"lastFailureInfo": failure} if failure and not ready else {}),
            "observedGeneration": self._observed.get(service["metadata"]["uid"], 0),
            "deploymentMode": "Standard",
        }
        if ready and url:
            status |= {"url": url, "address": {"url": url}, "components": {"predictor": {"url": url}}}
        updated = self._store.status(service, status)
        if ready and not was_ready:
            self._store.event(
                updated, "InferenceServiceReady", f"InferenceService [{service['metadata']['name']}] is Ready"
            )

    def _deployment(self, service: Object) -> None:
        meta, predictor = service["metadata"], service["spec"]["predictor"]
        name = f"{meta['name']}-predictor"
        labels = {"app": f"isvc.{name}", LABEL: meta["name"], "component": "predictor"} | (
            predictor.get("labels") or {}
        )
        spec: Object = {
            "replicas": int(predictor.get("minReplicas", 1)),
            "selector": {"matchLabels": {"app": f"isvc.{name}"}},
            "template": {
                "metadata": {"labels": labels, "annotations": predictor.get("annotations") or {}},
                "spec": _pod_spec(predictor),
            },
            "strategy": (
                predictor.get("deploymentStrategy")
                or {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
            ),
        }
        found = self._store.get("Deployment", meta["namespace"], name)
        if found is None:
            metadata = {
                "name": name,
                "namespace": meta["namespace"],
                "labels": labels,
                "ownerReferences": [owned_by(service)],
            }
            self._store.create(
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "metadata": metadata,
                    "spec": spec,
                    "status": {},
                }
            )
        elif found["spec"] != spec:
            self._store.update(found | {"spec": spec})

    def _service(self, service: Object) -> None:
        meta = service["metadata"]
        name = f"{meta['name']}-predictor"
        if self._store.get("Service", meta["namespace"], name) is None:
            ports = [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]
            self._store.create(
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "metadata": {
                        "name": name,
                        "namespace": meta["namespace"],
                        "ownerReferences": [owned_by(service)],
                    },
                    "spec": {
                        "selector": {"app": f"isvc.{name}"},
                        "ports": ports,
                        "type": "ClusterIP",
                        "clusterIP": "None",
                    },
                }
            )


def _pod_spec(predictor: Object) -> Object:
    spec: Object = copied({k: predictor[k] for k in POD_FIELDS if k in predictor})
    model: dict[str, Any] | None = predictor.get("model")
    if model is None:
        return spec | {"containers": copied(predictor["containers"])}
    main = {"name": "kserve-container", "image": "vllm/vllm-openai:v0.24.0"} | {
        k: v for k, v in model.items() if k not in MODEL_FIELDS
    }
    spec["containers"] = [copied(main)]
    if model.get("storageUri"):
        limits = {
            "resources": {
                "limits": {"cpu": "1", "memory": "1Gi"},
                "requests": {"cpu": "100m", "memory": "100Mi"},
            }
        }
        initializer = {
            "name": INITIALIZER,
            "image": INITIALIZER_IMAGE,
            "args": [model["storageUri"], "/mnt/models"],
        }
        spec["initContainers"] = [initializer | limits]
    return spec


def with_credentials(pod: Object, store: Store) -> Object:
    """What KServe's webhook makes of a new pod: the initializer gets the hub's token, from the
    ServiceAccount's Secrets alone.

    A ServiceAccount or Secret that isn't there (yet) is passed over without a word, as the real one does.
    """
    namespace, spec = pod["metadata"]["namespace"], pod["spec"]
    account = store.get("ServiceAccount", namespace, spec.get("serviceAccountName") or "default") or {}
    secrets = [
        store.get("Secret", namespace, reference.get("name", ""))
        for reference in account.get("secrets") or []
    ]
    token: list[Object] = [
        {"name": HUB_TOKEN, "valueFrom": {"secretKeyRef": {"name": s["metadata"]["name"], "key": HUB_TOKEN}}}
        for s in secrets
        if s is not None and HUB_TOKEN in (s.get("data") or {})
    ]
    if not token or not spec.get("initContainers"):
        return pod
    initializers = [
        c | ({"env": [*(c.get("env") or []), *token]} if c["name"] == INITIALIZER else {})
        for c in spec["initContainers"]
    ]
    return pod | {"spec": spec | {"initContainers": initializers}}


def _failure(pods: list[Object]) -> Object | None:
    """`lastFailureInfo`: why a model doesn't load, from the states of its containers."""
    for pod in pods:
        status = pod.get("status") or {}
        for entry in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
            ended = (entry.get("lastState") or {}).get("terminated")
            if ended and not is_true(pod, "Ready"):
                message = ended.get("message") or ended.get("reason") or ""
                return {
                    "reason": "ModelLoadFailed",
                    "message": message,
                    "exitCode": ended["exitCode"],
                    "location": pod["metadata"]["name"],
                }
    return None
