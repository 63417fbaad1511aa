"""The shipped p95s under bursts, as curves beside those of the benchmark table."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np

from knowledge.catalogue import TrafficProfile
from knowledge.curves import Curves, CurveTable, Floats
from knowledge.estimator.bursts import LEVELS, shipped_bursts
from knowledge.packed import numbers

Key = tuple[str, str, int]


def burst_curves(table: CurveTable, profile: TrafficProfile) -> tuple[Curves, ...]:
    """For each of LEVELS a curve of every configuration of `table`; one that was not simulated holds no target at any rate."""
    if "bursts" not in table.memo:
        shipped = _shipped().get(profile, {})
        keys = list(zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True))
        table.memo["bursts"] = tuple(_aligned([shipped.get(key, {}).get(level, _NOTHING) for key in keys]) for level in LEVELS)
    found: tuple[Curves, ...] = table.memo["bursts"]
    return found


_NOTHING: Floats = np.array([[1e-9], [np.inf], [np.inf], [np.inf]])


def _aligned(series: list[Floats]) -> Curves:
    starts = np.cumsum([0, *(s.shape[1] for s in series)], dtype=np.int64)[:-1]
    every = np.concatenate(series, axis=1) if series else np.zeros((4, 0))
    return Curves.of(starts, every[0], every[1:])


@cache
def _shipped() -> dict[TrafficProfile, dict[Key, dict[float, Floats]]]:
    """By profile, configuration and level: rates in requests/s and the p95s of TTFT, ITL and E2E in ms, one above the other."""
    found: dict[TrafficProfile, dict[Key, dict[float, Floats]]] = defaultdict(lambda: defaultdict(dict))
    for row in shipped_bursts():
        profile = TrafficProfile(prompt_tokens=int(row["prompt_tokens"]), output_tokens=int(row["output_tokens"]))
        key = (row["model_id"], row["gpu_type"], int(row["gpu_count"]))
        series = [numbers(row[name]) for name in ("requests_per_second", "ttft_p95_ms", "itl_p95_ms", "e2e_p95_ms")]
        found[profile][key][float(row["burstiness"])] = np.array(series)
    return found
