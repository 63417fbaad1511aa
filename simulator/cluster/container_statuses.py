"""What a kubelet reports of a pod's containers."""

from __future__ import annotations

from simulator.cluster.objects import Object, now

INITIALIZER = "storage-initializer"


def container_status(pod: Object, container: str, restarts: int = 0, ready: bool = False) -> Object:
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


def waiting(pod: Object, reason: str, message: str = "") -> Object:
    state = {"waiting": {"reason": reason} | ({"message": message} if message else {})}
    return {
        "containerStatuses": [
            container_status(pod, c["name"]) | {"state": state} for c in pod["spec"]["containers"]
        ]
    }


def initializing(pod: Object) -> Object:
    running = {"state": {"running": {"startedAt": now()}}}
    return {"initContainerStatuses": [container_status(pod, INITIALIZER) | running]} | waiting(
        pod, "PodInitializing"
    )


def running(pod: Object, ready: bool, restarts: int) -> Object:
    state = {"state": {"running": {"startedAt": now()}}}
    done = {
        "state": {
            "terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now(), "finishedAt": now()}
        }
    }
    found: Object = {
        "containerStatuses": [
            container_status(pod, c["name"], restarts, ready) | state for c in pod["spec"]["containers"]
        ]
    }
    if pod["spec"].get("initContainers"):
        found["initContainerStatuses"] = [container_status(pod, INITIALIZER, ready=True) | done]
    return found
