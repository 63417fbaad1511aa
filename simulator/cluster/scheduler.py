"""Pods find their nodes, by selector, taints and free GPUs; those that don't are told
why, in the scheduler's words.
"""

from __future__ import annotations

from simulator.cluster.objects import Object, condition, labels, with_conditions
from simulator.cluster.orders import Orders
from simulator.cluster.store import Store


class Scheduler:
    def __init__(self, store: Store, orders: Orders) -> None:
        self._store = store
        self._orders = orders

    def reconcile(self) -> None:
        waiting = [
            p
            for p in self._store.of("Pod")
            if not p["spec"].get("nodeName") and not p["metadata"].get("deletionTimestamp")
        ]
        if not waiting:
            return
        nodes = list(self._store.of("Node"))
        free = self._free(nodes)
        for pod in waiting:
            self._place(pod, nodes, free)

    def _free(self, nodes: list[Object]) -> dict[str, int]:
        """GPUs that no pod holds, by node."""
        free = {
            n["metadata"]["name"]: sum(
                int(v) for k, v in n["status"]["allocatable"].items() if k.endswith("/gpu")
            )
            for n in nodes
        }
        for pod in self._store.of("Pod"):
            node = pod["spec"].get("nodeName")
            if node in free and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
                free[node] -= gpus_of(pod)[1]
        return free

    def _place(self, pod: Object, nodes: list[Object], free: dict[str, int]) -> None:
        resource, wanted = gpus_of(pod)
        selector, tolerations = pod["spec"].get("nodeSelector") or {}, pod["spec"].get("tolerations") or []
        lacking: dict[str, int] = {}
        for node in nodes:
            name = node["metadata"]["name"]
            why = ""
            if self._orders.strikes("no-gpus", pod["metadata"]["name"]):
                why = f"Insufficient {resource}"
            elif any(labels(node).get(k) != v for k, v in selector.items()):
                why = "node(s) didn't match Pod's node affinity/selector"
            elif taint := _untolerated(node, tolerations):
                why = f"node(s) had untolerated taint {{{taint}}}"
            elif wanted and (resource not in node["status"]["allocatable"] or free[name] < wanted):
                why = f"Insufficient {resource}"
            if not why:
                free[name] -= wanted
                placed = {"type": "PodScheduled", "status": "True"}
                pod = self._store.update(pod | {"spec": pod["spec"] | {"nodeName": name}})
                self._store.status(pod, pod["status"] | {"conditions": with_conditions(pod, [placed])})
                self._store.event(
                    pod,
                    "Scheduled",
                    f"Successfully assigned {pod['metadata']['namespace']}/{pod['metadata']['name']} to"
                    f" {name}",
                    source="default-scheduler",
                )
                return
            lacking[why] = lacking.get(why, 0) + 1
        message = (
            f"0/{len(nodes)} nodes are available: "
            + ", ".join(f"{n} {why}" for why, n in sorted(lacking.items()))
            + "."
        )
        if condition(pod, "PodScheduled").get("message") != message:
            refused = {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": message,
            }
            self._store.status(pod, pod["status"] | {"conditions": with_conditions(pod, [refused])})
            self._store.event(pod, "FailedScheduling", message, "Warning", "default-scheduler")


def gpus_of(pod: Object) -> tuple[str, int]:
    """The GPU resource that a pod asks for, and how many."""
    for container in pod["spec"]["containers"]:
        for name, count in ((container.get("resources") or {}).get("limits") or {}).items():
            if name.endswith("/gpu"):
                return name, int(count)
    return "nvidia.com/gpu", 0


def _untolerated(node: Object, tolerations: list[Object]) -> str | None:
    for taint in node.get("spec", {}).get("taints") or []:
        tolerated = any(
            t.get("effect") in (None, taint["effect"])
            and (t.get("key") in (None, taint["key"]))
            and (t.get("operator") == "Exists" or t.get("value", "") == taint.get("value", ""))
            for t in tolerations
        )
        if taint["effect"] in ("NoSchedule", "NoExecute") and not tolerated:
            return f"{taint['key']}: {taint.get('value', '')}"
    return None
