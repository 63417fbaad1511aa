"""How many replicas of each candidate carry the peak within all targets, and what they cost: by
estimate for all at once, and simulated one by one where it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.curves import Bools, Floats, Ints
from knowledge.estimator.threads import at_once
from knowledge.judging import targets_in_order
from knowledge.prices import HOURS_PER_MONTH
from tools.planning.candidates import Candidates
from tools.planning.estimates import ROUNDING, Capacities
from tools.planning.pricing import Bill
from tools.planning.simulation import Latency, Simulation, judged, rounded_up
from tools.specification import Specification

OPTIMISM = 1.15
"""A simulation is believed up to so many times the capacity that the table suggests: what
is not simulated is never cheaper than that.
"""
COARSE_OPTIMISM = 1.3
"""The same of a table that was computed with a few hundred requests a rate."""
EVERY = slice(None)


@dataclass(frozen=True)
class Sized:
    """One option as simulated: replicas that the peak needs, and the latencies of
    one of them at its share.
    """

    replicas: int
    latencies: tuple[Latency, ...]
    """Of TTFT, ITL and E2E."""
    max_requests_per_second: float
    at_table_end: bool
    """Whether not a target but the last rate that was simulated for the table sets the capacity."""
    min_replicas: int


@dataclass(frozen=True)
class Trial:
    """One configuration under some targets: what it carries by the table, and when simulated."""

    capacities: Capacities
    """Of this configuration alone."""
    gpu_count: Floats
    simulation: Simulation | None
    """None where the table knows better."""
    optimism: float = OPTIMISM

    def carries(self, requests_per_second: float, replicas: int) -> bool:
        """Whether so many replicas carry a rate, each no more than OPTIMISM times what is believed by the
        table where it is simulated.
        """
        believed = self.capacities.believed(0, replicas)
        if self.simulation is None:
            return believed * replicas >= requests_per_second * (1 - ROUNDING)
        rate = requests_per_second / replicas
        return rate <= believed * self.optimism * (1 + ROUNDING) and self.simulation.carries(
            rate, self.burstiness_of_one_of(replicas)
        )

    def fewest(self, requests_per_second: float, most: int) -> int | None:
        """The fewest replicas that carry a rate, if at most so many do."""
        optimism = 1.0 if self.simulation is None else self.optimism
        hopeful = self.capacities.times(np.array([optimism]))
        least = float(hopeful.replicas(requests_per_second, self.gpu_count)[0])
        if least > most:
            return None
        return int(least) if self.simulation is None else self.among(requests_per_second, int(least), most)

    def among(self, requests_per_second: float, least: int, most: int) -> int | None:
        """The fewest of so many that carry a rate."""
        return next((r for r in range(max(1, least), most + 1) if self.carries(requests_per_second, r)), None)

    def most(self, replicas: int) -> tuple[float, int]:
        """The highest rate in requests/s that so many replicas carry together, and how many of them carry it:
        as many, but for the noise of simulations. More replicas never carry less.
        """
        best, of = 0.0, replicas
        for count in self._worth_a_look(replicas):
            believed = self.capacities.believed(0, count)
            hopeful = believed if self.simulation is None else believed * self.optimism
            if hopeful * count > best and self.simulation is not None:
                hopeful = min(hopeful, self.simulation.highest(self.burstiness_of_one_of(count)))
            if hopeful * count > best:
                best, of = hopeful * count, count
        return best, of

    def _worth_a_look(self, replicas: int) -> list[int]:
        """From the most replicas down, of those that are simulated alike the most."""
        found: dict[float, int] = {}
        for count in range(replicas, 0, -1):
            found.setdefault(self.burstiness_of_one_of(count), count)
        return list(found.values())

    def burstiness_of_one_of(self, replicas: int) -> float:
        """What a simulation of one of so many replicas is run with."""
        whole = self.capacities.burstiness
        return rounded_up(1 + (whole - 1) / replicas, whole)


class Sizing:
    """A specification's load on its candidates. The one part of a plan that changes: what is simulated takes
    the place of what was estimated.

    Arrays have one entry for each configuration: `replicas` for the peak (infinite where no number carries
    it; spare ones never count), `costs` in USD a month with spare ones (infinite where nobody sells it),
    `judged_ms` (3, configurations) of one replica at its share, what is held against `targets_ms`:
    p95s, where nothing else was asked.
    """

    def __init__(self, candidates: Candidates, specification: Specification, simulating: bool = True) -> None:
        self.candidates, self.specification, self.simulating = candidates, specification, simulating
        demand = specification.demand
        self.peak = demand.peak_requests_per_second
        self.planned_rate = self.peak / (1 - specification.headroom)
        self.trough_rate = self.planned_rate * min(1.0, demand.trough_fraction * demand.minute_peak)
        self.targets_ms = targets_in_order(specification.slo_targets)
        self.budget = specification.intent.budget_usd_per_month
        self.by_metric = candidates.estimates.by_metric(self.targets_ms)
        self.capacities = Capacities(self.by_metric.min(axis=1), demand.burstiness)
        self.replicas = self.capacities.replicas(self.planned_rate, candidates.counts)
        self.costs = self.cost(self.replicas)
        self.sized: dict[int, Sized | None] = {}
        """None where no number of replicas carries the peak when simulated."""
        ok = np.isfinite(self.costs) & (self.all_replicas(self.replicas) <= candidates.room)
        self.holding: Bools = np.logical_and.reduce([ok, *(~mask for mask in candidates.broken.values())])
        """Within every constraint but the budget, by estimate."""

    @property
    def optimism(self) -> float:
        return OPTIMISM if self.candidates.table.workload is None else COARSE_OPTIMISM

    @cached_property
    def judged_ms(self) -> Floats:
        return self.candidates.estimates.judged_at(self.peak / self.replicas, self.replicas)

    @property
    def option(self) -> Bools:
        """(configurations,): within the budget too."""
        limit = np.inf if self.budget is None else self.budget
        return np.asarray(self.holding & np.isfinite(self.costs) & (self.costs <= limit))

    @cached_property
    def fewest_replicas(self) -> Floats:
        """What a simulation could come out with at best."""
        hopeful = self.capacities.times(np.where(self.candidates.table.estimated, self.optimism, 1.0))
        return hopeful.replicas(self.planned_rate, self.candidates.counts)

    @cached_property
    def fewest_cost(self) -> Floats:
        """USD a month, of these."""
        return self.cost(self.fewest_replicas)

    # Costs
    # --------------------------------------------------------------------------------

    def cost(self, replicas: Floats, some: Ints | slice = EVERY) -> Floats:
        """USD a month with the spare replicas, infinite for infinitely many or where nobody sells it."""
        of = self.candidates
        return of.supply.costs(of.gpu_codes[some], of.table.gpu_counts[some], self.all_replicas(replicas))

    def cost_of(self, n: int, replicas: int) -> float:
        """The same of one configuration."""
        return float(self.cost(np.array([float(replicas)]), np.array([n]))[0])

    @property
    def cost_of_one(self) -> Floats:
        """No more than what one replica of each costs."""
        least = self.candidates.supply.least_usd_per_gpu_hour(self.candidates.gpu_codes)
        return np.asarray(self.candidates.counts * least * HOURS_PER_MONTH)

    def bills(self, some: Ints, replicas: Floats) -> list[Bill]:
        """Of some configurations that are to be had, with the spare replicas."""
        of = self.candidates
        wanted = self.all_replicas(replicas)
        return of.supply.bills(of.gpu_codes[some], of.table.gpu_counts[some], wanted)

    def all_replicas(self, replicas: Floats) -> Floats:
        """With the spare ones."""
        return np.asarray(replicas + self.specification.spare_replicas)

    def gpus_needed(self, replicas: Floats, some: Ints | slice = EVERY) -> Floats:
        return np.asarray(self.candidates.counts[some] * self.all_replicas(replicas))

    # Simulation
    # --------------------------------------------------------------------------------

    def simulates(self, n: int) -> bool:
        return self.simulating and self.candidates.simulates(n)

    def unsure(self, n: int) -> bool:
        """Whether a simulation could still change what is known of it."""
        return n not in self.sized and self.simulates(n)

    def under(self, targets_ms: Floats, n: int) -> Trial:
        """One configuration under other targets; nothing of this plan changes by it."""
        capacities = self.candidates.estimates.capacities(targets_ms, np.array([n]))
        simulation = self.candidates.simulation(n, targets_ms) if self.simulates(n) else None
        return Trial(capacities, self.candidates.counts[[n]], simulation, self.optimism)

    def simulate(self, some: Sequence[int]) -> None:
        """Put what simulations of some configurations say in the place of their estimates."""
        least = self.fewest_replicas
        found = at_once(lambda n: self._simulated(n, int(least[n])), some)
        for n, sized in zip(some, found, strict=True):
            self.sized[n] = sized
            self.replicas[n] = np.inf if sized is None else sized.replicas
            if sized is not None:
                self.judged_ms[:, n] = judged(sized.latencies, self.candidates.judging)
        of = np.array(some)
        self.costs[of] = self.cost(self.replicas[of], of)

    def _simulated(self, n: int, least: int) -> Sized | None:
        """One configuration with at least so many replicas; None where no number of them carries the peak."""
        simulation = self.candidates.simulation(n, self.targets_ms)
        of_one = self.capacities.of(np.array([n]))
        trial = Trial(of_one, self.candidates.counts[[n]], simulation, self.optimism)
        most = int(self.candidates.room[n]) - self.specification.spare_replicas
        replicas = trial.among(self.planned_rate, least, most)
        if replicas is None:
            return None
        burstiness = trial.burstiness_of_one_of(replicas)
        low, high = simulation.known(burstiness)
        capacity = min(high, max(low, self.capacities.believed(n, replicas)))
        return Sized(
            replicas=replicas,
            latencies=simulation.at(self.peak / replicas, burstiness),
            max_requests_per_second=replicas * max(capacity, self.planned_rate / replicas),
            at_table_end=simulation.reaches_end(burstiness),
            min_replicas=trial.among(self.trough_rate, 1, replicas) or replicas,
        )

    def least_replicas(self, shown: Ints) -> Floats:
        """What the highest minute of the quietest hour needs, at most what the peak does."""
        of_trough = self.capacities.of(shown).replicas(self.trough_rate, self.candidates.counts[shown])
        found = np.minimum(of_trough, self.replicas[shown])
        for k, n in enumerate(shown.tolist()):
            sized = self.sized.get(n)
            found[k] = sized.min_replicas if sized is not None else found[k]
        return found
