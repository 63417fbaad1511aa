"""Capacity and replicas of every configuration at once, from the benchmark table and
the shipped p95s under bursts.

A peak split at random over R replicas reaches each with a burstiness of 1 + (burstiness − 1) / R. Between the
levels that were simulated, capacity and p95s are interpolated over the logarithm of the burstiness; beyond
the highest, a replica holds nothing: more replicas thin the bursts, and nothing is extrapolated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.burst_curves import UNKNOWN_RATE, burst_curves, levels_for
from knowledge.catalogue import TrafficProfile
from knowledge.curves import Bools, Curves, CurveTable, Floats, Ints
from knowledge.estimator.computed import computed_bursts
from knowledge.estimator.statistics import judged_bursts, judged_curves
from knowledge.judging import PLAIN, Judging
from knowledge.workload import workload_of
from tools.specification import MAX_GPUS

ROUNDING = 1e-9
"""Keeps a peak of exactly R replicas' worth from costing R + 1 through rounding of floats."""


def simulated(bursts: Curves, configurations: int) -> Bools:
    """Which configurations were simulated under bursts at all: of the others nothing is known there."""
    return np.asarray(bursts.highest_rate[:configurations] > UNKNOWN_RATE)


def thinned(burstiness: float, replicas: Floats) -> Floats:
    """What each of `replicas` sees of arrivals that are split over them at random."""
    return np.asarray(1 + (burstiness - 1) / np.maximum(replicas, 1))


@dataclass(frozen=True)
class Estimates:
    """All configurations of a table under arrivals of some burstiness."""

    table: CurveTable
    profile: TrafficProfile
    burstiness: float
    judging: Judging = PLAIN

    @cached_property
    def _levels(self) -> tuple[float, ...]:
        return levels_for(self.burstiness)

    @cached_property
    def known(self) -> Bools:
        """Which configurations anything is known of for these arrivals."""
        return (
            np.ones(len(self.table), dtype=bool)
            if self._bursts is None
            else simulated(self._bursts, len(self.table))
        )

    @cached_property
    def _bursts(self) -> Curves | None:
        if not self._levels:
            return None
        if self.table.workload is not None:
            return self.table.kept(
                ("bursts", self._levels), lambda: computed_bursts(self.table, self._levels)
            )
        return burst_curves(self.table, self.profile, self._levels)

    @cached_property
    def _judged(self) -> tuple[Curves, Curves | None]:
        """What is held against targets in the place of p95s, for Poisson arrivals and for bursts."""
        bursts, workload = self._bursts, self.table.workload or workload_of(self.profile)
        return judged_curves(self.table, workload, self.judging), (
            None
            if bursts is None
            else judged_bursts(self.table, bursts, self._levels, workload, self.judging)
        )

    def _of(self, some: Ints | None, as_judged: bool = True) -> tuple[Curves, Curves | None]:
        """The curves of some configurations, for Poisson arrivals and for bursts."""
        poisson, bursts = self._judged if as_judged else (self.table.curves, self._bursts)
        if some is None:
            return poisson, bursts
        each = (np.arange(len(self._levels))[:, None] * len(self.table) + some).ravel()
        return poisson.select(some), bursts.select(each) if bursts is not None else None

    def by_metric(self, targets_ms: Floats, some: Ints | None = None) -> Floats:
        """(levels, 3, configurations): the rate that one replica carries within each target alone
        (ms, in the order of METRICS).

        Of all configurations, those for the latest targets are kept with the table: what-ifs
        about demand ask for them again.
        """
        if some is None:
            key = ("by metric", self._levels, self.judging, targets_ms.tobytes())
            return self.table.kept(key, lambda: self._by_metric(targets_ms, None))
        return self._by_metric(targets_ms, some)

    def _by_metric(self, targets_ms: Floats, some: Ints | None) -> Floats:
        poisson, bursts = self._of(some)
        alone = poisson.capacities(targets_ms)
        if bursts is None:
            return alone[None]
        alone = np.where(simulated(bursts, len(poisson)), alone, 0.0)
        by_level = bursts.capacities(targets_ms).reshape(3, len(self._levels), -1).swapaxes(0, 1)
        return np.minimum.accumulate(np.concatenate([alone[None], by_level]), axis=0)

    def capacities(self, targets_ms: Floats, some: Ints | None = None) -> Capacities:
        """Within all three targets; of all configurations, or of some."""
        return Capacities(self.by_metric(targets_ms, some).min(axis=1), self.burstiness)

    def p95_at(self, rates: Floats, replicas: Floats, some: Ints | None = None) -> Floats:
        """(3, configurations), in ms, of one of so many replicas at its rate: of all, or
        of some, for which alone the rates are.
        """
        return self._at(rates, replicas, self._of(some, as_judged=False))

    def judged_at(self, rates: Floats, replicas: Floats, some: Ints | None = None) -> Floats:
        """The same of what is held against the targets."""
        return self._at(rates, replicas, self._of(some))

    def _at(self, rates: Floats, replicas: Floats, of: tuple[Curves, Curves | None]) -> Floats:
        poisson, bursts = of
        alone = poisson.p95_at(rates)
        if bursts is None:
            return alone
        by_level = (
            bursts.p95_at(np.tile(rates, len(self._levels))).reshape(3, len(self._levels), -1).swapaxes(0, 1)
        )
        return _between(
            np.maximum.accumulate(np.concatenate([alone[None], by_level]), axis=0),
            self._levels,
            thinned(self.burstiness, replicas),
        )


@dataclass(frozen=True)
class Capacities:
    """`by_level` (levels, configurations) in requests/s, falling with burstiness."""

    by_level: Floats
    burstiness: float

    def times(self, factor: Floats) -> Capacities:
        return Capacities(self.by_level * factor, self.burstiness)

    def of(self, configurations: Ints) -> Capacities:
        """Of some configurations alone."""
        return Capacities(self.by_level[:, configurations], self.burstiness)

    def of_one_of(self, replicas: Floats) -> Floats:
        """Of each of so many replicas."""
        return (
            self.by_level[0]
            if self.burstiness <= 1
            else _between(self.by_level, levels_for(self.burstiness), thinned(self.burstiness, replicas))
        )

    def believed(self, configuration: int, replicas: int) -> float:
        """Of one of so many replicas of one configuration."""
        return float(self.of(np.array([configuration])).of_one_of(np.array([float(replicas)]))[0])

    def enough(self, replicas: Floats, requests_per_second: float) -> Bools:
        """Whether so many replicas carry this rate."""
        found: Bools = replicas * self.of_one_of(replicas) >= requests_per_second * (1 - ROUNDING)
        return found

    def replicas(self, requests_per_second: float, gpu_counts: Floats) -> Floats:
        """The fewest that carry this rate; infinite where no number up to MAX_GPUS does."""
        found = np.full(self.by_level.shape[1], np.inf)
        alive = np.flatnonzero(self.by_level[0] > 0)
        most, alone = np.floor(MAX_GPUS / gpu_counts[alive]), self.by_level[0][alive]
        fewest = np.maximum(1.0, np.ceil(requests_per_second / alone * (1 - ROUNDING)))
        if self.burstiness > 1:
            fewest = self.of(alive)._among(requests_per_second, np.minimum(fewest, most), most)
        found[alive] = np.where(fewest <= most, fewest, np.inf)
        return found

    def _needed(self, replicas: Floats, requests_per_second: float) -> Floats:
        """How many would carry the rate if each did what one of `replicas` does."""
        with np.errstate(divide="ignore"):
            return np.asarray(
                np.maximum(1.0, np.ceil(requests_per_second / self.of_one_of(replicas) * (1 - ROUNDING)))
            )

    def _among(self, requests_per_second: float, low: Floats, most: Floats) -> Floats:
        """The fewest from `low` to `most` that carry the rate; infinite where none does."""
        # At a level's own thinning, what it carries is a bound from above.
        with np.errstate(divide="ignore"):
            by_level = np.ceil(requests_per_second / self.by_level[1:] * (1 - ROUNDING))
        thin = np.ceil((self.burstiness - 1) / (np.array(levels_for(self.burstiness)) - 1) * (1 - ROUNDING))[
            :, None
        ]
        high = np.maximum(low, np.minimum(most, np.maximum(np.maximum(by_level, thin), 1.0).min(axis=0)))
        # More replicas thin the bursts, and each carries more: what so few (many) would need
        # is enough (needed at least).
        high = np.minimum(high, np.maximum(low, self._needed(low, requests_per_second)))
        low = np.minimum(high, np.maximum(low, self._needed(high, requests_per_second)))
        while len(open_ := np.flatnonzero(low < high)):
            middle = np.floor((low[open_] + high[open_]) / 2)
            carries = self.of(open_).enough(middle, requests_per_second)
            low[open_] = np.where(carries, low[open_], middle + 1)
            high[open_] = np.where(carries, middle, high[open_])
        return np.where(self.enough(high, requests_per_second), high, np.inf)


def _between(by_level: Floats, levels_above_1: tuple[float, ...], burstiness: Floats) -> Floats:
    """Of values at 1 and at levels (first axis), each configuration's (last axis) at
    burstinesses that have its last axis too.
    """
    levels = np.log2([1.0, *levels_above_1])
    at = np.log2(burstiness)
    found = by_level[0] + np.zeros_like(at) if by_level.ndim == 2 else by_level[0]
    with np.errstate(invalid="ignore"):
        for k in range(1, len(levels)):
            share = np.clip((at - levels[k - 1]) / (levels[k] - levels[k - 1]), 0.0, 1.0)
            found = np.where(share > 0, by_level[k - 1] + share * (by_level[k] - by_level[k - 1]), found)
    return np.where(at > levels[-1] + 1e-12, 0.0 if by_level.ndim == 2 else np.nan, found)
