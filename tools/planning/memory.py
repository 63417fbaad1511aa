"""The memory breakdown of an option, for people and for `--json`. GiB over all GPUs of one replica."""

from __future__ import annotations

import math
from functools import cache

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.estimator.memory import longest_beside, plan_memory
from tools.planning.plan import Memory

ROUNDED_TO = 1024
"""Tokens: context lengths are powers of two or a few times one."""
LEAST_OF_PLANNED = 2
"""Requests differ in length, so that at least so many times the planned one, rounded up
to a power of two, is served where it fits.
"""


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


def served_context(
    model_id: str,
    gpu_type: str,
    gpu_count: int,
    profile: TrafficProfile,
    in_flight: float,
    asked_tokens: int | None = None,
) -> int:
    """Tokens of the longest request, prompt and answer together, that one replica
    serves: vLLM's `--max-model-len`.

    The model's own length, as far as the KV cache holds it beside `in_flight` requests of the planned
    traffic: a cache costs nothing while it isn't used, so a shorter limit would only refuse requests; but a
    longer one would let a single request take the room of those that the latencies were promised for. In
    whole thousands (1,024). What was asked for, and twice the planned request, is served whatever the load,
    as long as the cache holds it alone: else vLLM wouldn't start.
    """
    tokens = profile.prompt_tokens + profile.output_tokens
    beside = longest_beside(models()[model_id], gpus()[gpu_type], gpu_count, tokens, math.ceil(in_flight))
    least = max(1 << (LEAST_OF_PLANNED * tokens - 1).bit_length(), tokens_asked(asked_tokens or 0))
    alone = memory_of(model_id, gpu_type, gpu_count, profile).max_context_tokens
    return min(alone, max(beside // ROUNDED_TO * ROUNDED_TO, least))


def requests_in_flight(requests_per_second: float, e2e_p95_ms: float) -> float:
    """By Little's law, with the p95 for the mean: what one replica holds at this rate in
    a busy moment rather than on average.
    """
    return requests_per_second * e2e_p95_ms / 1000


def tokens_asked(said: int) -> int:
    """What must be served so that a context holds as it was said: 32,000 may be a “32k”
    that means 32,768, and a million 1,048,576.
    """
    if said % 1000:
        return said
    return tokens_asked(said // 1000) * ROUNDED_TO if said >= 1_000_000 else said // 1000 * ROUNDED_TO


def context_in_words(context_tokens: int, model_id: str) -> str:
    """The context that is served, beside the model's own where that is longer."""
    model = models().get(model_id)
    own = (
        f"; the model can {model.context_tokens:,}" if model and model.context_tokens > context_tokens else ""
    )
    return f"{context_tokens:,} tokens of prompt and answer{own}"
