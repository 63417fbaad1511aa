"""What keeps a pod's containers from starting, and how they end: by what the cluster lacks, or because it was
ordered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.cluster.container_statuses import INITIALIZER
from simulator.cluster.engine_logs import engine_log
from simulator.cluster.objects import Object
from simulator.cluster.orders import Order, Orders
from simulator.cluster.serving import Serving
from simulator.cluster.store import Store

HUB_TOKEN = "HF_TOKEN"  # noqa: S105 - a Secret's key, and the variable that it becomes


@dataclass(frozen=True)
class Death:
    """How a container ends that doesn't live."""

    container: str
    reason: str
    exit_code: int
    log: tuple[str, ...]


class Deaths:
    def __init__(self, store: Store, orders: Orders) -> None:
        self._store, self._orders = store, orders

    def struck(self, failure: Order, pod: Object) -> bool:
        return self._orders.strikes(failure, pod["metadata"]["name"])

    def of_download(self, pod: Object, serving: Serving) -> Death | None:
        url = f"https://huggingface.co/{serving.model_id}"
        if serving.model is None:
            why = (
                "huggingface_hub.errors.RepositoryNotFoundError: 404 Client Error. Repository Not Found for"
                f" url: {url}"
            )
        elif self.struck("unauthorized", pod) or (serving.model.gated and not _has_token(pod)):
            why = (
                "huggingface_hub.errors.GatedRepoError: 401 Client Error. Cannot access gated repo for url"
                f" {url}. Access is restricted."
            )
        elif self.struck("disk-full", pod):
            why = (
                "OSError: [Errno 28] No space left on device: '/mnt/models/model-00002-of-00004.safetensors'"
            )
        elif self.struck("init-oom", pod):
            return Death(INITIALIZER, "OOMKilled", 137, ("INFO Fetching 14 files: 36%",))
        else:
            return None
        return Death(INITIALIZER, "Error", 1, ("Traceback (most recent call last):", why))

    def of_load(self, pod: Object, serving: Serving | None, container: str) -> Death | None:
        if self.struck("oom", pod):
            return Death(
                container, "OOMKilled", 137, ("INFO Loading safetensors checkpoint shards: 73% Completed",)
            )
        if self.struck("crash", pod):
            return Death(
                container,
                "Error",
                1,
                engine_log(
                    "RuntimeError: Failed to find C compiler. Please specify via CC environment variable."
                ),
            )
        if self.struck("kv-cache", pod):
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

    def missing_secret(self, pod: Object) -> str | None:
        """What a container needs from a Secret and can't have, in the kubelet's words."""
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


def _has_token(pod: Object) -> bool:
    """Whether the container that downloads may say who it is."""
    return any(
        e["name"] == HUB_TOKEN for c in pod["spec"].get("initContainers") or [] for e in c.get("env") or []
    )
