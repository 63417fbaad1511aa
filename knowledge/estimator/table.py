"""The generated benchmark table: every model x GPU x count that fits x traffic profile, over
rates from idle to saturation.

Simulated from the shipped step grids alone, so that the same table comes out bit for bit
without the estimator's extra.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from knowledge.benchmarks import Benchmark, Percentiles
from knowledge.catalogue import Gpu, TrafficProfile, gpus, models, traffic_profiles
from knowledge.curves import Floats
from knowledge.estimator.building import build
from knowledge.estimator.grids import GPU_COUNTS, LESSER
from knowledge.estimator.memory import max_num_batched_tokens
from knowledge.estimator.replica import replica_of
from knowledge.estimator.scheduler import statistics_of
from knowledge.model import Model
from knowledge.workload import workload_of

ROUND_LOADS = (0.02, 0.1, 0.2, 0.35)
"""Light loads as shares of what a replica can serve, rounded down to a common series of
rates: configurations can be compared there.
"""
LOADS = (0.5, 0.65, 0.8, 0.9, 0.95)
"""Heavier loads, exactly. Beyond, queues only grow and a percentile would depend on how long one looks."""
SERIES = (1.0, 1.5, 2.2, 3.3, 4.7, 6.8)  # E6, six rates a decade
SOURCES = {
    "kernels": "kernel measurements of aiconfigurator-core 0.12.0, simulated scheduler, Poisson arrivals",
    "scaled": (
        "kernel measurements of the same chip scaled to its memory, simulated scheduler, Poisson arrivals"
    ),
    "roofline": "roofline, simulated scheduler, Poisson arrivals",
}
ENGINES = {"ampere": "vLLM 0.14 (modelled)"}
ENGINE = "vLLM 0.24 (modelled)"
DATE = "2026-11-23"
MADE_FROM = ("steps.csv.gz", "calibration.json", "models.json", "gpus.json", "use_cases.json")


def configuration_rows(
    model: Model, gpu: Gpu, gpu_count: int, profile: TrafficProfile, seed: int = 0
) -> list[Benchmark]:
    """The rows of one configuration over rising rates; none if it doesn't fit or can't be
    split. The seed is part of the key's hash.
    """
    replica = replica_of(model, gpu, gpu_count, workload_of(profile))
    if replica is None:
        return []
    rows = []
    for rate in _rates(replica.saturation_rate()):
        seen = replica.run(rate, seed=f"{seed} {profile}")
        rows.append(
            Benchmark(
                model_id=model.id,
                gpu_type=gpu.id,
                gpu_count=gpu_count,
                prompt_tokens=profile.prompt_tokens,
                output_tokens=profile.output_tokens,
                requests_per_second=rate,
                ttft_ms=percentiles(seen.ttft_ms),
                itl_ms=percentiles(seen.itl_ms),
                e2e_ms=percentiles(seen.e2e_ms),
                output_tokens_per_second=significant(rate * profile.output_tokens),
                concurrency=None,
                provenance="estimated",
                source=SOURCES[replica.grid_source],
                engine=ENGINES.get(gpu.architecture, ENGINE),
                date=DATE,
            )
        )
    return rows


def _rates(saturation: float) -> list[float]:
    rounded = {_in_series(saturation * load) for load in ROUND_LOADS}
    return sorted(rounded | {significant(saturation * load, 3) for load in LOADS})


def _in_series(rate: float) -> float:
    """The largest rate of SERIES times a power of ten that is not above."""
    exponent = math.floor(math.log10(rate))
    found = max(
        s * 10.0**e for e in (exponent - 1, exponent) for s in SERIES if s * 10.0**e <= rate * (1 + 1e-9)
    )
    return significant(found, 2)


def significant(value: float, digits: int = 4) -> float:
    """`value` to so many significant digits."""
    return round(value, digits - 1 - math.floor(math.log10(value)))


def percentile(values: Sequence[float] | Floats, share: float) -> float:
    """By the nearest rank."""
    return float(np.sort(values)[math.ceil(len(values) * share) - 1])


def percentiles(values: Sequence[float] | Floats) -> Percentiles:
    """p50, p90, p95, p99 in the values' unit, to 4 significant digits."""
    _, *found = statistics_of(np.asarray(values)).tolist()
    return Percentiles(*map(significant, found))


def model_rows(model_id: str, seed: int) -> list[dict[str, object]]:
    """All rows of one model, as the shipped table holds them."""
    rows: list[dict[str, object]] = []
    for gpu in gpus().values():
        for gpu_count in GPU_COUNTS:
            for profile in traffic_profiles():
                for row in configuration_rows(models()[model_id], gpu, gpu_count, profile, seed):
                    named = dict(zip(Benchmark.COLUMNS, row.values(), strict=True))
                    rows.append({name: value for name, value in named.items() if name in SHIPPED_COLUMNS})
    return bounded(rows)


def bounded(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """`rows`, in which no latency is above the same chip's with slower memory at the
    same rate and token budget.

    Two simulations of the same arrivals differ by how steps and arrivals interleave (at most 3 % here), and a
    person comparing an H200 with an H100 must not be told of such a difference.
    """
    at: dict[tuple[object, ...], dict[str, object]] = {tuple(row[c] for c in KEY): row for row in rows}
    latencies = [c for c in SHIPPED_COLUMNS if c.endswith("_ms")]
    for row in rows:
        better = str(row["gpu_type"])
        lesser = at.get(tuple(LESSER.get(better) if c == "gpu_type" else row[c] for c in KEY))
        if lesser and max_num_batched_tokens(gpus()[better]) == max_num_batched_tokens(
            gpus()[LESSER[better]]
        ):
            row.update({c: min(row[c], lesser[c], key=float) for c in latencies})  # type: ignore[arg-type]
    return rows


KEY = ("model_id", "gpu_type", "gpu_count", "prompt_tokens", "output_tokens", "requests_per_second")
SHIPPED_COLUMNS = [c for c in Benchmark.COLUMNS if "mean" not in c and c != "concurrency"]


def generate(target: Path, seed: int, jobs: int, advance: Callable[[str], None]) -> None:
    """Write the whole table to `target`; `advance` is told each model that is done.
    Interrupted, it goes on where it was.
    """
    build(target, model_rows, SHIPPED_COLUMNS, MADE_FROM, seed, jobs, advance)
