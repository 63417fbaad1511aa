"""What a cluster does by itself: KServe's controller, the scheduler, and pods that load a model and then serve it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import socket
import time
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from knowledge.catalogue import Gpu, gpus, models
from knowledge.estimator.memory import weights_bytes
from simulator.store import Object, Store, now
from simulator.vllm import Replica, application

PERIOD_S = 0.1
START_S = 10.0  # image and process, before the weights
LOAD_GB_PER_S = 1.0


@dataclass
class Ingress:
    """The one address of an InferenceService: each request goes to the next ready replica."""

    server: uvicorn.Server
    url: str
    replicas: dict[str, Any] = field(default_factory=dict)  # pod name -> ASGI application
    turn: itertools.count[int] = field(default_factory=itertools.count)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if not self.replicas:
            await send({"type": "http.response.start", "status": 503, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"no ready replica"})
            return
        chosen = list(self.replicas.values())[next(self.turn) % len(self.replicas)]
        await chosen(scope, receive, send)


class Controller:
    """Brings pods and status in line with each InferenceService, a small step every `PERIOD_S` seconds."""

    def __init__(self, store: Store, time_scale: float) -> None:
        """`time_scale` shortens the loading of models: 0.05 makes a minute three seconds."""
        self._store = store
        self._time_scale = time_scale
        self._loading: dict[str, float] = {}  # pod uid -> when it is ready, by the monotonic clock
        self._ingresses: dict[str, Ingress] = {}  # InferenceService uid -> its address
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self.reconcile()
                self._store.flush()
                await asyncio.sleep(PERIOD_S)
        finally:
            for ingress in self._ingresses.values():
                ingress.server.should_exit = True

    async def reconcile(self) -> None:
        services = {s["metadata"]["uid"]: s for s in self._store.list("InferenceService")}
        for uid in list(self._ingresses):
            if uid not in services:
                self._ingresses.pop(uid).server.should_exit = True
        for service in services.values():
            self._ensure_deployment(service)
            pods = self._ensure_pods(service)
            free = self._free_gpus()
            for pod in pods:
                self._schedule(pod, free)
                self._load(pod, service)
                await asyncio.sleep(0)  # requests are answered in between, however many pods there are
            await self._publish(service)

    def _ensure_deployment(self, service: Object) -> None:
        meta = service["metadata"]
        name = f"{meta['name']}-predictor"
        if self._store.get("Deployment", meta["namespace"], name) is None:
            self._store.create(
                _owned(service, "apps/v1", "Deployment", name) | {"spec": {"replicas": _wanted(service)}, "status": {}}, "kserve-controller"
            )

    def _ensure_pods(self, service: Object) -> list[Object]:
        """As many pods as wanted, all of this generation of the specification."""
        meta, predictor = service["metadata"], service["spec"]["predictor"]
        template = {k: v for k, v in predictor.items() if not k.endswith("Replicas")}
        revision = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:8]
        names = [f"{meta['name']}-predictor-{revision}-{i}" for i in range(_wanted(service))]
        for pod in self._pods(service):
            if pod["metadata"]["name"] not in names:
                self._store.delete("Pod", meta["namespace"], pod["metadata"]["name"])
        for name in names:
            if self._store.get("Pod", meta["namespace"], name) is None:
                resources = predictor["model"].get("resources", {})
                container = {"name": "kserve-container", "image": "compass-simulator", "resources": resources}
                spec = {"containers": [container], "nodeSelector": predictor.get("nodeSelector", {})}
                pod = _owned(service, "v1", "Pod", name) | {"spec": spec, "status": {"phase": "Pending", "conditions": []}}
                self._store.create(pod, "kserve-controller")
        return self._pods(service)

    def _pods(self, service: Object) -> list[Object]:
        uid = service["metadata"]["uid"]
        pods = self._store.list("Pod", service["metadata"]["namespace"])
        return [p for p in pods if any(o["uid"] == uid for o in p["metadata"].get("ownerReferences", []))]

    def _free_gpus(self) -> dict[str, int]:
        """GPUs that no pod holds, by node."""
        free: dict[str, int] = {}
        for node in self._store.list("Node"):
            free[node["metadata"]["name"]] = sum(int(v) for k, v in node["status"]["allocatable"].items() if k.endswith("/gpu"))
        for pod in self._store.list("Pod"):
            if pod["spec"].get("nodeName") in free:
                free[pod["spec"]["nodeName"]] -= _gpus_wanted(pod)[1]
        return free

    def _schedule(self, pod: Object, free: dict[str, int]) -> None:
        """Bind a pod to the first node that fits, and take its GPUs from `free`; or say why none does."""
        if pod["spec"].get("nodeName"):
            return
        resource, wanted = _gpus_wanted(pod)
        nodes = list(self._store.list("Node"))
        fitting = [n for n in nodes if all(n["metadata"]["labels"].get(k) == v for k, v in pod["spec"]["nodeSelector"].items())]
        for node in fitting:
            name = node["metadata"]["name"]
            if resource in node["status"]["allocatable"] and free[name] >= wanted:
                free[name] -= wanted
                self._store.update(pod | {"spec": pod["spec"] | {"nodeName": name}})
                self._store.event(pod, "Scheduled", f"Successfully assigned {pod['metadata']['name']} to {name}")
                return
        if not any(c["type"] == "PodScheduled" for c in pod["status"]["conditions"]):
            lacking = f"{len(fitting)} Insufficient {resource}" if fitting else ""
            mismatched = f"{len(nodes) - len(fitting)} node(s) didn't match node selector" if len(nodes) > len(fitting) else ""
            message = f"0/{len(nodes)} nodes are available: {', '.join(p for p in (lacking, mismatched) if p)}."
            condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
            self._store.update(pod | {"status": {"phase": "Pending", "conditions": [condition]}})
            self._store.event(pod, "FailedScheduling", message, "Warning")

    def _load(self, pod: Object, service: Object) -> None:
        current = self._store.get("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        if current is None or not current["spec"].get("nodeName") or _ready(current):
            return
        uid = current["metadata"]["uid"]
        model = models().get(_model_id(service))
        if model is None:
            self._store.event(current, "Failed", f"The model {_model_id(service)} can't be downloaded: 404", "Warning")
            return
        if uid not in self._loading:
            seconds = (START_S + weights_bytes(model) / 1e9 / LOAD_GB_PER_S) * self._time_scale
            self._loading[uid] = time.monotonic() + seconds
        if time.monotonic() >= self._loading[uid]:
            conditions = [{"type": t, "status": "True", "lastTransitionTime": now()} for t in ("PodScheduled", "ContainersReady", "Ready")]
            self._store.update(current | {"status": {"phase": "Running", "podIP": "127.0.0.1", "conditions": conditions}})

    async def _publish(self, service: Object) -> None:
        """Replicas behind the address, and KServe's conditions on the service."""
        service = self._store.get("InferenceService", service["metadata"]["namespace"], service["metadata"]["name"]) or service
        pods = self._pods(service)
        ready_pods = [p for p in pods if _ready(p)]
        ready = len(ready_pods) == _wanted(service)
        ingress = self._ingresses.get(service["metadata"]["uid"])
        if ready_pods and ingress is None:
            ingress = await self._open_ingress(service)
        if ingress is not None:
            ingress.replicas = {
                p["metadata"]["name"]: ingress.replicas.get(p["metadata"]["name"]) or application(_replica(service)) for p in ready_pods
            }
        before = {c["type"]: c for c in (service.get("status") or {}).get("conditions", [])}
        state = "True" if ready else "False"
        conditions = []
        for name in ("PredictorReady", "IngressReady", "Ready"):
            since = before[name]["lastTransitionTime"] if name in before and before[name]["status"] == state else now()
            conditions.append({"type": name, "status": state, "lastTransitionTime": since})
        status: Object = {
            "conditions": conditions,
            "modelStatus": {"transitionStatus": "UpToDate" if ready else "InProgress"},
            "observedGeneration": service["metadata"]["generation"],
        }
        if ready and ingress is not None:
            status["url"] = ingress.url
        became_ready = ready and not any(c["type"] == "Ready" and c["status"] == "True" for c in before.values())
        updated = self._store.update(service | {"status": status})
        if became_ready:
            self._store.event(updated, "InferenceServiceReady", f"InferenceService [{service['metadata']['name']}] is Ready")

    async def _open_ingress(self, service: Object) -> Ingress:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The port it had before a restart, if it is still free: clients keep their URL.
        last = ((service.get("status") or {}).get("url") or ":0").rsplit(":", 1)[1]
        try:
            listener.bind(("127.0.0.1", int(last)))
        except OSError:
            listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            await ingress(scope, receive, send)

        server = uvicorn.Server(uvicorn.Config(serve, log_config=None, lifespan="off"))
        ingress = Ingress(server, url)
        self._ingresses[service["metadata"]["uid"]] = ingress
        task = asyncio.create_task(_serve(server, listener))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        return ingress


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        # Signals are the main server's business.
        await server._serve([listener])


def _owned(service: Object, api_version: str, kind: str, name: str) -> Object:
    meta = service["metadata"]
    owner = {"apiVersion": service["apiVersion"], "kind": "InferenceService", "name": meta["name"], "uid": meta["uid"], "controller": True}
    labels = {"serving.kserve.io/inferenceservice": meta["name"]}
    metadata = {"name": name, "namespace": meta["namespace"], "labels": labels, "ownerReferences": [owner]}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def _wanted(service: Object) -> int:
    return int(service["spec"]["predictor"].get("minReplicas", 1))


def _gpus_wanted(pod: Object) -> tuple[str, int]:
    limits = pod["spec"]["containers"][0]["resources"].get("limits", {})
    return next(((k, int(v)) for k, v in limits.items() if k.endswith("/gpu")), ("nvidia.com/gpu", 0))


def _ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])


def _model_id(service: Object) -> str:
    uri = str(service["spec"]["predictor"]["model"].get("storageUri", ""))
    return uri.removeprefix("hf://").split(":")[0]


def _replica(service: Object) -> Replica:
    predictor = service["spec"]["predictor"]
    arguments = dict(a.removeprefix("--").split("=", 1) for a in predictor["model"].get("args", []) if "=" in a)
    wanted = predictor.get("nodeSelector", {})
    gpu: Gpu = next((g for g in gpus().values() if wanted.get(g.node_label_key) == g.node_label), next(iter(gpus().values())))
    return Replica(
        models()[_model_id(service)], gpu, int(arguments.get("tensor-parallel-size", 1)), int(arguments.get("max-model-len", 8192))
    )
