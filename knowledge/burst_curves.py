"""The shipped p95s under bursts, as curves beside those of the benchmark table."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import numpy as np

from knowledge.catalogue import TrafficProfile
from knowledge.curves import Curves, CurveTable, Floats
from knowledge.estimator.bursts import LEVELS, shipped_bursts
from knowledge.shipped import numbers

Key = tuple[str, str, int]


def levels_for(burstiness: float) -> tuple[float, ...]:
    """Those of LEVELS that arrivals of this burstiness, or thinner, lie between; none for Poisson."""
    needed = [n for n, level in enumerate(LEVELS, start=1) if level >= burstiness]
    return () if burstiness <= 1 else LEVELS[: needed[0] if needed else None]


def burst_curves(table: CurveTable, profile: TrafficProfile, levels: tuple[float, ...]) -> Curves:
    """All configurations of `table` at the first level, then all at the next: one that
    was not simulated holds no target.
    """

    def make() -> Curves:
        shipped = _shipped().get(profile, {})
        keys = list(zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True))
        return _behind_one_another(
            [shipped.get(key, {}).get(level, _NOTHING) for level in levels for key in keys]
        )

    return table.kept(("bursts", levels), make)


UNKNOWN_RATE = 1e-9
_NOTHING: Floats = np.array([[UNKNOWN_RATE], [np.inf], [np.inf], [np.inf]])


def _behind_one_another(series: list[Floats]) -> Curves:
    starts = np.cumsum([0, *(s.shape[1] for s in series)], dtype=np.int64)[:-1]
    every = np.concatenate(series, axis=1) if series else np.zeros((4, 0))
    return Curves.of(starts, every[0], every[1:])


@cache
def _shipped() -> dict[TrafficProfile, dict[Key, dict[float, Floats]]]:
    """By profile, configuration and level: rates in requests/s and the p95s of TTFT, ITL
    and E2E in ms, one above the other.
    """
    found: dict[TrafficProfile, dict[Key, dict[float, Floats]]] = defaultdict(lambda: defaultdict(dict))
    for row in shipped_bursts():
        profile = TrafficProfile(
            prompt_tokens=int(row["prompt_tokens"]), output_tokens=int(row["output_tokens"])
        )
        key = (row["model_id"], row["gpu_type"], int(row["gpu_count"]))
        series = [
            numbers(row[name]) for name in ("requests_per_second", "ttft_p95_ms", "itl_p95_ms", "e2e_p95_ms")
        ]
        found[profile][key][float(row["burstiness"])] = np.array(series)
    return found
