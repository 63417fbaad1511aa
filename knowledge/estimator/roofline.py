"""Step times by roofline: a step takes as long as the slower of moving the weights and doing the arithmetic.

    step = max(weights touched / (TP · BW · e_b),  2 · active parameters · tokens / (TP · FLOPS · e_c))
         + attention arithmetic of the prefill / (TP · FLOPS · e_c)
         + KV cache read / (TP · BW · e_b) + all-reduce + overhead

`tokens` counts one for each running sequence and the prompt tokens prefilled in the step. A mixture of experts touches
1 − (1 − k/E)^tokens of its experts. e_b = 0.8 is aiconfigurator-core's bandwidth efficiency; e_c = 0.72 and the overhead
of 0.5 ms reproduce its kernel data for Llama-3.1-8B on one H100 (decode 6.2 ms at batch 1, 16.1 ms at 256; prefill 12 ms
for 512 tokens, 255 ms for 10,240) to 10 % (tests hold this). An all-reduce costs a latency and the ring's bytes, twice a layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from knowledge.catalogue import Gpu, Model
from knowledge.estimator.memory import kv_bytes, kv_bytes_per_token_and_layer, weights_bytes

BANDWIDTH_EFFICIENCY = 0.80
COMPUTE_EFFICIENCY = 0.72
STEP_OVERHEAD_MS = 0.5
REQUEST_OVERHEAD_MS = 4.0  # HTTP, tokenising and the hand-over between vLLM's processes, before the first token
SWITCHED_ALL_REDUCE_MS = 0.010  # NVLink
PCIE_ALL_REDUCE_MS = 0.030


@dataclass(frozen=True)
class StepModel:
    """Step times in ms of one replica: `model` on `gpu_count` GPUs of type `gpu`, split by tensor parallelism."""

    model: Model
    gpu: Gpu
    gpu_count: int

    @cached_property
    def _bytes_per_ms(self) -> float:
        return self.gpu_count * self.gpu.bandwidth_gb_per_s * 1e6 * BANDWIDTH_EFFICIENCY

    @cached_property
    def _flop_per_ms(self) -> float:
        fp8 = self.model.weight_format == "fp8" and self.gpu.fp8_tflops is not None
        tflops = self.gpu.fp8_tflops if fp8 and self.gpu.fp8_tflops else self.gpu.bf16_tflops
        return self.gpu_count * tflops * 1e9 * COMPUTE_EFFICIENCY

    @cached_property
    def _weights(self) -> float:
        return weights_bytes(self.model)

    @cached_property
    def _always_touched(self) -> float:
        """Share of the weights that every token touches: all of a dense model."""
        experts = self.model.experts
        if experts is None:
            return 1.0
        # active = shared + (k/E) · routed, and shared + routed = 1
        ratio = experts.per_token / experts.count
        active = self.model.active_parameters_b / self.model.parameters_b
        return max(0.0, (active - ratio) / (1 - ratio))

    def _weights_touched(self, tokens: float) -> float:
        experts = self.model.experts
        if experts is None:
            return self._weights
        routed: float = 1 - (1 - experts.per_token / experts.count) ** tokens
        return self._weights * (self._always_touched + (1 - self._always_touched) * routed)

    def _all_reduce_ms(self, tokens: float) -> float:
        if self.gpu_count == 1:
            return 0.0
        latency = PCIE_ALL_REDUCE_MS if self.gpu.interconnect.kind.startswith("PCIe") else SWITCHED_ALL_REDUCE_MS
        ring_bytes = tokens * self.model.hidden_size * 2 * 2 * (self.gpu_count - 1) / self.gpu_count
        one_way = self.gpu.interconnect.gb_per_s / 2 * 1e6 * BANDWIDTH_EFFICIENCY
        return 2 * self.model.layers * (latency + ring_bytes / one_way)

    @cached_property
    def _kv_bytes_per_token(self) -> float:
        return kv_bytes_per_token_and_layer(self.model) * self.model.layers

    def kv_read_ms(self, context_tokens: float) -> float:
        """Reading the KV cache of sequences that hold `context_tokens` together."""
        return context_tokens * self._kv_bytes_per_token * self._kv_share / self._bytes_per_ms

    @cached_property
    def _kv_share(self) -> float:
        """Share of the cache that is read at a typical context of 1,024 tokens: below 1 with sliding windows."""
        return kv_bytes(self.model, 1024) / (1024 * self._kv_bytes_per_token)

    def base_ms(self, running: int, prefill_tokens: int = 0, prefill_past: float = 0.0) -> float:
        """A step with `running` decodes and `prefill_tokens` of prompt, of which `prefill_past` came before; without KV reads."""
        tokens = running + prefill_tokens
        memory = self._weights_touched(tokens) / self._bytes_per_ms
        arithmetic = 2 * self.model.active_parameters_b * 1e9 * tokens / self._flop_per_ms
        # Causal attention: each prompt token attends to all before it; 4 · width FLOP for each pair (QK and AV).
        pairs = prefill_tokens * prefill_past + prefill_tokens**2 / 2
        width = self.model.attention_heads * self.model.head_dim
        attention = 4 * pairs * self.model.layers * width / self._flop_per_ms
        return max(memory, arithmetic) + attention + self._all_reduce_ms(tokens) + STEP_OVERHEAD_MS

    def decode_ms(self, running: int, context_tokens: float) -> float:
        """A step with `running` decodes whose sequences hold `context_tokens` together."""
        return self.base_ms(running) + self.kv_read_ms(context_tokens)

    def prefill_ms(self, prompt_tokens: int) -> float:
        """One prompt alone, in one step."""
        return self.base_ms(0, prompt_tokens)
