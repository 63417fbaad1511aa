"""One configuration simulated at its share of the peak, while the person waits: the scheduler's
model on the shipped step grids.

Whether a replica carries a rate is found by bisection over a fixed grid of rates, from the idle row of the
benchmark table to its last; the way it takes depends on nothing but the configuration, the targets and the
burstiness. So a higher demand can never come out with fewer replicas, nor a looser target with more,
whatever the noise of a simulation.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from knowledge.catalogue import METRICS, TrafficProfile, gpus, models
from knowledge.estimator.replica import Replica, replica_of
from knowledge.estimator.table import percentile

STEP = 1.01
"""Ratio of neighbouring rates on the grid: capacity is found to one percent, downwards."""
THINNING_STEP = 1.15
"""Burstiness beyond 1 is rounded up to this ratio below that of all arrivals, so that
neighbouring replica counts share runs.
"""
NEARLY_POISSON = 1.02
Percentiles = tuple[float, float, float]


@dataclass(frozen=True)
class Configuration:
    model_id: str
    gpu_type: str
    gpu_count: int
    profile: TrafficProfile


@lru_cache(maxsize=512)
def _replica(configuration: Configuration) -> Replica | None:
    c = configuration
    return replica_of(models()[c.model_id], gpus()[c.gpu_type], c.gpu_count, c.profile)


@lru_cache(maxsize=50_000)
def simulated(
    configuration: Configuration, requests_per_second: float, burstiness: float
) -> tuple[Percentiles, ...]:
    """p50, p95, p99 in ms of TTFT, ITL and E2E. Raises ValueError for a configuration without a step grid."""
    replica = _replica(configuration)
    if replica is None:
        raise ValueError(f"{configuration} can't be simulated.")
    seen = replica.run(requests_per_second, burstiness)
    ordered = [sorted(getattr(seen, f"{metric}_ms")) for metric in METRICS]
    return tuple((percentile(v, 0.50), percentile(v, 0.95), percentile(v, 0.99)) for v in ordered)


def can_be_simulated(configuration: Configuration) -> bool:
    return _replica(configuration) is not None


@lru_cache(maxsize=4096)
def _grid_over(rates: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Rates from the first to the last, and where each of the given ones is among them."""
    grid, rows = [rates[0]], [0]
    for low, high in pairwise(rates):
        steps = math.ceil(math.log(high / low) / math.log(STEP))
        grid += [low * (high / low) ** (n / steps) for n in range(1, steps)] + [high]
        rows.append(len(grid) - 1)
    return tuple(grid), tuple(rows)


@dataclass
class Simulation:
    """A configuration under targets; `rates` and `p95_ms` (3 lists, ms) are its rows of
    the table, which are for Poisson arrivals.
    """

    configuration: Configuration
    targets_ms: tuple[float, ...]
    rates: tuple[float, ...]
    p95_ms: list[list[float]]
    bounds: dict[float, tuple[int, int]] = field(default_factory=dict)
    """By burstiness, the highest place on the grid that is known to hold and the lowest that doesn't."""
    _grid: tuple[float, ...] = field(init=False)
    _rows: tuple[int, ...] = field(init=False)
    """Places of the table's rows on the grid."""

    def __post_init__(self) -> None:
        self._grid, self._rows = _grid_over(self.rates)

    def carries(self, requests_per_second: float, burstiness: float) -> bool:
        """Whether one replica holds all targets at this rate; False beyond the table's last row."""
        needed = self._place(requests_per_second)
        holds, fails = self.bounds.get(burstiness) or self._start(burstiness)
        while holds < needed < fails and fails - holds > 1:
            middle = (holds + fails) // 2
            if self._hold(middle, burstiness):
                holds = middle
            else:
                fails = middle
        self.bounds[burstiness] = (holds, fails)
        return needed <= holds

    def known(self, burstiness: float) -> tuple[float, float]:
        """Between which rates its capacity lies, as far as it was asked for."""
        holds, fails = self.bounds.get(burstiness) or self._start(burstiness)
        return (self._grid[holds] if holds >= 0 else 0.0), (
            self._grid[fails] if fails < len(self._grid) else self._grid[-1]
        )

    def reaches_end(self, burstiness: float) -> bool:
        """Whether it holds all targets even at the table's last rate, so that what lies beyond is unknown."""
        return self.carries(self._grid[-1], burstiness)

    def at(self, requests_per_second: float, burstiness: float) -> tuple[Percentiles, ...]:
        """Latencies at a rate that it carries: no p95 above that of a higher rate that is known to hold."""
        seen = simulated(self.configuration, requests_per_second, burstiness)
        holds, _ = self.bounds.get(burstiness, (-1, 0))
        if holds < 0 or self._grid[holds] < requests_per_second:
            return seen
        bound = self._p95s(holds, burstiness)
        return tuple(
            (min(p50, b), min(p95, b), max(p99, min(p95, b)))
            for (p50, p95, p99), b in zip(seen, bound, strict=True)
        )

    def _place(self, requests_per_second: float) -> int:
        """The first on the grid that is no lower."""
        return bisect_left(self._grid, requests_per_second * (1 - 1e-9))

    def _start(self, burstiness: float) -> tuple[int, int]:
        """For Poisson arrivals the table's own rows narrow it down at once."""
        if burstiness != 1:
            return -1, len(self._grid)
        held = sum(
            1
            for n in range(len(self.rates))
            if all(p[n] <= t for p, t in zip(self.p95_ms, self.targets_ms, strict=True))
        )
        if held == 0:
            return -1, 0
        return self._rows[held - 1], (self._rows[held] if held < len(self._rows) else len(self._grid))

    def _p95s(self, place: int, burstiness: float) -> list[float]:
        if burstiness == 1 and place in self._rows:
            return [p[self._rows.index(place)] for p in self.p95_ms]
        return [p95 for _, p95, _ in simulated(self.configuration, self._grid[place], burstiness)]

    def _hold(self, place: int, burstiness: float) -> bool:
        return all(
            p95 <= target for p95, target in zip(self._p95s(place, burstiness), self.targets_ms, strict=True)
        )


def rounded_up(burstiness: float, of_all: float) -> float:
    """A thinned burstiness on the grid below that of all arrivals."""
    if burstiness >= of_all or of_all <= 1:
        return of_all
    if burstiness <= NEARLY_POISSON:
        return 1.0
    steps = math.floor(math.log((of_all - 1) / (burstiness - 1)) / math.log(THINNING_STEP) + 1e-9)
    return round(1 + (of_all - 1) / THINNING_STEP**steps, 6)
