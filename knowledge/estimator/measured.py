"""Measured points: mean TTFT and ITL of vLLM at a fixed number of requests in
flight, from public benchmark runs.

They come from `systems/silicon_sample.csv` in the wheel of `aiconfigurator-core` (Apache-2.0): vLLM's
aggregated serving. Taken are the rows that say when they were measured, on a GPU of the catalogue,
without attention data parallelism (which Compass doesn't plan); of several runs of the same, the
newest. `make measured` extracts them again, with the step grid of each configuration, so that the
accuracy report needs no extra.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from knowledge.catalogue import gpus, models
from knowledge.estimator.kernels import KernelsMissing, carried_config, compiled_grid, require
from knowledge.estimator.memory import GIB, kv_bytes, kv_copies
from knowledge.estimator.roofline import roofline_grid
from knowledge.estimator.steps import StepGrid
from knowledge.model import Model
from knowledge.shipped import read_rows, write_rows

ORIGIN = "aiconfigurator-core 0.12.0, systems/silicon_sample.csv"


@dataclass(frozen=True)
class MeasuredPoint:
    """One run: `concurrency` requests in flight, each replaced when it ends."""

    model_id: str
    precision: str
    gpu_type: str
    gpu_count: int
    expert_parallel: int
    prompt_tokens: int
    output_tokens: int
    concurrency: int
    ttft_mean_ms: float
    itl_mean_ms: float
    engine: str
    date: str
    source: str

    @property
    def configuration(self) -> tuple[str, str, str, int, int]:
        return (self.model_id, self.precision, self.gpu_type, self.gpu_count, self.expert_parallel)


@dataclass(frozen=True)
class Shape:
    """How a measured model is described to the kernels and to the memory maths."""

    catalogued: str  # the checkpoint of the catalogue that has this shape
    kernel_config: str
    quantisation: dict[str, dict[str, str]]  # by precision, aiconfigurator-core's names
    weight_format: dict[str, str]  # by precision, for the roofline; none where it has no such format


_FP8_BLOCK = {"gemm_quant_mode": "fp8_block", "moe_quant_mode": "fp8_block"}
_NVFP4 = {"gemm_quant_mode": "nvfp4", "moe_quant_mode": "nvfp4"}
SHAPES = {
    "meta-llama/Llama-3.1-70B": Shape(
        "meta-llama/Llama-3.1-70B-Instruct",
        "meta-llama/Meta-Llama-3.1-70B",
        {"fp8": {"gemm_quant_mode": "fp8"}, "fp4": {"gemm_quant_mode": "nvfp4"}},
        {"fp8": "fp8"},
    ),
    "openai/gpt-oss-120b": Shape(
        "openai/gpt-oss-120b",
        "openai/gpt-oss-120b",
        {"fp4": {"gemm_quant_mode": "bfloat16", "moe_quant_mode": "w4a16_mxfp4"}},
        {"fp4": "mxfp4"},
    ),
    "MiniMaxAI/MiniMax-M2.5": Shape(
        "MiniMaxAI/MiniMax-M2.5",
        "MiniMaxAI/MiniMax-M2.5",
        {"fp8": _FP8_BLOCK, "fp4": _NVFP4},
        {"fp8": "fp8_block"},
    ),
    "moonshotai/Kimi-K2.5": Shape(
        "moonshotai/Kimi-K2-Instruct",
        "moonshotai/Kimi-K2.5",
        {"int4": {"gemm_quant_mode": "bfloat16", "moe_quant_mode": "int4_wo"}, "fp4": _NVFP4},
        {},
    ),
    "Qwen/Qwen3-32B": Shape(
        "Qwen/Qwen3-32B", "Qwen/Qwen3-32B", {"fp8": {"gemm_quant_mode": "fp8"}}, {"fp8": "fp8"}
    ),
}
BYTES_PER_PARAMETER = {"fp8": 1.03, "fp4": 0.58, "int4": 0.58}
CACHE_UTILIZATION = 0.95
"""The rows state neither KV format nor utilisation: an 8-bit cache and 0.95 are assumed,
the setting of the public recipes.
"""


@cache
def measured_points() -> tuple[MeasuredPoint, ...]:
    """The shipped points."""
    kinds = {f.name: {"int": int, "float": float}.get(str(f.type), str) for f in fields(MeasuredPoint)}
    return tuple(
        MeasuredPoint(**{k: kinds[k](v) for k, v in row.items()}) for row in read_rows("measured.csv.gz")
    )


@cache
def measured_grids(source: str) -> dict[tuple[str, str, str, int, int], tuple[int, StepGrid]]:
    """By configuration: tokens that the cache holds, and the grid from `kernels` or `roofline`."""
    grids = {}
    for row in read_rows("measured_steps.csv.gz"):
        if row["source"] == source:
            key = (
                row["model_id"],
                row["precision"],
                row["gpu_type"],
                int(row["gpu_count"]),
                int(row["expert_parallel"]),
            )
            grids[key] = (
                int(row["kv_tokens"]),
                StepGrid.from_values(source, [float(v) for v in row["values"].split()]),
            )
    return grids


def extract() -> tuple[list[MeasuredPoint], dict[str, int]]:
    """The points in the installed wheel, and how many rows were left out for which reason."""
    require()
    systems = {gpu.kernel_system: gpu.id for gpu in gpus().values() if gpu.kernel_system}
    newest: dict[tuple[object, ...], MeasuredPoint] = {}
    left_out: dict[str, int] = {}
    text = (files("aiconfigurator_core") / "systems" / "silicon_sample.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        if row["backend"] != "vllm" or row["mode"] != "agg":
            continue
        said = row["silicon_data_source"]
        measured = re.search(r"measured=(\d{4}-\d\d-\d\d)", said)
        reason = (
            "no date"
            if measured is None
            else (
                f"GPU {row['system']} not in the catalogue"
                if row["system"] not in systems
                else "attention data parallelism"
                if float(row["attention_dp_size"] or 1) > 1
                else None
            )
        )
        if reason or measured is None:
            left_out[str(reason)] = left_out.get(str(reason), 0) + 1
            continue
        image = re.search(r"(vllm/vllm-openai:\S+?)(?:;|$)", said)
        point = MeasuredPoint(
            model_id=row["model_path"],
            precision=row["precision"],
            gpu_type=systems[row["system"]],
            gpu_count=int(float(row["tp_size"])),
            expert_parallel=max(1, int(float(row["moe_ep_size"] or 1))),
            prompt_tokens=int(row["isl"]),
            output_tokens=int(row["osl"]),
            concurrency=int(float(row["batch_size"])),
            ttft_mean_ms=round(float(row["silicon_ttft_ms"]), 3),
            itl_mean_ms=round(float(row["silicon_tpot_ms"]), 4),
            engine=image.group(1) if image else f"vLLM {row['backend_version'] or 'of unstated version'}",
            date=measured.group(1),
            source=f"{ORIGIN}, {row['id']}",
        )
        key = (
            *point.configuration,
            point.prompt_tokens,
            point.output_tokens,
            point.concurrency,
            point.engine,
        )
        if key in newest:
            left_out["an older run of the same"] = left_out.get("an older run of the same", 0) + 1
        if key not in newest or newest[key].date <= point.date:
            newest[key] = point
    return (
        sorted(
            newest.values(),
            key=lambda p: (p.configuration, p.prompt_tokens, p.output_tokens, p.concurrency, p.engine),
        ),
        left_out,
    )


def configuration_grids(points: Iterable[MeasuredPoint]) -> Iterable[dict[str, Any]]:
    """One row for each configuration and source of steps that can price it."""
    for model_id, precision, gpu_type, gpu_count, expert_parallel in sorted(
        {p.configuration for p in points}
    ):
        shape, gpu = SHAPES[model_id], gpus()[gpu_type]
        model = models()[shape.catalogued]
        row = {
            "model_id": model_id,
            "precision": precision,
            "gpu_type": gpu_type,
            "gpu_count": gpu_count,
            "expert_parallel": expert_parallel,
            "kv_tokens": _kv_tokens(model, precision, gpu.memory_gb, gpu_count),
        }
        quantisation = shape.quantisation[precision]
        if quantisation == _FP8_BLOCK and gpu.architecture == "blackwell":
            quantisation = {"gemm_quant_mode": "fp8", "moe_quant_mode": "fp8"}  # as in `kernels`
        options: dict[str, Any] = {"tp_size": gpu_count, **quantisation}
        if model.experts:
            options |= {"moe_tp_size": gpu_count // expert_parallel, "moe_ep_size": expert_parallel}
        try:
            grid = compiled_grid(carried_config(shape.kernel_config), str(gpu.kernel_system), options)
            yield row | {"source": "kernels", "values": _text(grid)}
        except KernelsMissing:
            pass
        if precision in shape.weight_format and expert_parallel == 1:
            described = model.model_copy(
                update={"weight_format": shape.weight_format[precision], "published_weights_gb": None}
            )
            yield row | {"source": "roofline", "values": _text(roofline_grid(described, gpu, gpu_count))}


def _kv_tokens(model: Model, precision: str, memory_gb: float, gpu_count: int) -> int:
    """Tokens that an 8-bit cache holds beside the weights."""
    overhead = (7.4 if model.experts else 5.6) + (0.13 if gpu_count == 1 else 0.55)
    weights = model.parameters_b * 1e9 * BYTES_PER_PARAMETER[precision] / GIB
    room = gpu_count * (memory_gb * 0.97 * CACHE_UTILIZATION - overhead) - weights
    return max(0, int(room * GIB / (kv_bytes(model, 8192) / 8192 / 2 * kv_copies(model, gpu_count))))


def _text(grid: StepGrid) -> str:
    return " ".join(f"{v:.5g}" for v in grid.values())


def main() -> None:
    """Write `measured.csv.gz` and `measured_steps.csv.gz`, and say what was left out."""
    points, left_out = extract()
    write_rows("measured.csv.gz", [asdict(p) for p in points])
    write_rows("measured_steps.csv.gz", list(configuration_grids(points)))
    print(
        f"{len(points)} measured points; left out: "
        + ", ".join(f"{n} {why}" for why, n in sorted(left_out.items()))
    )


if __name__ == "__main__":
    main()
