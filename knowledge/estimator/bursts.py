"""What bursts do to every configuration: p95s at some burstinesses, shipped in
`data/bursts.csv.gz`, built by `make bursts`.

The benchmark table is for Poisson arrivals, a burstiness of 1; here is what its configurations do at a few of
its rates when arrivals come in bursts. Only relations between the two are read, so that measured rows can be
carried over to bursts as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.estimator.building import build
from knowledge.estimator.replica import replica_of
from knowledge.estimator.table import percentile, significant
from knowledge.shipped import read_rows
from knowledge.workload import workload_of

LEVELS = (2.0, 4.0, 16.0)
"""Squared coefficients of variation of the times between arrivals."""
PICKED = (0, 1, 3, 5, 6, 8)
"""Of a configuration's rates in the benchmark table, from idle to 95 % of saturation."""
COLUMNS = (
    "model_id",
    "gpu_type",
    "gpu_count",
    "prompt_tokens",
    "output_tokens",
    "burstiness",
    "requests_per_second",
    "ttft_p95_ms",
    "itl_p95_ms",
    "e2e_p95_ms",
)
"""The last four hold a list each, over rising rates."""
Key = tuple[str, int, TrafficProfile]


@cache
def _table_rates() -> dict[str, list[tuple[Key, list[float]]]]:
    """The rates that the shipped table has for each configuration, by model."""

    def configuration(row: dict[str, str]) -> tuple[str, str, int, int, int]:
        return (
            row["model_id"],
            row["gpu_type"],
            int(row["gpu_count"]),
            int(row["prompt_tokens"]),
            int(row["output_tokens"]),
        )

    found: dict[str, list[tuple[Key, list[float]]]] = {}
    for (model_id, gpu_type, count, prompt, output), rows in groupby(
        read_rows("benchmarks.csv.gz"), key=configuration
    ):
        key = (gpu_type, count, TrafficProfile(prompt_tokens=prompt, output_tokens=output))
        found.setdefault(model_id, []).append((key, [float(row["requests_per_second"]) for row in rows]))
    return found


def model_rows(model_id: str, seed: int) -> list[dict[str, object]]:
    """All rows of one model, a row for each configuration, profile and level."""
    rows: list[dict[str, object]] = []
    for (gpu_type, gpu_count, profile), rates in _table_rates().get(model_id, []):
        replica = replica_of(models()[model_id], gpus()[gpu_type], gpu_count, workload_of(profile))
        if replica is None:
            continue
        picked = [rates[n] for n in PICKED if n < len(rates)]
        for level in LEVELS:
            runs = [replica.run(rate, level, seed=f"{seed} {profile}") for rate in picked]
            p95s = {
                f"{m}_p95_ms": [significant(percentile(getattr(r, f"{m}_ms"), 0.95)) for r in runs]
                for m in ("ttft", "itl", "e2e")
            }
            key = (model_id, gpu_type, gpu_count, profile.prompt_tokens, profile.output_tokens, f"{level:g}")
            lists = (" ".join(f"{v:g}" for v in values) for values in (picked, *p95s.values()))
            rows.append(dict(zip(COLUMNS, (*key, *lists), strict=True)))
    return rows


def shipped_bursts() -> Iterator[dict[str, str]]:
    """The shipped rows, as text."""
    return read_rows("bursts.csv.gz")


def main() -> None:
    """Build and write, with a progress bar. Interrupted, it goes on where it was."""
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    target = Path(__file__).parents[1] / "data" / "bursts.csv.gz"
    made_from = (
        "steps.csv.gz",
        "benchmarks.csv.gz",
        "calibration.json",
        "models.json",
        "gpus.json",
        "use_cases.json",
    )
    with Progress(
        *Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn()
    ) as progress:
        task = progress.add_task("Models", total=len(models()))
        build(
            target, model_rows, COLUMNS, made_from, 0, os.cpu_count() or 1, lambda _: progress.advance(task)
        )


if __name__ == "__main__":
    main()
