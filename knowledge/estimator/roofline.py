"""Step latencies by roofline: a step takes as long as the slower of moving the
weights and doing the arithmetic.

    step = max(weights touched / (TP · BW · e_b),  2 · active parameters · tokens / (TP · FLOPS · e_c))
         + KV cache read / (TP · BW · e_b) + attention arithmetic of the prompts / (TP ·
         FLOPS · e_a) + all-reduce + launch

`tokens` counts one for each running sequence and the prompt tokens prefilled in the step. A mixture of
experts touches 1 − (1 − k/E)^tokens of its experts. Every constant below is a median over what
`aiconfigurator-core` 0.12.0's kernel measurements for vLLM give for this catalogue's models, so that a
roofline figure and a measured one are of one kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.catalogue import Gpu
from knowledge.estimator.memory import kv_bytes, kv_copies, weights_bytes
from knowledge.estimator.steps import (
    DECODE_BATCHES,
    LONG_CONTEXT,
    PROMPT_TOKENS,
    SHARED_TOKENS,
    SHORT_CONTEXT,
    StepGrid,
)
from knowledge.model import Model

LAUNCH_MS_PER_LAYER = 0.015
"""Kernels of a layer that neither bandwidth nor arithmetic explains."""
ATTENTION_LAUNCH_MS_PER_LAYER = 0.025
SWITCHED_ALL_REDUCE_MS = 0.015  # NVLink, Infinity Fabric
SWITCHED_ALL_REDUCE_EFFICIENCY = 0.48  # of one direction
PCIE_ALL_REDUCE_MS = {2: 0.008, 4: 0.020, 8: 0.032}
PCIE_ALL_REDUCE_EFFICIENCY = {2: 0.57, 4: 0.43, 8: 0.35}  # RTX PRO 6000; one direction, through the host


@dataclass(frozen=True)
class Efficiency:
    """Shares of the data sheet that kernels reach."""

    bandwidth: float
    expert_bandwidth: float
    compute: float
    compute_8bit: float
    expert_compute: float
    attention: float


EFFICIENCIES = {
    "ampere": Efficiency(0.70, 0.57, 0.80, 0.80, 0.46, 0.48),
    "ada": Efficiency(0.78, 0.43, 0.60, 0.45, 0.40, 0.48),
    "hopper": Efficiency(0.75, 0.50, 0.77, 0.60, 0.40, 0.49),
    "blackwell": Efficiency(0.63, 0.44, 0.68, 0.52, 0.38, 0.34),
    # Nothing is measured on AMD's: Hopper's, less a quarter out of caution.
    "cdna3": Efficiency(0.56, 0.38, 0.58, 0.45, 0.30, 0.37),
}


def roofline_grid(model: Model, gpu: Gpu, gpu_count: int) -> StepGrid:
    """The grid of `model` split over `gpu_count` GPUs by tensor parallelism."""
    roofline = _Roofline(model, gpu, gpu_count)
    return StepGrid(
        source="roofline",
        decode_short_ms=tuple(
            roofline.shared_ms(b) + roofline.kv_read_ms(b, SHORT_CONTEXT) for b in DECODE_BATCHES
        ),
        decode_long_ms=tuple(
            roofline.shared_ms(b) + roofline.kv_read_ms(b, LONG_CONTEXT) for b in DECODE_BATCHES
        ),
        shared_ms=tuple(roofline.shared_ms(n) for n in SHARED_TOKENS),
        prompt_attention_ms=tuple(roofline.prompt_attention_ms(n) for n in PROMPT_TOKENS),
    )


@dataclass(frozen=True)
class _Roofline:
    model: Model
    gpu: Gpu
    gpu_count: int

    @property
    def _efficiency(self) -> Efficiency:
        return EFFICIENCIES[self.gpu.architecture]

    @property
    def _bytes_per_ms(self) -> float:
        share = self._efficiency.expert_bandwidth if self.model.experts else self._efficiency.bandwidth
        return self.gpu_count * self.gpu.bandwidth_gb_per_s * 1e6 * share

    @property
    def _flop_per_ms(self) -> float:
        """Of matrix products. 8-bit floats need hardware for them; INT8 is twice as
        fast as BF16 everywhere here.
        """
        efficiency, tflops = self._efficiency, self.gpu.bf16_tflops
        share = efficiency.compute
        if self.model.weight_format in ("fp8", "fp8_block") and self.gpu.fp8_tflops:
            tflops, share = self.gpu.fp8_tflops, efficiency.compute_8bit
        elif self.model.weight_format == "int8":
            tflops, share = 2 * tflops, efficiency.compute_8bit
        return self.gpu_count * tflops * 1e9 * (efficiency.expert_compute if self.model.experts else share)

    def _weights_touched(self, tokens: float) -> float:
        weights, experts = weights_bytes(self.model), self.model.experts
        if experts is None:
            return weights
        # active = always + (k/E) · routed, and always + routed = 1, as shares of the parameters
        ratio = experts.per_token / experts.count
        active = self.model.active_parameters_b / self.model.parameters_b
        always = max(0.0, (active - ratio) / (1 - ratio))
        routed: float = 1 - (1 - ratio) ** tokens
        return weights * (always + (1 - always) * routed)

    def _all_reduce_ms(self, tokens: float) -> float:
        """Two in each layer: a latency, and the ring's bytes."""
        n = self.gpu_count
        if n == 1:
            return 0.0
        pcie = self.gpu.interconnect.kind.startswith("PCIe")
        latency = PCIE_ALL_REDUCE_MS[n] if pcie else SWITCHED_ALL_REDUCE_MS
        share = PCIE_ALL_REDUCE_EFFICIENCY[n] if pcie else SWITCHED_ALL_REDUCE_EFFICIENCY
        ring_bytes = tokens * self.model.hidden_size * 2 * 2 * (n - 1) / n
        return (
            2
            * self.model.layers
            * (latency + ring_bytes / (self.gpu.interconnect.gb_per_s / 2 * 1e6 * share))
        )

    def shared_ms(self, tokens: int) -> float:
        """Everything but attention, for `tokens` tokens in a step."""
        memory = self._weights_touched(tokens) / self._bytes_per_ms
        arithmetic = 2 * self.model.active_parameters_b * 1e9 * tokens / self._flop_per_ms
        return max(memory, arithmetic) + self._all_reduce_ms(tokens) + LAUNCH_MS_PER_LAYER * self.model.layers

    def kv_read_ms(self, running: int, context_tokens: int) -> float:
        """Reading the cache of `running` sequences of `context_tokens` each; copies
        of it are read by each GPU.
        """
        read = running * kv_bytes(self.model, context_tokens) * kv_copies(self.model, self.gpu_count)
        return read / (self.gpu_count * self.gpu.bandwidth_gb_per_s * 1e6 * self._efficiency.bandwidth)

    def prompt_attention_ms(self, tokens: int) -> float:
        """Causal attention of a whole prompt: 4 · width FLOP for each pair of tokens
        (QK and AV), within the windows.
        """
        model = self.model
        width = model.attention_heads * model.head_dim
        windowed, window = (
            (model.sliding_window.layers, model.sliding_window.tokens)
            if model.sliding_window
            else (0, tokens)
        )
        pairs = tokens * tokens / 2
        inside = min(pairs, tokens * window)
        layers = model.attention_layers - windowed
        flop_per_ms = self.gpu_count * self.gpu.bf16_tflops * 1e9 * self._efficiency.attention
        return (
            4 * width * (layers * pairs + windowed * inside) / flop_per_ms
            + ATTENTION_LAUNCH_MS_PER_LAYER * model.attention_layers
        )
