"""One configuration simulated at its share of the peak, while the person waits: the scheduler's
model on the shipped step grids.

Whether a replica carries a rate is found by bisection over a fixed grid of rates, from almost idle to beyond
what it can serve; the way it takes depends on nothing but the configuration, the workload and the targets. So
a higher demand can never come out with fewer replicas, nor a looser target with more, whatever the noise of a
simulation.

Two more things never come out the wrong way round, since each is asked for as well as its easier or harder
sibling: a spread of lengths carries no more than fixed lengths, and hits of the prefix cache no less than
none.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from knowledge.catalogue import METRICS, gpus, models
from knowledge.estimator.computed import SEED
from knowledge.estimator.replica import Replica, replica_of
from knowledge.estimator.scheduler import statistics_of
from knowledge.judging import PLAIN, Judging
from knowledge.workload import Workload

STEP = 1.01
"""Ratio of neighbouring rates on the grid: capacity is found to one percent, downwards."""
THINNING_STEP = 1.15
"""Burstiness beyond 1 is rounded up to this ratio below that of all arrivals, so that
neighbouring replica counts share runs.
"""
NEARLY_POISSON = 1.02
REQUESTS = 10_000
"""Simulated requests a run: their p95 scatters by 2 % over seeds, by more beyond 90 % of saturation."""
SEEDS = (SEED, "plan again", "plan once more")
"""The same for all: configurations and workloads differ by what they are, not by luck."""
CLOSE = 0.97
"""Above this share of a target, by the first seed, the others must hold it as well."""


class Latency(NamedTuple):
    """Of one metric in ms, in the order of STATISTICS."""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Configuration:
    model_id: str
    gpu_type: str
    gpu_count: int
    workload: Workload


@lru_cache(maxsize=2048)
def _replica(configuration: Configuration) -> Replica | None:
    c = configuration
    return replica_of(models()[c.model_id], gpus()[c.gpu_type], c.gpu_count, c.workload)


def _present(configuration: Configuration) -> Replica:
    replica = _replica(configuration)
    if replica is None:
        raise ValueError(f"{configuration} can't be simulated.")
    return replica


@lru_cache(maxsize=50_000)
def simulated(
    configuration: Configuration, requests_per_second: float, burstiness: float, seed: str = SEEDS[0]
) -> tuple[Latency, ...]:
    """Of TTFT, ITL and E2E. Raises ValueError for a configuration without a step grid."""
    seen = _present(configuration).run(requests_per_second, burstiness, REQUESTS, seed)
    return tuple(Latency(*statistics_of(getattr(seen, f"{metric}_ms")).tolist()) for metric in METRICS)


def mean_in_flight(configuration: Configuration, requests_per_second: float, burstiness: float) -> float:
    """Requests in one replica at a time, by Little's law: rate x mean time in it. Raises ValueError for a
    configuration without a step grid.
    """
    e2e = simulated(configuration, requests_per_second, burstiness)[METRICS.index("e2e")]
    return requests_per_second * e2e.mean / 1000


@lru_cache(maxsize=4096)
def saturation(configuration: Configuration) -> float:
    """Requests per second that one replica finishes while it always has more to do. Raises ValueError for a
    configuration without a step grid.
    """
    return _present(configuration).saturation_rate()


def can_be_simulated(configuration: Configuration) -> bool:
    return _replica(configuration) is not None


@lru_cache(maxsize=4096)
def _grid_between(low: float, high: float) -> tuple[float, ...]:
    steps = math.ceil(math.log(high / low) / math.log(STEP))
    return (*(low * (high / low) ** (n / steps) for n in range(steps)), high)


@dataclass
class Simulation:
    """A configuration under targets (ms), between the rates at which anything is known of it."""

    configuration: Configuration
    targets_ms: tuple[float, ...]
    first_rate: float
    last_rate: float
    bounds: dict[float, tuple[int, int]] = field(default_factory=dict)
    """By burstiness, the highest place on the grid that is known to hold and the lowest that doesn't."""
    judging: Judging = PLAIN
    _grid: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._grid = _grid_between(self.first_rate, self.last_rate)

    def carries(self, requests_per_second: float, burstiness: float) -> bool:
        """Whether one replica holds all targets at this rate; False beyond the last rate."""
        needed = bisect_left(self._grid, requests_per_second * (1 - 1e-9))
        holds, fails = self._bounds(burstiness)
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
        holds, fails = self._bounds(burstiness)
        return (self._grid[holds] if holds >= 0 else 0.0), (
            self._grid[fails] if fails < len(self._grid) else self._grid[-1]
        )

    def reaches_end(self, burstiness: float) -> bool:
        """Whether it holds all targets even at the last rate, so that what lies beyond is unknown."""
        return self.carries(self._grid[-1], burstiness)

    def highest(self, burstiness: float) -> float:
        """The highest rate at which it holds all targets, in requests/s; 0 where it does at none."""
        holds, fails = self._bounds(burstiness)
        while fails - holds > 1:
            middle = (holds + fails) // 2
            holds, fails = (middle, fails) if self._hold(middle, burstiness) else (holds, middle)
        self.bounds[burstiness] = (holds, fails)
        return self._grid[holds] if holds >= 0 else 0.0

    def beyond(self, burstiness: float) -> tuple[float, tuple[float, ...]] | None:
        """One step above the highest rate: that rate, and the worst of all seeds as judged, by metric in ms;
        None where it holds all targets as far as anything is known.
        """
        self.highest(burstiness)
        _, fails = self._bounds(burstiness)
        if fails >= len(self._grid):
            return None
        rate = self._grid[fails]
        seen = [
            judged(simulated(replace(self.configuration, workload=one), rate, burstiness, seed), self.judging)
            for one in next(self._as_hard_or_harder())
            for seed in SEEDS
        ]
        return rate, tuple(max(each) for each in zip(*seen, strict=True))

    def at(self, requests_per_second: float, burstiness: float) -> tuple[Latency, ...]:
        """Latencies at a rate that it carries: none above that of a higher rate that is known to hold."""
        seen = simulated(self.configuration, requests_per_second, burstiness)
        holds, _ = self._bounds(burstiness)
        if holds < 0 or self._grid[holds] < requests_per_second:
            return seen
        bound = simulated(self.configuration, self._grid[holds], burstiness)
        return tuple(Latency(*map(min, one, most)) for one, most in zip(seen, bound, strict=True))

    def _bounds(self, burstiness: float) -> tuple[int, int]:
        return self.bounds.get(burstiness, (-1, len(self._grid)))

    def _hold(self, place: int, burstiness: float) -> bool:
        rate = self._grid[place]
        return any(
            all(self._within(one, rate, burstiness) for one in no_easier)
            for no_easier in self._as_hard_or_harder()
        )

    def _within(self, workload: Workload, rate: float, burstiness: float) -> bool:
        configuration = replace(self.configuration, workload=workload)

        def holds(seed: str, share: float) -> bool:
            seen = simulated(configuration, rate, burstiness, seed)
            return all(
                figure <= share * target
                for figure, target in zip(judged(seen, self.judging), self.targets_ms, strict=True)
            )

        first, *others = SEEDS
        return holds(first, 1) and (holds(first, CLOSE) or all(holds(seed, 1) for seed in others))

    def _as_hard_or_harder(self) -> Iterator[list[Workload]]:
        """What it is simulated under: all of one list must hold. Without prefix hits it is harder; a spread
        is never easier than fixed lengths.
        """
        workload = self.configuration.workload
        siblings = [workload]
        if workload.prompt_spread or workload.output_spread:
            siblings.append(replace(workload, prompt_spread=0.0, output_spread=0.0))
        yield siblings
        if workload.cached_share:
            yield [replace(one, cached_share=0.0) for one in siblings]


def judged(seen: tuple[Latency, ...], judging: Judging) -> list[float]:
    """Of TTFT, ITL and E2E in ms, what is held against their targets."""
    if judging.plain:
        return [latency.p95 for latency in seen]
    return [
        max(w * figure for w, figure in zip(weights, latency, strict=True) if w)
        for weights, latency in zip(judging.weights, seen, strict=True)
    ]


def rounded_up(burstiness: float, of_all: float) -> float:
    """A thinned burstiness on the grid below that of all arrivals."""
    if burstiness >= of_all or of_all <= 1:
        return of_all
    if burstiness <= NEARLY_POISSON:
        return 1.0
    steps = math.floor(math.log((of_all - 1) / (burstiness - 1)) / math.log(THINNING_STEP) + 1e-9)
    return round(1 + (of_all - 1) / THINNING_STEP**steps, 6)
