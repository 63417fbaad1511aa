"""The generated benchmark table: every model x GPU x count that fits x traffic profile, over rates from idle to saturation.

Simulated from the shipped step grids alone, so that the same table comes out bit for bit without the estimator's extra.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import chain
from pathlib import Path

from knowledge.benchmarks import Benchmark, Percentiles
from knowledge.catalogue import Gpu, Model, TrafficProfile, gpus, models, traffic_profiles
from knowledge.estimator.calibration import calibration
from knowledge.estimator.grids import GPU_COUNTS, LESSER, feasible, shipped_grid
from knowledge.estimator.memory import max_num_batched_tokens, plan_memory
from knowledge.estimator.scheduler import simulate
from knowledge.estimator.steps import StepTimes
from knowledge.estimator.workload import arrivals_ms, seeded, unit_gaps
from knowledge.packed import pack, packed_bytes, unpack

REQUESTS = 2000
"""Simulated requests a row; the scatter of p95 over seeds is then up to 8 % (more beyond 80 % of saturation)."""
WARM_UP = 200
"""The first requests find an empty engine and are not counted."""
ROUND_LOADS = (0.02, 0.1, 0.2, 0.35)
"""Light loads as shares of what a replica can serve, rounded down to a common series of rates: configurations can be compared there."""
LOADS = (0.5, 0.65, 0.8, 0.9, 0.95)
"""Heavier loads, exactly. Beyond, queues only grow and a percentile would depend on how long one looks."""
SERIES = (1.0, 1.5, 2.2, 3.3, 4.7, 6.8)  # E6, six rates a decade
SOURCES = {
    "kernels": "kernel measurements of aiconfigurator-core 0.12.0, simulated scheduler, Poisson arrivals",
    "scaled": "kernel measurements of the same chip scaled to its memory, simulated scheduler, Poisson arrivals",
    "roofline": "roofline, simulated scheduler, Poisson arrivals",
}
ENGINES = {"ampere": "vLLM 0.14 (modelled)"}
ENGINE = "vLLM 0.24 (modelled)"
DATE = "2026-11-23"


def configuration_rows(model: Model, gpu: Gpu, gpu_count: int, profile: TrafficProfile, seed: int = 0) -> list[Benchmark]:
    """The rows of one configuration over rising rates; none if it doesn't fit or can't be split. The seed is part of the key's hash."""
    grid = shipped_grid(model.id, gpu.id, gpu_count)
    tokens = profile.prompt_tokens + profile.output_tokens
    if grid is None or not feasible(model, gpu, gpu_count, tokens):
        return []
    memory = plan_memory(model, gpu, gpu_count, tokens)
    steps = StepTimes(grid, calibration().overheads(gpu.architecture), max_num_batched_tokens=max_num_batched_tokens(gpu))
    saturation = saturation_rate(steps, memory.kv_tokens, profile, memory.max_sequences)
    # The same unit gaps stretched for each rate: neighbouring rates then differ by load, not by luck.
    gaps = unit_gaps(seeded(f"{seed} {profile}"), REQUESTS)
    prompts, outputs = [profile.prompt_tokens] * REQUESTS, [profile.output_tokens] * REQUESTS
    rows = []
    for rate in _rates(saturation):
        seen = simulate(steps, memory.kv_tokens, arrivals_ms(gaps, rate), prompts, outputs)
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
                output_tokens_per_second=significant(rate * profile.output_tokens),
                concurrency=None,
                provenance="estimated",
                source=SOURCES[grid.source],
                engine=ENGINES.get(gpu.architecture, ENGINE),
                date=DATE,
            )
        )
    return rows


def saturation_rate(steps: StepTimes, kv_tokens: int, profile: TrafficProfile, max_sequences: int) -> float:
    """Requests per second that a replica finishes while it always has more to do: the middle half of a backlog."""
    count = max(64, 8 * max_sequences)
    backlog = simulate(steps, kv_tokens, [0.0] * count, [profile.prompt_tokens] * count, [profile.output_tokens] * count).finished_ms
    first, last = count // 4, 3 * count // 4
    return (last - first) / (backlog[last] - backlog[first]) * 1000


def _rates(saturation: float) -> list[float]:
    rounded = {_in_series(saturation * load) for load in ROUND_LOADS}
    return sorted(rounded | {significant(saturation * load, 3) for load in LOADS})


def _in_series(rate: float) -> float:
    """The largest rate of SERIES times a power of ten that is not above."""
    exponent = math.floor(math.log10(rate))
    found = max(s * 10.0**e for e in (exponent - 1, exponent) for s in SERIES if s * 10.0**e <= rate * (1 + 1e-9))
    return significant(found, 2)


def significant(value: float, digits: int = 4) -> float:
    """`value` to so many significant digits."""
    return round(value, digits - 1 - math.floor(math.log10(value)))


def percentiles(values: Sequence[float]) -> Percentiles:
    """p50, p90, p95, p99 by the nearest rank, in the values' unit, to 4 significant digits."""
    ordered = sorted(values)
    at = [significant(ordered[math.ceil(len(ordered) * share) - 1]) for share in (0.50, 0.90, 0.95, 0.99)]
    return Percentiles(*at)


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
    """`rows`, in which no latency is above the same chip's with slower memory at the same rate and token budget.

    Two simulations of the same arrivals differ by how steps and arrivals interleave (at most 3 % here), and a person comparing
    an H200 with an H100 must not be told of such a difference.
    """
    at: dict[tuple[object, ...], dict[str, object]] = {tuple(row[c] for c in KEY): row for row in rows}
    latencies = [c for c in SHIPPED_COLUMNS if c.endswith("_ms")]
    for row in rows:
        better = str(row["gpu_type"])
        lesser = at.get(tuple(LESSER.get(better) if c == "gpu_type" else row[c] for c in KEY))
        if lesser and max_num_batched_tokens(gpus()[better]) == max_num_batched_tokens(gpus()[LESSER[better]]):
            row.update({c: min(row[c], lesser[c], key=float) for c in latencies})  # type: ignore[arg-type]
    return rows


KEY = ("model_id", "gpu_type", "gpu_count", "prompt_tokens", "output_tokens", "requests_per_second")
SHIPPED_COLUMNS = [c for c in Benchmark.COLUMNS if "mean" not in c and c != "concurrency"]


def generate(target: Path, seed: int, jobs: int, advance: Callable[[str], None]) -> None:
    """Write the whole table to `target`; `advance` is told each model that is done. Interrupted, it goes on where it was.

    Finished models lie beside the target, in a folder named by what they were made from, until the table is written.
    """
    parts = target.with_name(f"{target.name}.{_inputs(seed)}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    names = {model_id: parts / f"{number:03}.csv.gz" for number, model_id in enumerate(models())}
    missing = [model_id for model_id, path in names.items() if not path.exists()]
    for model_id in names:
        if model_id not in missing:
            advance(model_id)
    with ProcessPoolExecutor(jobs) as pool:
        futures = {pool.submit(model_rows, model_id, seed): model_id for model_id in missing}
        for future in as_completed(futures):
            path = names[futures[future]]
            partial = path.with_suffix(".partial")
            partial.write_bytes(pack(future.result(), SHIPPED_COLUMNS))
            partial.rename(path)
            advance(futures[future])
    every = chain.from_iterable(unpack(path.read_bytes()) for path in names.values())
    target.write_bytes(pack(every, SHIPPED_COLUMNS))
    for path in names.values():
        path.unlink()
    parts.rmdir()


def _inputs(seed: int) -> str:
    """A digest of all that the table is made from, so that parts of another table are never taken."""
    texts = [packed_bytes(name) for name in ("steps.csv.gz", "calibration.json", "models.json", "gpus.json", "use_cases.json")]
    texts += [code.read_bytes() for code in sorted(Path(__file__).parent.glob("*.py"))]
    texts.append(str(seed).encode())
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]
