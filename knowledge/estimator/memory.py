"""Does a model fit on its GPUs, and how many sequences fit beside it?

Sources: bytes per parameter and vLLM's overheads were measured for vLLM on H100 (llm-d-planner, empirical vLLM memory
results): 4.8 to 5.6 GiB of activations for dense models, 7.4 for mixtures of experts, 0.13 GiB of non-torch memory on one
GPU and 0.55 on several.
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.catalogue import Gpu, Model

GIB = 1024**3
GPU_MEMORY_UTILIZATION = 0.9
MAX_NUM_SEQS = 256
KV_BYTES = 2  # the KV cache stays in 16 bits for every weight format here
BYTES_PER_PARAMETER = {"bf16": 2.0, "fp8": 1.03, "mxfp4": 0.56}


@dataclass(frozen=True)
class MemoryPlan:
    """GiB over all GPUs of one replica."""

    budget_gib: float
    weights_gib: float
    overhead_gib: float
    kv_cache_gib: float
    kv_bytes_per_sequence: float
    max_sequences: int

    @property
    def fits(self) -> bool:
        return self.max_sequences > 0


def weights_bytes(model: Model) -> float:
    """Bytes of the checkpoint as loaded: the published size, else parameters x bytes of the format."""
    if model.published_weights_gb:
        return model.published_weights_gb * 1e9
    return model.parameters_b * 1e9 * BYTES_PER_PARAMETER[model.weight_format]


def kv_bytes_per_token_and_layer(model: Model) -> int:
    """K and V of one token in one layer (GQA): 2 x kv_heads x head_dim x bytes."""
    return 2 * model.kv_heads * model.head_dim * KV_BYTES


def kv_bytes(model: Model, tokens: float) -> float:
    """Bytes of KV cache for a sequence of `tokens`; sliding-window layers stop at their window."""
    per_layer = kv_bytes_per_token_and_layer(model)
    if model.sliding_window is None:
        return model.layers * tokens * per_layer
    windowed = model.sliding_window.layers
    return ((model.layers - windowed) * tokens + windowed * min(tokens, model.sliding_window.tokens)) * per_layer


def tensor_parallel_possible(model: Model, gpu_count: int) -> bool:
    """vLLM's rule: heads split evenly, and KV heads split evenly or are copied evenly."""
    heads_split = model.attention_heads % gpu_count == 0
    return heads_split and (model.kv_heads % gpu_count == 0 or gpu_count % model.kv_heads == 0)


def plan_memory(model: Model, gpu: Gpu, gpu_count: int, tokens_per_sequence: int) -> MemoryPlan:
    """How one replica's memory is spent when each sequence holds `tokens_per_sequence` (prompt + output)."""
    # Marketing gigabytes are GiB on data-centre cards, less what driver and ECC keep; 3 % was seen on H100 (79.2 of 80 reported).
    budget = gpu_count * gpu.memory_gb * 0.97 * GPU_MEMORY_UTILIZATION
    activations = 7.4 if model.experts else 5.6
    if gpu.memory_gb <= 48:
        activations = min(activations, 2.0 + gpu.memory_gb / 24)  # vLLM profiles with 2,048 batched tokens there, not 8,192
    overhead = gpu_count * (activations + (0.13 if gpu_count == 1 else 0.55))
    weights = weights_bytes(model) / GIB
    # KV heads that can't be split are copied to each GPU.
    copies = max(1, gpu_count // model.kv_heads)
    per_sequence = kv_bytes(model, tokens_per_sequence) * copies
    cache = budget - overhead - weights
    sequences = 0 if cache <= 0 else min(MAX_NUM_SEQS, int(cache * GIB / per_sequence))
    return MemoryPlan(budget, weights, overhead, max(0.0, cache), per_sequence, sequences)


def max_num_batched_tokens(gpu: Gpu) -> int:
    """vLLM's default for its API server: 8,192 where a GPU has 70 GiB or more, else 2,048."""
    return 8192 if gpu.memory_gb >= 70 else 2048
