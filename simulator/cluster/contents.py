"""What a new simulated cluster holds: namespaces, nodes with GPUs, KServe's runtime, and
a token that opens gated models.
"""

from __future__ import annotations

from knowledge.catalogue import gpus
from simulator.cluster.objects import Object
from simulator.cluster.orders import NAMESPACE
from simulator.cluster.store import Store

NODES_PER_GPU_TYPE = 4
GPUS_PER_NODE = 8
NAMESPACES = ("default", "kube-system", "kserve", NAMESPACE)


def fill(store: Store, inventory: dict[str, int]) -> None:
    """Add what is missing. `inventory` is the number of GPUs by type; types that it
    doesn't name get four nodes of eight.
    """
    if store.get("Namespace", "", "default") is not None:
        return
    for name in NAMESPACES:
        store.create(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": name},
                "status": {"phase": "Active"},
            }
        )
    store.create(_node("cpu-1", {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}, {}, []))
    for gpu in gpus().values():
        remaining, number = inventory.get(gpu.id, NODES_PER_GPU_TYPE * GPUS_PER_NODE), 0
        while remaining > 0:
            number += 1
            labels = {
                gpu.node_label_key: gpu.node_label,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
            }
            devices: dict[str, str] = {gpu.resource: str(min(GPUS_PER_NODE, remaining))}
            store.create(
                _node(
                    f"{gpu.id.lower()}-{number}",
                    labels,
                    devices,
                    [{"key": gpu.resource, "effect": "NoSchedule"}],
                )
            )
            remaining -= GPUS_PER_NODE
    store.create(
        {
            "apiVersion": "serving.kserve.io/v1alpha1",
            "kind": "ClusterServingRuntime",
            "metadata": {"name": "kserve-vllmserver"},
            "spec": {
                "supportedModelFormats": [{"name": "vLLM", "autoSelect": True}],
                "containers": [{"name": "kserve-container"}],
            },
        }
    )
    token = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "hf-token", "namespace": "default"},
        "type": "Opaque",
    }
    store.create(token | {"data": {"HF_TOKEN": "c2ltdWxhdGVk"}})  # "simulated"


def _node(name: str, labels: dict[str, str], devices: dict[str, str], taints: list[Object]) -> Object:
    resources = {"cpu": "192", "memory": "2048Gi", "pods": "250"} | devices
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
    }
    times = {"lastHeartbeatTime": "2026-01-01T00:00:00Z", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    info = {
        "architecture": "amd64",
        "bootID": "",
        "containerRuntimeVersion": "containerd://2.1.0",
        "kernelVersion": "",
        "kubeProxyVersion": "",
        "kubeletVersion": "v1.36.0",
        "machineID": "",
        "operatingSystem": "linux",
        "osImage": "simulated",
        "systemUUID": "",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": taints},
        "status": {
            "capacity": resources,
            "allocatable": resources,
            "conditions": [ready | times],
            "nodeInfo": info,
        },
    }
