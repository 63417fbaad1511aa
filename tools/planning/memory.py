"""The memory breakdown of an option, for people and for `--json`. GiB over all GPUs of one replica."""

from __future__ import annotations

import math
from functools import lru_cache

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.estimator.memory import longest_beside, plan_memory
from tools.planning.plan import Memory

ROUNDED_TO = 1024
"""Tokens: context lengths are powers of two or a few times one."""
LEAST_OF_PLANNED = 2
"""Requests differ in length, so that at least so many times the planned one, rounded up
to a power of two, is served where it fits.
"""


@lru_cache(maxsize=4096)
def memory_of(
    model_id: str, gpu_type: str, gpu_count: int, profile: TrafficProfile, longest_tokens: int = 0
) -> Memory:
    """How one replica spends its memory at this traffic profile, and how many requests of the longest
    that must be possible it holds at once; 0 tokens for the planned length.
    """
    tokens = profile.prompt_tokens + profile.output_tokens
    model, gpu = models()[model_id], gpus()[gpu_type]
    plan = plan_memory(model, gpu, gpu_count, tokens)
    longest = min(model.context_tokens, max(tokens, longest_tokens))
    return Memory(
        usable_gib=round(plan.budget_gib, 1),
        weights_gib=round(plan.weights_gib, 1),
        activations_gib=round(plan.activations_gib, 1),
        non_torch_gib=round(plan.non_torch_gib, 2),
        kv_cache_gib=round(plan.kv_cache_gib, 1),
        kv_kib_per_token=round(plan.kv_bytes_per_sequence / tokens / 1024, 1),
        max_sequences=plan.max_sequences,
        max_context_tokens=plan.max_context_tokens,
        longest_tokens=longest,
        longest_at_once=requests_at_once(model_id, gpu_type, gpu_count, longest),
    )


@lru_cache(maxsize=8192)
def requests_at_once(model_id: str, gpu_type: str, gpu_count: int, tokens: int) -> int:
    """How many requests of so many tokens, prompt and answer together, one replica holds at once."""
    return plan_memory(models()[model_id], gpus()[gpu_type], gpu_count, tokens).max_sequences


@lru_cache(maxsize=8192)
def longest_alone(model_id: str, gpu_type: str, gpu_count: int) -> int:
    """Tokens of the longest request that one replica holds with nothing beside it; 0 for what the catalogue
    lacks.
    """
    model, gpu = models().get(model_id), gpus().get(gpu_type)
    return plan_memory(model, gpu, gpu_count, 1).max_context_tokens if model and gpu else 0


@lru_cache(maxsize=8192)
def served_context(
    model_id: str,
    gpu_type: str,
    gpu_count: int,
    profile: TrafficProfile,
    in_flight: float,
    longest_tokens: int = 0,
) -> int:
    """Tokens of the longest request, prompt and answer together, that one replica
    serves: vLLM's `--max-model-len`.

    The model's own length, as far as the KV cache holds it beside `in_flight` requests of the planned
    traffic: a cache costs nothing while it isn't used, so a shorter limit would only refuse requests; but a
    longer one would let a single request take the room of those that the latencies were promised for. In
    whole thousands (1,024). The longest request that must be possible, and twice the planned one, is served
    whatever the load, as long as the cache holds it alone: else vLLM wouldn't start.
    """
    tokens = profile.prompt_tokens + profile.output_tokens
    beside = longest_beside(models()[model_id], gpus()[gpu_type], gpu_count, tokens, math.ceil(in_flight))
    least = max(1 << (LEAST_OF_PLANNED * tokens - 1).bit_length(), longest_tokens)
    alone = longest_alone(model_id, gpu_type, gpu_count)
    return min(alone, max(beside // ROUNDED_TO * ROUNDED_TO, least))


def requests_in_flight(requests_per_second: float, e2e_p95_ms: float) -> float:
    """By Little's law, with the p95 for the mean: what one replica holds at this rate in
    a busy moment rather than on average.
    """
    return requests_per_second * e2e_p95_ms / 1000


def context_in_words(context_tokens: int, model_id: str) -> str:
    """The context that is served, beside the model's own where that is longer."""
    model = models().get(model_id)
    own = (
        f"; the model can {model.context_tokens:,}" if model and model.context_tokens > context_tokens else ""
    )
    return f"{context_tokens:,} tokens of prompt and answer{own}"
