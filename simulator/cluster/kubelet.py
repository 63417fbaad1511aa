"""The lives of pods: images, downloads, loading, readiness; and how each goes wrong, with
events, states and logs as of the real thing.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from simulator.cluster.engine_logs import engine_log
from simulator.cluster.logs import Logs
from simulator.cluster.objects import Object, is_true, now, with_conditions
from simulator.cluster.orders import Orders
from simulator.cluster.serving import Serving, serving_of
from simulator.cluster.store import Store

PULL_S = 5.0
START_S = 5.0
DOWNLOAD_GB_PER_S = 1.0
FIRST_BACK_OFF_S = 10.0
LONGEST_BACK_OFF_S = 300.0
INITIALIZER = "storage-initializer"
HUB_TOKEN = "HF_TOKEN"  # noqa: S105 - a Secret's key, and the variable that it becomes


@dataclass
class Life:
    """What a pod does now, and until when by the monotonic clock."""

    stage: str
    until: float
    restarts: int = 0


@dataclass(frozen=True)
class Death:
    """How a container ends that doesn't live."""

    container: str
    reason: str
    exit_code: int
    log: tuple[str, ...]


def back_off_s(restarts: int) -> float:
    """How long the kubelet waits before the next start: twice as long each time, five minutes at most."""
    doublings = math.log2(
        LONGEST_BACK_OFF_S / FIRST_BACK_OFF_S
    )  # beyond them it stays as it is, however often it dies
    return min(FIRST_BACK_OFF_S * 2.0 ** min(restarts - 1, math.ceil(doublings)), LONGEST_BACK_OFF_S)


class Kubelet:
    def __init__(self, store: Store, orders: Orders, logs: Logs, time_scale: float) -> None:
        """`time_scale` shortens every wait: 0.02 makes a minute 1.2 seconds."""
        self._store = store
        self._orders = orders
        self._logs = logs
        self._time_scale = time_scale
        self._lives: dict[str, Life] = {}

    def reconcile(self) -> None:
        living = set()
        for pod in self._store.of("Pod"):
            living.add(pod["metadata"]["uid"])
            if (
                pod["spec"].get("nodeName")
                and not is_true(pod, "Ready")
                and (pod.get("status") or {}).get("phase") != "Failed"
            ):
                self._live(pod)
        self._lives = {uid: life for uid, life in self._lives.items() if uid in living}
        self._logs.forget(living)

    def _live(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        life = self._lives.get(uid)
        if life is None:
            restarts = sum(
                s.get("restartCount", 0) for s in (pod.get("status") or {}).get("containerStatuses") or []
            )
            self._enter(pod, "pulling", PULL_S, restarts)
            self._show(pod, _waiting(pod, "ContainerCreating"))
            return
        if time.monotonic() < life.until:
            return
        getattr(self, f"_after_{life.stage}")(pod, life)

    def _enter(self, pod: Object, stage: str, seconds: float, restarts: int) -> None:
        self._lives[pod["metadata"]["uid"]] = Life(
            stage, time.monotonic() + seconds * self._time_scale, restarts
        )

    def _after_pulling(self, pod: Object, life: Life) -> None:
        image = pod["spec"]["containers"][0].get("image", "")
        missing = self._missing_secret(pod)
        if self._struck("config-error", pod):
            missing = 'configmap "proxy-settings" not found'
        if self._struck("image-pull", pod):
            why = (
                f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": not found'
            )
            self._event(
                pod,
                "Failed",
                f'Failed to pull image "{image}": rpc error: code = NotFound desc = {why}',
                warning=True,
            )
            self._event(pod, "Failed", "Error: ErrImagePull", warning=True)
            self._event(pod, "BackOff", f'Back-off pulling image "{image}"', warning=True)
            self._show(
                pod,
                _waiting(pod, "ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {why}'),
            )
            self._enter(pod, "pulling", FIRST_BACK_OFF_S, life.restarts)
        elif missing:
            self._event(pod, "Failed", f"Error: {missing}", warning=True)
            self._show(pod, _waiting(pod, "CreateContainerConfigError", missing))
            self._enter(pod, "pulling", FIRST_BACK_OFF_S, life.restarts)
        else:
            self._event(pod, "Pulled", f'Successfully pulled image "{image}"')
            serving = serving_of(pod)
            if pod["spec"].get("initContainers") and serving is not None:
                self._event(pod, "Started", f"Started container {INITIALIZER}")
                self._logs.write(
                    pod, INITIALIZER, f"INFO Copying contents of hf://{serving.model_id} to /mnt/models"
                )
                self._show(pod, _initializing(pod))
                self._enter(pod, "downloading", serving.weights_gb / DOWNLOAD_GB_PER_S, life.restarts)
            else:
                self._begin(pod, life)

    def _after_downloading(self, pod: Object, life: Life) -> None:
        serving = serving_of(pod)
        death = self._download_failure(pod, serving) if serving else None
        if death is not None:
            self._die(pod, life, death)
            return
        self._logs.write(pod, INITIALIZER, "INFO Successfully copied the model")
        self._begin(pod, life)

    def _begin(self, pod: Object, life: Life) -> None:
        name = pod["spec"]["containers"][0]["name"]
        serving = serving_of(pod)
        self._event(pod, "Started", f"Started container {name}")
        self._logs.write(
            pod,
            name,
            "INFO vLLM API server (simulated), args:"
            f" {' '.join(pod['spec']['containers'][0].get('args') or [])}",
        )
        self._show(pod, _running(pod, ready=False, restarts=life.restarts), initialized=True)
        self._enter(pod, "loading", START_S if serving else 0.0, life.restarts)

    def _after_loading(self, pod: Object, life: Life) -> None:
        serving = serving_of(pod)
        name = pod["spec"]["containers"][0]["name"]
        if self._struck("slow-start", pod):
            self._event(
                pod,
                "Unhealthy",
                'Startup probe failed: Get "http://10.0.0.1:8080/v1/models": connection refused',
                warning=True,
            )
            self._event(pod, "Killing", f"Container {name} failed startup probe, will be restarted")
            self._die(
                pod,
                life,
                Death(name, "Error", 143, ("INFO Loading safetensors checkpoint shards: 41% Completed",)),
            )
            return
        if self._struck("evicted", pod):
            self._evict(pod)
            return
        death = self._load_failure(pod, serving, name)
        if death is not None:
            self._die(pod, life, death)
            return
        self._logs.write(pod, name, "INFO Application startup complete.")
        self._show(pod, _running(pod, ready=True, restarts=life.restarts), initialized=True, ready=True)
        self._lives.pop(pod["metadata"]["uid"], None)

    def _after_back_off(self, pod: Object, life: Life) -> None:
        """Try again from where it died; what was wrong may have been put right."""
        self._enter(pod, "pulling", 0.0, life.restarts)

    def _evict(self, pod: Object) -> None:
        """Taken away by its node for good; the ReplicaSet makes another."""
        name = pod["spec"]["containers"][0]["name"]
        why = "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 7Gi."
        message = (
            f"{why} Container {name} was using 42Gi, request is 0, has larger consumption of"
            " ephemeral-storage."
        )
        self._event(pod, "Evicted", message, warning=True)
        disrupted = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "TerminationByKubelet",
            "message": message,
        }
        conditions = with_conditions(pod, [disrupted, {"type": "Ready", "status": "False"}])
        self._store.status(
            pod, {"phase": "Failed", "reason": "Evicted", "message": message, "conditions": conditions}
        )
        self._lives.pop(pod["metadata"]["uid"], None)

    def _die(self, pod: Object, life: Life, death: Death) -> None:
        self._logs.write(pod, death.container, *death.log)
        self._logs.end(pod, death.container)
        restarts = life.restarts + 1
        wait = back_off_s(restarts)
        message = (
            f"back-off {wait:.0f}s restarting failed container={death.container}"
            f" pod={pod['metadata']['name']}"
        )
        self._event(
            pod,
            "BackOff",
            f"Back-off restarting failed container {death.container} in pod {pod['metadata']['name']}",
            warning=True,
        )
        terminated = {
            "terminated": {
                "exitCode": death.exit_code,
                "reason": death.reason,
                "finishedAt": now(),
                "startedAt": now(),
            }
        }
        if death.container == INITIALIZER:
            terminated["terminated"]["message"] = death.log[-1]
        entry = _status(pod, death.container, restarts=restarts) | {
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": message}},
            "lastState": terminated,
        }
        statuses = (
            {"initContainerStatuses": [entry]} | _waiting(pod, "PodInitializing")
            if death.container == INITIALIZER
            else {"containerStatuses": [entry]}
        )
        self._show(pod, statuses)
        self._enter(pod, "back_off", wait, restarts)

    def _download_failure(self, pod: Object, serving: Serving) -> Death | None:
        url = f"https://huggingface.co/{serving.model_id}"
        if serving.model is None:
            why = (
                "huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error. Repository Not Found for"
                f" url: {url}"
            )
        elif self._struck("unauthorized", pod) or (serving.model.gated and not _has_token(pod)):
            why = (
                "huggingface_hub.errors.GatedRepoError: 401 Client Error. Cannot access gated repo for url"
                f" {url}. Access is restricted."
            )
        elif self._struck("disk-full", pod):
            why = (
                "OSError: [Errno 28] No space left on device: '/mnt/models/model-00002-of-00004.safetensors'"
            )
        elif self._struck("init-oom", pod):
            return Death(INITIALIZER, "OOMKilled", 137, ("INFO Fetching 14 files: 36%",))
        else:
            return None
        return Death(INITIALIZER, "Error", 1, ("Traceback (most recent call last):", why))

    def _load_failure(self, pod: Object, serving: Serving | None, container: str) -> Death | None:
        if self._struck("oom", pod):
            return Death(
                container, "OOMKilled", 137, ("INFO Loading safetensors checkpoint shards: 73% Completed",)
            )
        if self._struck("crash", pod):
            return Death(
                container,
                "Error",
                1,
                engine_log(
                    "RuntimeError: Failed to find C compiler. Please specify via CC environment variable."
                ),
            )
        if self._struck("kv-cache", pod):
            need = (
                "To serve at least one request with the model's max seq len (8192), (1.12 GiB KV cache is"
                " needed, which is larger than"
            )
            return Death(
                container,
                "Error",
                1,
                engine_log(f"ValueError: {need} the available KV cache memory (0.54 GiB)."),
            )
        if serving is not None and not serving.fits:
            why = (
                f"{serving.weights_gib:.1f} GiB of weights on {serving.gpu_count} GPUs with"
                f" {serving.gpu.memory_gb} GB each"
            )
            return Death(
                container, "Error", 1, engine_log(f"torch.OutOfMemoryError: CUDA out of memory: {why}.")
            )
        return None

    def _missing_secret(self, pod: Object) -> str | None:
        for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
            for entry in container.get("env") or []:
                wanted: dict[str, Any] | None = (entry.get("valueFrom") or {}).get("secretKeyRef")
                if wanted and not wanted.get("optional"):
                    secret = self._store.get("Secret", pod["metadata"]["namespace"], wanted["name"])
                    if secret is None:
                        return f'secret "{wanted["name"]}" not found'
                    if wanted["key"] not in {
                        **(secret.get("data") or {}),
                        **(secret.get("stringData") or {}),
                    }:
                        return (
                            f"couldn't find key {wanted['key']} in Secret"
                            f" {pod['metadata']['namespace']}/{wanted['name']}"
                        )
        return None

    def _struck(self, failure: Any, pod: Object) -> bool:
        return self._orders.strikes(failure, pod["metadata"]["name"])

    def _event(self, pod: Object, reason: str, message: str, warning: bool = False) -> None:
        self._store.event(pod, reason, message, "Warning" if warning else "Normal", "kubelet")

    def _show(self, pod: Object, statuses: Object, initialized: bool = False, ready: bool = False) -> None:
        current = self._store.get("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        if current is None:
            return
        states = {
            "PodScheduled": True,
            "Initialized": initialized or not pod["spec"].get("initContainers"),
            "ContainersReady": ready,
            "Ready": ready,
        }
        conditions = with_conditions(current, [{"type": t, "status": str(s)} for t, s in states.items()])
        phase = "Running" if initialized else "Pending"
        address = {
            "podIP": "127.0.0.1",
            "hostIP": "127.0.0.1",
            "startTime": current["status"].get("startTime") or now(),
        }
        self._store.status(current, {"phase": phase, "conditions": conditions} | address | statuses)


def _has_token(pod: Object) -> bool:
    """Whether the container that downloads may say who it is."""
    return any(
        e["name"] == HUB_TOKEN for c in pod["spec"].get("initContainers") or [] for e in c.get("env") or []
    )


def _status(pod: Object, container: str, restarts: int = 0, ready: bool = False) -> Object:
    every = [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]
    image = next((c.get("image", "") for c in every if c["name"] == container), "")
    return {
        "name": container,
        "image": image,
        "imageID": image,
        "ready": ready,
        "started": ready,
        "restartCount": restarts,
    }


def _waiting(pod: Object, reason: str, message: str = "") -> Object:
    state = {"waiting": {"reason": reason} | ({"message": message} if message else {})}
    return {
        "containerStatuses": [_status(pod, c["name"]) | {"state": state} for c in pod["spec"]["containers"]]
    }


def _initializing(pod: Object) -> Object:
    running = {"state": {"running": {"startedAt": now()}}}
    return {"initContainerStatuses": [_status(pod, INITIALIZER) | running]} | _waiting(pod, "PodInitializing")


def _running(pod: Object, ready: bool, restarts: int) -> Object:
    state = {"state": {"running": {"startedAt": now()}}}
    done = {
        "state": {
            "terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now(), "finishedAt": now()}
        }
    }
    found: Object = {
        "containerStatuses": [
            _status(pod, c["name"], restarts, ready) | state for c in pod["spec"]["containers"]
        ]
    }
    if pod["spec"].get("initContainers"):
        found["initContainerStatuses"] = [_status(pod, INITIALIZER, ready=True) | done]
    return found
