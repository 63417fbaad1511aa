"""The lives of pods: images, downloads, loading, readiness, and dying, with events, states and logs as
of the real thing.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from simulator.cluster.container_statuses import (
    INITIALIZER,
    container_status,
    initializing,
    running,
    waiting,
)
from simulator.cluster.deaths import Death, Deaths
from simulator.cluster.logs import Logs
from simulator.cluster.objects import Object, is_true, now, with_conditions
from simulator.cluster.orders import Orders
from simulator.cluster.serving import serving_of
from simulator.cluster.store import Store

PULL_S = 5.0
START_S = 5.0
DOWNLOAD_GB_PER_S = 1.0
FIRST_BACK_OFF_S = 10.0
LONGEST_BACK_OFF_S = 300.0


@dataclass
class Life:
    """What a pod does now, and until when by the monotonic clock."""

    stage: str
    until: float
    restarts: int = 0


def back_off_s(restarts: int) -> float:
    """How long the kubelet waits before the next start: twice as long each time, five minutes at most."""
    # Beyond so many doublings it stays as it is, however often a container dies.
    doublings = math.log2(LONGEST_BACK_OFF_S / FIRST_BACK_OFF_S)
    return min(FIRST_BACK_OFF_S * 2.0 ** min(restarts - 1, math.ceil(doublings)), LONGEST_BACK_OFF_S)


class Kubelet:
    def __init__(self, store: Store, orders: Orders, logs: Logs, time_scale: float) -> None:
        """`time_scale` shortens every wait: 0.02 makes a minute 1.2 seconds."""
        self._store = store
        self._deaths = Deaths(store, orders)
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
            self._show(pod, waiting(pod, "ContainerCreating"))
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
        missing = self._deaths.missing_secret(pod)
        if self._deaths.struck("config-error", pod):
            missing = 'configmap "proxy-settings" not found'
        if self._deaths.struck("image-pull", pod):
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
                waiting(pod, "ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {why}'),
            )
            self._enter(pod, "pulling", FIRST_BACK_OFF_S, life.restarts)
        elif missing:
            self._event(pod, "Failed", f"Error: {missing}", warning=True)
            self._show(pod, waiting(pod, "CreateContainerConfigError", missing))
            self._enter(pod, "pulling", FIRST_BACK_OFF_S, life.restarts)
        else:
            self._event(pod, "Pulled", f'Successfully pulled image "{image}"')
            serving = serving_of(pod)
            if pod["spec"].get("initContainers") and serving is not None:
                self._event(pod, "Started", f"Started container {INITIALIZER}")
                self._logs.write(
                    pod, INITIALIZER, f"INFO Copying contents of hf://{serving.model_id} to /mnt/models"
                )
                self._show(pod, initializing(pod))
                self._enter(pod, "downloading", serving.weights_gb / DOWNLOAD_GB_PER_S, life.restarts)
            else:
                self._begin(pod, life)

    def _after_downloading(self, pod: Object, life: Life) -> None:
        serving = serving_of(pod)
        death = self._deaths.of_download(pod, serving) if serving else None
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
        self._show(pod, running(pod, ready=False, restarts=life.restarts), initialized=True)
        self._enter(pod, "loading", START_S if serving else 0.0, life.restarts)

    def _after_loading(self, pod: Object, life: Life) -> None:
        serving = serving_of(pod)
        name = pod["spec"]["containers"][0]["name"]
        if self._deaths.struck("slow-start", pod):
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
        if self._deaths.struck("evicted", pod):
            self._evict(pod)
            return
        death = self._deaths.of_load(pod, serving, name)
        if death is not None:
            self._die(pod, life, death)
            return
        self._logs.write(pod, name, "INFO Application startup complete.")
        self._show(pod, running(pod, ready=True, restarts=life.restarts), initialized=True, ready=True)
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
        entry = container_status(pod, death.container, restarts=restarts) | {
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": message}},
            "lastState": terminated,
        }
        statuses = (
            {"initContainerStatuses": [entry]} | waiting(pod, "PodInitializing")
            if death.container == INITIALIZER
            else {"containerStatuses": [entry]}
        )
        self._show(pod, statuses)
        self._enter(pod, "back_off", wait, restarts)

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
