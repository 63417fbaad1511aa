"""Why a replica of a model can't be split over so many GPUs: vLLM's rules, and memory."""

from __future__ import annotations

from knowledge.catalogue import Gpu
from knowledge.estimator.memory import plan_memory, runs_on, tensor_parallel_possible
from knowledge.model import Model

SPLITS = (1, 2, 4, 8)
"""GPUs of one replica that anything is known of."""


def why_not_split(model: Model, gpu: Gpu, gpu_count: int, tokens: int) -> str | None:
    """In words; None where vLLM can serve requests of so many tokens so."""
    if not runs_on(model, gpu):
        return f"vLLM has no {model.weight_format} kernels for {gpu.id}"
    if not tensor_parallel_possible(model, gpu_count):
        return _uneven(model, gpu_count)
    plan = plan_memory(model, gpu, gpu_count, tokens)
    if plan.kv_cache_gib <= 0:
        room = plan.budget_gib - plan.activations_gib - plan.non_torch_gib
        return f"its weights of {plan.weights_gib:,.0f} GiB don't fit into {max(0.0, room):,.0f} GiB"
    if not plan.fits or plan.max_context_tokens < tokens:
        return (
            f"beside its weights there is room for a request of {plan.max_context_tokens:,} tokens, not of"
            f" {tokens:,}"
        )
    return None


def _uneven(model: Model, gpu_count: int) -> str:
    if model.attention_heads % gpu_count:
        return f"its {model.attention_heads} attention heads don't divide by {gpu_count}"
    kv_even = model.kv_heads % gpu_count == 0 or gpu_count % model.kv_heads == 0
    if model.latent_attention is None and not kv_even:
        return f"its {model.kv_heads} KV heads can be neither divided nor copied evenly over {gpu_count} GPUs"
    return f"groups of its {model.weight_format} weights would be cut by {gpu_count}"
