"""The generated benchmark table: every model x GPU x count that fits x traffic profile, over rates from idle to saturation.

Run by the project's own `make benchmarks`; the result ships as `data/benchmarks.csv.gz`, labelled `estimated`.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import math
import random
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from knowledge.benchmarks import Benchmark, Percentiles
from knowledge.catalogue import Gpu, Model, TrafficProfile, gpus, models, traffic_profiles
from knowledge.estimator.memory import MemoryPlan, max_num_batched_tokens, plan_memory, tensor_parallel_possible
from knowledge.estimator.roofline import StepModel
from knowledge.estimator.scheduler import simulate

GPU_COUNTS = (1, 2, 4, 8)
REQUESTS = 2000
"""Simulated requests a row; the scatter of p95 over seeds is then about 3 %."""
WARM_UP = 200
"""The first requests find an empty engine and are not counted."""
LOADS = (0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95)
"""Request rates as shares of what a replica can serve; beyond, queues only grow and a percentile would depend on how long one looks."""
SOURCE = "roofline step times, simulated continuous batching, Poisson arrivals"
ENGINE = "vLLM (modelled)"
DATE = "2026-11-23"


def generate() -> Iterator[Benchmark]:
    """All rows, in a fixed order; the same on every machine, since the seeds come from the keys."""
    for model in models().values():
        for gpu in gpus().values():
            for gpu_count in GPU_COUNTS:
                for profile in traffic_profiles():
                    yield from curve(model, gpu, gpu_count, profile)


def curve(model: Model, gpu: Gpu, gpu_count: int, profile: TrafficProfile) -> list[Benchmark]:
    """The rows of one configuration over rising rates; none if it doesn't fit or can't be split."""
    tokens = profile.prompt_tokens + profile.output_tokens
    memory = plan_memory(model, gpu, gpu_count, tokens)
    if not tensor_parallel_possible(model, gpu_count) or not memory.fits or model.context_tokens < tokens:
        return []
    steps = StepModel(model, gpu, gpu_count)
    batched_tokens = max_num_batched_tokens(gpu)
    saturation = saturation_rate(steps, memory, profile, batched_tokens)
    key = f"{model.id} {gpu.id} {gpu_count} {profile}"
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    # The same unit gaps stretched for each rate: neighbouring rates then differ by load, not by luck.
    gaps = _poisson_gaps(seed)
    rows = []
    for rate in sorted({round_significant(saturation * load) for load in LOADS}):
        arrivals, at = [], 0.0
        for gap in gaps:
            at += gap / rate * 1000
            arrivals.append(at)
        seen = simulate(steps, memory, profile, arrivals, batched_tokens)
        rows.append(
            Benchmark(
                model_id=model.id,
                gpu_type=gpu.id,
                gpu_count=gpu_count,
                prompt_tokens=profile.prompt_tokens,
                output_tokens=profile.output_tokens,
                requests_per_second=rate,
                ttft_ms=percentiles(seen.ttft_ms[WARM_UP:]),
                itl_ms=percentiles(seen.itl_ms[WARM_UP:]),
                e2e_ms=percentiles(seen.e2e_ms[WARM_UP:]),
                provenance="estimated",
                source=SOURCE,
                engine=ENGINE,
                date=DATE,
            )
        )
    return rows


def saturation_rate(steps: StepModel, memory: MemoryPlan, profile: TrafficProfile, batched_tokens: int) -> float:
    """Requests per second that a replica finishes while it always has more to do: the middle half of a backlog."""
    count = 8 * memory.max_sequences
    backlog = simulate(steps, memory, profile, [0.0] * count, batched_tokens).e2e_ms
    first, last = count // 4, 3 * count // 4
    return (last - first) / (backlog[last] - backlog[first]) * 1000


def _poisson_gaps(seed: int) -> list[float]:
    generator = random.Random(seed)  # noqa: S311 - a simulation, no secret
    return [generator.expovariate(1.0) for _ in range(REQUESTS)]


def round_significant(value: float, digits: int = 3) -> float:
    return round(value, digits - 1 - math.floor(math.log10(value)))


def percentiles(values: list[float]) -> Percentiles:
    """p50, p90, p95, p99 by the nearest rank, in the values' unit, to 3 decimals."""
    ordered = sorted(values)
    at = [round(ordered[math.ceil(len(ordered) * share) - 1], 3) for share in (0.50, 0.90, 0.95, 0.99)]
    return Percentiles(*at)


def as_csv(rows: Iterator[Benchmark]) -> str:
    """The shipped file's text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Benchmark.COLUMNS)
    writer.writerows(row.values() for row in rows)
    return text.getvalue()


if __name__ == "__main__":
    packed = gzip.compress(as_csv(generate()).encode(), compresslevel=9, mtime=0)
    Path(str(files("knowledge").joinpath("data", "benchmarks.csv.gz"))).write_bytes(packed)
