"""Step latencies from kernel measurements: `aiconfigurator-core`, behind the extra `compass-llm[estimator]`.

A shape whose configuration the package carries is used as it is; a dense one that it doesn't carry is
described to it by a configuration of our own. Both are handed over as a file, so that it never looks one up
online. What it can't price (a GPU, a format or an attention without measurements) raises KernelsMissing, and
the caller falls back to the roofline.
"""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import replace
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from knowledge.catalogue import Gpu
from knowledge.errors import CompassError
from knowledge.estimator.memory import kv_bytes, tensor_parallel_possible
from knowledge.estimator.steps import (
    DECODE_BATCHES,
    LONG_CONTEXT,
    PROMPT_TOKENS,
    SHARED_TOKENS,
    SHORT_CONTEXT,
    StepGrid,
)
from knowledge.model import Model

_FORMATS = {
    "bf16": ("bfloat16", "bfloat16"),
    "fp8": ("fp8", "fp8"),
    "fp8_block": ("fp8_block", "fp8_block"),
    "int8": ("sq", None),
    "w4a16": ("int4_wo", "int4_wo"),
    "mxfp4": ("bfloat16", "w4a16_mxfp4"),
}
"""Weight format to aiconfigurator-core's names for matrix products and for experts."""


class KernelsMissing(Exception):
    """No kernel measurements for this; the text says of what."""


def available() -> bool:
    """Whether the extra is installed."""
    return find_spec("aiconfigurator_core") is not None


def require() -> None:
    """Raises CompassError that says how to install the extra where it is missing."""
    if not available():
        raise CompassError(
            "This needs the estimator: install it with `make estimator`, or pip install"
            " 'compass-llm[estimator]'."
        )


def kernel_grid(model: Model, gpu: Gpu, gpu_count: int) -> StepGrid:
    """The grid of `model` on `gpu_count` GPUs. Raises KernelsMissing."""
    if gpu.kernel_system is None:
        raise KernelsMissing(f"no kernel measurements of {gpu.id}")
    if not tensor_parallel_possible(model, gpu_count):
        raise KernelsMissing(f"{model.id} can't be split over {gpu_count} GPUs")
    gemm, moe = _FORMATS[model.weight_format]
    if model.weight_format == "fp8_block" and gpu.architecture != "hopper":
        gemm, moe = _FORMATS[
            "fp8"
        ]  # what was measured for blocks elsewhere are untuned kernels that vLLM has since replaced
    if gpu.fp8_tflops is None and model.weight_format in ("fp8", "fp8_block"):
        gemm, moe = "int8_wo", None  # Ampere computes 8-bit floats as weights only, in 16 bits
    if model.experts and moe is None:
        raise KernelsMissing(f"no kernel measurements of experts in {model.weight_format}")
    options: dict[str, Any] = {
        "tp_size": gpu_count,
        "gemm_quant_mode": gemm,
        "kvcache_quant_mode": "bfloat16",
    }
    if model.experts:
        options |= {"moe_tp_size": gpu_count, "moe_ep_size": 1, "moe_quant_mode": moe}
    if model.kernel_config:
        return compiled_grid(carried_config(model.kernel_config), gpu.kernel_system, options)
    if model.experts or model.latent_attention or model.state_mb_per_sequence:
        raise KernelsMissing(f"no kernel measurements of the shape of {model.id}")
    return _within_windows(model, compiled_grid(json.dumps(_dense_config(model)), gpu.kernel_system, options))


def carried_config(name: str) -> str:
    """The text of a configuration that aiconfigurator-core carries. Raises KernelsMissing."""
    require()
    path = files("aiconfigurator_core") / "model_configs" / f"{name.replace('/', '--')}_config.json"
    if not path.is_file():
        raise KernelsMissing(f"no configuration of {name}")
    return path.read_text(encoding="utf-8")


def compiled_grid(configuration: str, system: str, options: dict[str, Any]) -> StepGrid:
    """The grid of the model that the text of a `config.json` describes. Raises KernelsMissing."""
    require()
    logging.disable(logging.CRITICAL)  # it reports each lookup that falls back, thousands of them
    try:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "config.json").write_text(configuration, encoding="utf-8")
            return _compile(folder, system, options)
    finally:
        logging.disable(logging.NOTSET)


def _compile(folder: str, system: str, options: dict[str, Any]) -> StepGrid:
    from aiconfigurator_core.sdk import EngineHandle

    try:
        engine = EngineHandle.compile(folder, system, "vllm", **options)
        whole = [engine.mixed_step_breakdown(n, 0, n, 2) for n in sorted({*SHARED_TOKENS, *PROMPT_TOKENS})]
        by_tokens = dict(zip(sorted({*SHARED_TOKENS, *PROMPT_TOKENS}), whole, strict=True))
        return StepGrid(
            source="kernels",
            decode_short_ms=tuple(engine.decode_step_latency(b, SHORT_CONTEXT, 2) for b in DECODE_BATCHES),
            decode_long_ms=tuple(engine.decode_step_latency(b, LONG_CONTEXT, 2) for b in DECODE_BATCHES),
            shared_ms=tuple(by_tokens[n][1] for n in SHARED_TOKENS),
            prompt_attention_ms=tuple(by_tokens[n][2] for n in PROMPT_TOKENS),
        ).monotone()
    except Exception as error:  # its errors have no common base, and each means the same here
        raise KernelsMissing(str(error).split("\n")[0][:200]) from error


def _within_windows(model: Model, grid: StepGrid) -> StepGrid:
    """Of a grid with full attention everywhere, what is left where layers attend to a window only."""
    if model.sliding_window is None:
        return grid
    windowed, window = model.sliding_window.layers, model.sliding_window.tokens
    full = kv_bytes(model, 1) * (LONG_CONTEXT - SHORT_CONTEXT)
    growth = (kv_bytes(model, LONG_CONTEXT) - kv_bytes(model, SHORT_CONTEXT)) / full
    shares = [1 - windowed / model.layers * (1 - min(1.0, 2 * window / n)) for n in PROMPT_TOKENS]
    return replace(
        grid,
        decode_long_ms=tuple(
            a + (b - a) * growth for a, b in zip(grid.decode_short_ms, grid.decode_long_ms, strict=True)
        ),
        prompt_attention_ms=tuple(
            t * share for t, share in zip(grid.prompt_attention_ms, shares, strict=True)
        ),
    )


def _dense_config(model: Model) -> dict[str, Any]:
    """A Hugging Face configuration with this shape; every dense decoder with GQA costs
    the same as a Llama of its shape.
    """
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": model.hidden_size,
        "intermediate_size": model.intermediate_size,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.attention_heads,
        "num_key_value_heads": model.kv_heads,
        "head_dim": model.head_dim,
        "vocab_size": model.vocabulary,
        "max_position_embeddings": model.context_tokens,
        "tie_word_embeddings": model.tied_embeddings,
        "torch_dtype": "bfloat16",
    }
