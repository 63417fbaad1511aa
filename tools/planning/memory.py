"""The memory breakdown of an option, for people and for `--json`. GiB over all GPUs of one replica."""

from __future__ import annotations

from functools import cache

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.estimator.memory import plan_memory
from tools.planning.figures import Amount, Count
from tools.specification import Contract


class Memory(Contract):
    """`usable_gib` = weights + activations + non-torch + KV cache; sequences are of the traffic profile's length."""

    usable_gib: Amount
    weights_gib: Amount
    activations_gib: Amount
    non_torch_gib: Amount
    kv_cache_gib: Amount
    kv_kib_per_token: Amount
    max_sequences: Count
    max_context_tokens: Count

    def __str__(self) -> str:
        spent = (
            f"{self.weights_gib:,.1f} hold weights, {self.activations_gib:,.1f} activations, {self.non_torch_gib:,.1f} drivers and"
            f" communication, and {self.kv_cache_gib:,.1f} the KV cache ({self.kv_kib_per_token:,.0f} KiB a token)"
        )
        room = f"{self.max_sequences} such requests at once, or one of up to {self.max_context_tokens:,} tokens"
        return f"of {self.usable_gib:,.0f} GiB that vLLM may use, {spent}: {room}"


@cache
def memory_of(model_id: str, gpu_type: str, gpu_count: int, profile: TrafficProfile) -> Memory:
    """How one replica spends its memory at this traffic profile."""
    tokens = profile.prompt_tokens + profile.output_tokens
    plan = plan_memory(models()[model_id], gpus()[gpu_type], gpu_count, tokens)
    return Memory(
        usable_gib=round(plan.budget_gib, 1),
        weights_gib=round(plan.weights_gib, 1),
        activations_gib=round(plan.activations_gib, 1),
        non_torch_gib=round(plan.non_torch_gib, 2),
        kv_cache_gib=round(plan.kv_cache_gib, 1),
        kv_kib_per_token=round(plan.kv_bytes_per_sequence / tokens / 1024, 1),
        max_sequences=plan.max_sequences,
        max_context_tokens=plan.max_context_tokens,
    )
