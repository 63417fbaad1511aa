"""Capacity and replicas of every configuration at once, from the benchmark table and the shipped p95s under bursts.

A peak split at random over R replicas reaches each with a burstiness of 1 + (burstiness − 1) / R. Between the levels that
were simulated, capacity and p95s are interpolated over the logarithm of the burstiness; beyond the highest, a replica holds
nothing: more replicas thin the bursts, and nothing is extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.burst_curves import burst_curves
from knowledge.catalogue import TrafficProfile
from knowledge.curves import Bools, Curves, CurveTable, Floats, Ints
from knowledge.estimator.bursts import LEVELS
from tools.specification import MAX_GPUS

ROUNDING = 1e-9
"""Keeps a peak of exactly R replicas' worth from costing R + 1 through rounding of floats."""


def thinned(burstiness: float, replicas: Floats) -> Floats:
    """What each of `replicas` sees of arrivals that are split over them at random."""
    return np.asarray(1 + (burstiness - 1) / np.maximum(replicas, 1))


@dataclass(frozen=True)
class Estimates:
    """All configurations of a table under arrivals of some burstiness."""

    table: CurveTable
    profile: TrafficProfile
    burstiness: float

    @cached_property
    def _levels(self) -> tuple[Curves, ...]:
        if self.burstiness <= 1:
            return (self.table.curves,)
        return (self.table.curves, *burst_curves(self.table, self.profile))

    def _of(self, configurations: Ints | None) -> tuple[Curves, ...]:
        return self._levels if configurations is None else tuple(curves.select(configurations) for curves in self._levels)

    def capacities(self, targets_ms: Floats, configurations: Ints | None = None) -> Capacities:
        """Of one replica, at each level of burstiness, under p95 targets in ms in the order of METRICS; of all, or of some."""
        by_metric = np.stack([curves.capacities(targets_ms) for curves in self._of(configurations)])
        return Capacities(np.minimum.accumulate(by_metric, axis=0), self.burstiness)

    def p95_at(self, rates: Floats, replicas: Floats, configurations: Ints | None = None) -> Floats:
        """(3, configurations), in ms, of one of so many replicas at its rate: of all, or of some, for which alone the rates are."""
        levels = self._of(configurations)
        if self.burstiness <= 1:
            return levels[0].p95_at(rates)
        by_level = np.maximum.accumulate(np.stack([curves.p95_at(rates) for curves in levels]), axis=0)
        return _between(by_level, thinned(self.burstiness, replicas))


@dataclass(frozen=True)
class Capacities:
    """`by_metric` (levels, 3, configurations) in requests/s, falling with burstiness."""

    by_metric: Floats
    burstiness: float

    @cached_property
    def by_level(self) -> Floats:
        """(levels, configurations), within all three targets."""
        found: Floats = self.by_metric.min(axis=1)
        return found

    def times(self, factor: Floats) -> Capacities:
        return Capacities(self.by_metric * factor, self.burstiness)

    def of_one_of(self, replicas: Floats) -> Floats:
        """Of each of so many replicas."""
        return self.by_level[0] if self.burstiness <= 1 else _between(self.by_level, thinned(self.burstiness, replicas))

    def believed(self, configuration: int, replicas: int) -> float:
        """Of one of so many replicas of one configuration."""
        alone = Capacities(self.by_metric[..., configuration : configuration + 1], self.burstiness)
        return float(alone.of_one_of(np.array([float(replicas)]))[0])

    def fewest(self, configuration: int, requests_per_second: float, most: int) -> int:
        """Replicas of one configuration that carry a rate, at most `most`."""
        alone = Capacities(self.by_metric[..., configuration : configuration + 1], self.burstiness)
        return int(min(most, alone.replicas(requests_per_second, np.ones(1))[0]))

    def enough(self, replicas: Floats, requests_per_second: float) -> Bools:
        """Whether so many replicas carry this rate."""
        found: Bools = replicas * self.of_one_of(replicas) >= requests_per_second * (1 - ROUNDING)
        return found

    def replicas(self, requests_per_second: float, gpu_counts: Floats) -> Floats:
        """The fewest that carry this rate; infinite where no number up to MAX_GPUS does."""
        most = np.floor(MAX_GPUS / gpu_counts)
        with np.errstate(divide="ignore"):
            by_level = np.where(self.by_level > 0, np.maximum(1.0, np.ceil(requests_per_second / self.by_level * (1 - ROUNDING))), np.inf)
        if self.burstiness <= 1:
            return np.where(by_level[0] <= most, by_level[0], np.inf)
        # At a level's own thinning, what it carries is a bound from above; the fewest lie between that and Poisson's.
        thin = np.ceil((self.burstiness - 1) / (np.array(LEVELS) - 1) * (1 - ROUNDING))[:, None]
        found = np.minimum(most, np.maximum(by_level[1:], thin).min(axis=0))
        low = np.minimum(by_level[0], found)
        while len(open_ := np.flatnonzero(low < found)):
            middle = np.floor((low[open_] + found[open_]) / 2)
            carries = Capacities(self.by_metric[..., open_], self.burstiness).enough(middle, requests_per_second)
            low[open_] = np.where(carries, low[open_], middle + 1)
            found[open_] = np.where(carries, middle, found[open_])
        return np.where((by_level[0] <= most) & self.enough(found, requests_per_second), found, np.inf)


def _between(by_level: Floats, burstiness: Floats) -> Floats:
    """Of values at 1 and at LEVELS (first axis), each configuration's at its own burstiness (last axis)."""
    levels = np.log2([1.0, *LEVELS])
    at = np.log2(burstiness)
    right = np.clip(np.searchsorted(levels, at), 1, len(levels) - 1)
    share = (at - levels[right - 1]) / (levels[right] - levels[right - 1])
    column = np.arange(by_level.shape[-1])
    below, above = by_level[right - 1, ..., column].T, by_level[right, ..., column].T
    with np.errstate(invalid="ignore"):
        found = np.where(share <= 0, below, np.where(share >= 1, above, below + share * (above - below)))
    beyond = at > levels[-1] + 1e-12
    return np.where(beyond, 0.0 if by_level.ndim == 2 else np.nan, found)
