"""Does a model fit on its GPUs, how is their memory spent, and how many sequences fit beside the weights?

Sources: vLLM's overheads were measured on H100 (llm-d-planner, empirical vLLM memory results): 4.8 to 5.6
GiB of activations for dense models, 7.4 for mixtures of experts, 0.13 GiB of non-torch memory on one GPU
and 0.55 on several. Bytes of KV cache: GQA 2 · layers · kv_heads · head_dim · bytes (Llama-3.1-8B:
131,072); MLA layers · (rank + rope) · bytes. Computed weights agree with the published checkpoints to 8 %,
most to 2 % (tests hold this).
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.catalogue import Gpu
from knowledge.model import Model

GIB = 1024**3
GPU_MEMORY_UTILIZATION = 0.9
MAX_NUM_SEQS = 256
WEIGHTS_OF_A_SCALE = 128
"""In a group of w4a16, and on either side of a block of fp8_block."""
KV_BYTES = 2  # the KV cache stays in 16 bits for every weight format here
BYTES_PER_PARAMETER = {"bf16": 2.0, "fp8": 1.0, "fp8_block": 1.0, "int8": 1.0, "w4a16": 0.516, "mxfp4": 0.53}
"""Of the quantised layers, scales included; embeddings stay in 16 bits."""


@dataclass(frozen=True)
class MemoryPlan:
    """GiB over all GPUs of one replica; `budget` is what vLLM may use of them."""

    budget_gib: float
    weights_gib: float
    activations_gib: float
    non_torch_gib: float
    kv_cache_gib: float
    kv_bytes_per_sequence: float
    tokens_per_sequence: int
    max_sequences: int
    """Sequences of `tokens_per_sequence` at once: as many as fit, at most MAX_NUM_SEQS."""
    max_context_tokens: int
    """The longest single sequence that fits, at most the model's own context."""

    @property
    def fits(self) -> bool:
        return self.max_sequences > 0

    @property
    def kv_tokens(self) -> int:
        """Tokens of context that the KV cache holds in sequences of this length."""
        return int(self.kv_cache_gib * GIB / self.kv_bytes_per_sequence * self.tokens_per_sequence)


def weights_bytes(model: Model) -> float:
    """Bytes of the checkpoint as loaded: the published size, else computed from the format."""
    if model.published_weights_gb:
        return model.published_weights_gb * 1e9
    return computed_weights_bytes(model)


def computed_weights_bytes(model: Model) -> float:
    """Parameters x bytes of the format, embeddings in 16 bits."""
    embeddings = min(model.embedding_parameters_b, model.parameters_b)
    return (
        embeddings * 2 + (model.parameters_b - embeddings) * BYTES_PER_PARAMETER[model.weight_format]
    ) * 1e9


def kv_bytes(model: Model, tokens: float) -> float:
    """Bytes of cache for one sequence of `tokens`: sliding-window layers stop at their
    window, hybrids add their state.
    """
    state = (model.state_mb_per_sequence or 0.0) * 1e6
    if model.latent_attention:
        return (
            state
            + model.attention_layers
            * (model.latent_attention.rank + model.latent_attention.rope_dim)
            * KV_BYTES
            * tokens
        )
    per_layer = 2 * model.kv_heads * model.head_dim * KV_BYTES
    wide = (
        2 * model.global_attention.kv_heads * model.global_attention.head_dim * KV_BYTES
        if model.global_attention
        else per_layer
    )
    windowed, window = (
        (model.sliding_window.layers, model.sliding_window.tokens) if model.sliding_window else (0, 0)
    )
    return (
        state
        + (model.attention_layers - windowed) * tokens * wide
        + windowed * min(tokens, window) * per_layer
    )


def kv_copies(model: Model, gpu_count: int) -> int:
    """On how many GPUs of a replica the same cache lies: all for MLA, and beyond the KV heads for GQA."""
    if model.latent_attention:
        return gpu_count
    kv_heads = (
        min(model.kv_heads, model.global_attention.kv_heads) if model.global_attention else model.kv_heads
    )
    return max(1, gpu_count // kv_heads)


def tensor_parallel_possible(model: Model, gpu_count: int) -> bool:
    """vLLM's rule: heads split evenly, and KV heads split evenly or are copied evenly; blocks and
    groups of weights are not cut.

    It refuses to start where the share of a layer's inputs that a GPU gets isn't whole
    groups (“input_size_per_partition”).
    """
    if model.attention_heads % gpu_count:
        return False
    split = (
        model.attention_heads * model.head_dim,
        model.experts.intermediate_size if model.experts else model.intermediate_size,
    )
    if model.weight_format in ("fp8_block", "w4a16") and any(
        width % (WEIGHTS_OF_A_SCALE * gpu_count) for width in split
    ):
        return False
    return (
        model.latent_attention is not None
        or model.kv_heads % gpu_count == 0
        or gpu_count % model.kv_heads == 0
    )


def runs_on(model: Model, gpu: Gpu) -> bool:
    """vLLM has no W8A8 integer kernels for Blackwell; every other format runs
    everywhere, if need be as weights only.
    """
    return not (model.weight_format == "int8" and gpu.architecture == "blackwell")


@dataclass(frozen=True)
class Cache:
    """What one replica keeps for its KV cache, whatever the requests are."""

    model: Model
    budget_gib: float
    weights_gib: float
    activations_gib: float
    non_torch_gib: float
    gib: float
    copies: int
    """On how many of its GPUs the same cache lies."""

    def bytes_of(self, tokens: int) -> float:
        """Of one sequence of so many tokens."""
        return kv_bytes(self.model, tokens) * self.copies

    def kv_tokens(self, tokens: int) -> int:
        """Tokens of context that it holds in sequences of so many tokens."""
        return int(self.gib * GIB / self.bytes_of(tokens) * tokens)


def cache_of(model: Model, gpu: Gpu, gpu_count: int) -> Cache:
    # Marketing gigabytes are GiB on data-centre cards, less what driver and ECC keep; 3 % was seen
    # on H100 (79.2 of 80 reported).
    budget = gpu_count * gpu.memory_gb * 0.97 * GPU_MEMORY_UTILIZATION
    activations = 7.4 if model.experts else 5.6
    if gpu.memory_gb <= 48:
        activations = min(
            activations, 2.0 + gpu.memory_gb / 24
        )  # vLLM profiles with 2,048 batched tokens there, not 8,192
    non_torch = 0.13 if gpu_count == 1 else 0.55
    weights = weights_bytes(model) / GIB
    return Cache(
        model=model,
        budget_gib=budget,
        weights_gib=weights,
        activations_gib=gpu_count * activations,
        non_torch_gib=gpu_count * non_torch,
        gib=max(0.0, budget - gpu_count * (activations + non_torch) - weights),
        copies=kv_copies(model, gpu_count),
    )


def plan_memory(model: Model, gpu: Gpu, gpu_count: int, tokens_per_sequence: int) -> MemoryPlan:
    """How one replica's memory is spent when each sequence holds `tokens_per_sequence` (prompt + output)."""
    cache = cache_of(model, gpu, gpu_count)
    per_sequence = cache.bytes_of(tokens_per_sequence)
    return MemoryPlan(
        budget_gib=cache.budget_gib,
        weights_gib=cache.weights_gib,
        activations_gib=cache.activations_gib,
        non_torch_gib=cache.non_torch_gib,
        kv_cache_gib=cache.gib,
        kv_bytes_per_sequence=per_sequence,
        tokens_per_sequence=tokens_per_sequence,
        max_sequences=min(MAX_NUM_SEQS, int(cache.gib * GIB / per_sequence)),
        max_context_tokens=_longest(model, cache.gib * GIB / cache.copies),
    )


def longest_beside(model: Model, gpu: Gpu, gpu_count: int, tokens_per_sequence: int, sequences: int) -> int:
    """Tokens of the longest request that the KV cache holds beside so many `sequences` of
    `tokens_per_sequence`; 0 for none.
    """
    plan = plan_memory(model, gpu, gpu_count, tokens_per_sequence)
    left = plan.kv_cache_gib * GIB - sequences * plan.kv_bytes_per_sequence
    return _longest(model, left / kv_copies(model, gpu_count))


def _longest(model: Model, cache_bytes: float) -> int:
    """The most tokens of one sequence whose cache fits into `cache_bytes`."""
    low, high = 0, model.context_tokens
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if kv_bytes(model, middle) <= cache_bytes else (low, middle - 1)
    return low


def max_num_batched_tokens(gpu: Gpu) -> int:
    """vLLM's default for its API server: 8,192 where a GPU has 70 GiB or more, else 2,048."""
    return 8192 if gpu.memory_gb >= 70 else 2048
