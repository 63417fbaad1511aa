"""What a pod serves, read from its containers as the processes in them would: model, GPU,
tensor parallel, context length.
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.catalogue import Gpu, gpus, models
from knowledge.estimator.memory import GIB, weights_bytes
from knowledge.model import Model
from simulator.cluster.objects import Object
from simulator.vllm.thoughts import NOTHING_TOLD, Told

DEFAULT_CONTEXT = 8192


@dataclass(frozen=True)
class Serving:
    model_id: str
    model: Model | None
    """None if no such model can be downloaded."""
    gpu: Gpu
    gpu_count: int
    max_model_len: int
    told: Told = NOTHING_TOLD

    @property
    def weights_gb(self) -> float:
        return weights_bytes(self.model) / 1e9 if self.model else 0.0

    @property
    def fits(self) -> bool:
        return (
            self.model is None or weights_bytes(self.model) < 0.9 * self.gpu.memory_gb * 1e9 * self.gpu_count
        )

    @property
    def weights_gib(self) -> float:
        return weights_bytes(self.model) / GIB if self.model else 0.0


def serving_of(pod: Object) -> Serving | None:
    """None for a pod that serves no model."""
    main = pod["spec"]["containers"][0]
    arguments = dict(_arguments(main.get("args") or []))
    uri = next(
        (
            a
            for c in pod["spec"].get("initContainers") or []
            for a in c.get("args") or []
            if a.startswith("hf://")
        ),
        None,
    )
    model_id = uri.removeprefix("hf://").split(":")[0] if uri else arguments.get("model")
    if model_id is None:
        return None
    wanted = pod["spec"].get("nodeSelector") or {}
    labelled = next((g for g in gpus().values() if wanted.get(g.node_label_key) == g.node_label), None)
    gpu = labelled or gpus().get(arguments.get("gpu", "")) or next(iter(gpus().values()))
    count = int(arguments.get("tensor-parallel-size") or arguments.get("gpu-count") or 1)
    context = int(arguments.get("max-model-len", DEFAULT_CONTEXT))
    return Serving(model_id, models().get(model_id), gpu, count, context, _told(arguments))


def _told(arguments: dict[str, str]) -> Told:
    """About thinking; what can't be read is as if nothing was said."""
    try:
        return Told.by(arguments.get("reasoning-parser"), arguments.get("default-chat-template-kwargs"))
    except ValueError:
        return NOTHING_TOLD


def _arguments(args: list[str]) -> list[tuple[str, str]]:
    """`--name=value` and `--name value` alike."""
    found = []
    for index, text in enumerate(args):
        if text.startswith("--"):
            name, equals, value = text.removeprefix("--").partition("=")
            found.append((name, value if equals else args[index + 1] if index + 1 < len(args) else ""))
    return found
