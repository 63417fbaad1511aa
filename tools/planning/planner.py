"""From a specification to options: filtered, sized, priced and ranked over all configurations at once,
then simulated where it counts.

Pure: it reads the table, the prices and the catalogue that it is given, and knows no database and no chat.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.catalogue import TrafficProfile, gpus
from knowledge.curves import Bools, CurveTable, Floats, Ints, targets_in_order
from knowledge.prices import Price
from tools.planning.constraints import broken, published_quality, quality_for_rank, suitable
from tools.planning.estimates import ROUNDING, Capacities, Estimates
from tools.planning.plan import VIEWS, View
from tools.planning.pricing import HOURS_PER_MONTH, cheapest, offers
from tools.planning.quality import quality_range
from tools.planning.ranking import Criteria
from tools.planning.simulation import Configuration, Percentiles, Simulation, can_be_simulated, rounded_up
from tools.specification import MAX_GPUS, Specification

LABEL = {"ttft": "TTFT", "itl": "ITL", "e2e": "E2E"}
OPTIMISM = 1.15
"""A simulation is believed up to so many times the capacity that the table suggests: what
is not simulated is never cheaper than that.
"""
EVERY = slice(None)
SAME_MODEL = 2
"""Options of one model that come before others: a list of one model on every GPU type is no choice."""


@dataclass(frozen=True)
class Sized:
    """One option as simulated: replicas that the peak needs, and the latencies of
    one of them at its share.
    """

    replicas: int
    latencies: tuple[Percentiles, ...]
    """p50, p95, p99 in ms of TTFT, ITL and E2E."""
    max_requests_per_second: float
    at_table_end: bool
    """Whether not a target but the last rate that was simulated for the table sets the capacity."""
    min_replicas: int


class Planner:
    """The options of one specification. Replicas never count spare ones; costs do.

    Arrays have one entry for each configuration of suitable models: `replicas` for the peak (infinite where
    no number carries it), `costs` in USD a month (infinite where nobody sells it), `p95_ms` (3,
    configurations) of one replica at its share; by estimate first, then simulated one by one.
    """

    def __init__(
        self,
        table: CurveTable,
        profile: TrafficProfile,
        specification: Specification,
        prices: Sequence[Price],
        simulating: bool = True,
    ) -> None:
        self.simulating = simulating
        self.whole, self.profile, self.specification, self.prices = table, profile, specification, prices
        intent, demand = specification.intent, specification.demand
        self.peak = demand.peak_requests_per_second
        self.planned_rate = self.peak / (1 - specification.headroom)
        self.trough_rate = self.planned_rate * min(1.0, demand.trough_fraction * demand.minute_peak)
        self.targets_ms = targets_in_order(specification.slo_targets)
        self.budget = intent.budget_usd_per_month
        self.use_case_id = str(intent.use_case)
        self.table = suitable(table, intent)
        self.counts = self.table.gpu_counts.astype(np.float64)
        self.gpu_codes: Ints = self.table.kept(
            ("gpu codes",), lambda: self.table.codes(list(gpus()), "gpu_types")
        )
        self.broken = broken(self.table, specification)
        known = [*gpus(), ""]  # the last is for types that nobody knows
        where = (intent.providers, intent.regions, intent.excluded_providers, intent.excluded_regions)
        key = ("offers", id(prices), *map(tuple, where))
        _, self.offers = self.table.kept(key, lambda: (prices, offers(prices, known, intent)))
        self.estimates = Estimates(self.table, profile, demand.burstiness)
        self.by_metric = self.estimates.by_metric(self.targets_ms)
        self.capacities = Capacities(self.by_metric.min(axis=1), demand.burstiness)
        self.replicas = self.capacities.replicas(self.planned_rate, self.counts)
        self.costs = self.cost(self.replicas)
        self.sized: dict[int, Sized | None] = {}
        self._criteria: Criteria | None = None
        ok = np.isfinite(self.costs) & (self.gpus_needed(self.replicas) <= self.available)
        self.holding: Bools = np.logical_and.reduce([ok, *(~mask for mask in self.broken.values())])
        """Within every constraint but the budget, by estimate."""

    @cached_property
    def p95_ms(self) -> Floats:
        return self.estimates.p95_at(self.peak / self.replicas, self.replicas)

    @cached_property
    def allowed(self) -> Bools:
        """Within all constraints on models and GPU types."""
        found: Bools = ~np.logical_or.reduce([np.zeros(len(self.table), dtype=bool), *self.broken.values()])
        return found

    @cached_property
    def fewest_replicas(self) -> Floats:
        """What a simulation could come out with at best."""
        hopeful = self.capacities.times(np.where(self.table.estimated, OPTIMISM, 1.0))
        return hopeful.replicas(self.planned_rate, self.counts)

    def cost(self, replicas: Floats, some: Ints | slice = EVERY) -> Floats:
        """USD a month with the spare replicas, infinite for infinitely many or where nobody sells it."""
        return self._offered(replicas, some)[0]

    def _offered(self, replicas: Floats, some: Ints | slice) -> tuple[Floats, Ints]:
        wanted = replicas + self.specification.spare_replicas
        return cheapest(self.offers, self.gpu_codes[some], self.table.gpu_counts[some], wanted)

    @property
    def cost_of_one(self) -> Floats:
        """No more than what one replica of each costs."""
        return np.asarray(
            self.counts
            * np.fmin.reduce(self.offers.usd_per_gpu_hour, axis=1, initial=np.inf)[self.gpu_codes]
            * HOURS_PER_MONTH
        )

    def priced(self, some: Ints, replicas: Floats) -> tuple[list[float], list[Price]]:
        """Of some configurations that are sold: their costs, and by which price."""
        costs, offer = self._offered(replicas, some)
        return costs.tolist(), [
            self.offers.prices[g][k]
            for g, k in zip(self.gpu_codes[some].tolist(), offer.tolist(), strict=True)
        ]

    @cached_property
    def available(self) -> Floats:
        """GPUs of each configuration's type that there are."""
        known = self.specification.intent.available_gpus
        by_type = np.array([known.get(g, 0 if known else MAX_GPUS) for g in gpus()] + [0], dtype=np.float64)
        return np.asarray(by_type[self.gpu_codes])

    def gpus_needed(self, replicas: Floats, some: Ints | slice = EVERY) -> Floats:
        return np.asarray(self.counts[some] * (replicas + self.specification.spare_replicas))

    # Options
    # --------------------------------------------------------------------------------

    def settle(self, limit: int, view: View, simulate: int) -> list[int]:
        """The options to be shown, by rank in `view`: the `limit` first, and the first of each other view.

        The first `simulate` of them, and all that are first in some view, are simulated; so is whatever could
        be cheaper than the cheapest. Ranks are by simulated figures where there are any.
        """
        self.cheapest()
        while True:
            shown, firsts = self._shown(limit, view)
            wanted = [c for n, c in enumerate(shown) if (n < simulate or c in firsts) and self._unsure(c)]
            if not wanted:
                return shown
            for configuration in wanted:
                self._simulate(configuration)

    @property
    def option(self) -> Bools:
        """(configurations,): within the budget too."""
        limit = np.inf if self.budget is None else self.budget
        return np.asarray(self.holding & np.isfinite(self.costs) & (self.costs <= limit))

    def criteria(self) -> Criteria:
        """What ranks, as far as it is simulated."""
        if self._criteria is None:
            self._criteria = self._criteria_now()
        return self._criteria

    def _criteria_now(self) -> Criteria:
        return Criteria(
            option=self.option,
            by_roofline=self.table.by_roofline,
            cost_usd_per_month=self.costs,
            p95_share=self.p95_ms / self.targets_ms[:, None],
            quality=quality_for_rank(self.table, self.use_case_id, self.specification.thinking),
            published=published_quality(self.table, self.use_case_id, self.specification.thinking),
            quality_range=quality_range(self.use_case_id, self.specification.thinking),
            gpus=self.gpus_needed(self.replicas),
            priorities=self.specification.intent.priorities,
        )

    def _shown(self, limit: int, view: View) -> tuple[list[int], set[int]]:
        criteria = self.criteria()
        if not criteria.option.any():
            return [], set()
        best = self._best_counts(criteria)
        firsts = {criteria.leading("lowest_cost", criteria.option, 1)[0]}
        firsts |= {criteria.leading(other, best, 1)[0] for other in VIEWS}
        chosen = self._varied(criteria.leading(view, best, 50 + 5 * limit), limit)
        if len(chosen) < limit:  # a long list is wanted: all of them, and then the other counts too
            chosen = self._varied(criteria.leading(view, best, len(best)), limit)
            chosen += (
                criteria.leading(view, criteria.option & ~best, limit - len(chosen))
                if len(chosen) < limit
                else []
            )
        members = np.zeros(len(best), dtype=bool)
        members[[*chosen, *firsts]] = True
        return criteria.leading(view, members, len(best)), firsts

    def _best_counts(self, criteria: Criteria) -> Bools:
        """Of several GPU counts for a model on a GPU type, which lie side by side, the
        one with the best score; of equals the fewest.
        """
        starts, kinds = self.table.kept(("kinds",), self._kinds)
        score = np.where(criteria.option, criteria.score, -np.inf)
        best = criteria.option & (score == np.maximum.reduceat(score, starts)[kinds])
        first = np.flatnonzero(best)
        best[first[1:][kinds[first[1:]] == kinds[first[:-1]]]] = False
        return np.asarray(best)

    def _kinds(self) -> tuple[Ints, Ints]:
        """Where each model on each GPU type begins, and which of them every configuration is."""
        pairs = list(zip(self.table.model_ids, self.table.gpu_types, strict=True))
        new = np.array([n == 0 or pairs[n] != pairs[n - 1] for n in range(len(pairs))], dtype=bool)
        return np.flatnonzero(new), np.cumsum(new) - 1

    def _varied(self, best: list[int], limit: int) -> list[int]:
        seen: Counter[str] = Counter()
        first: list[int] = []
        rest: list[int] = []
        for n in best:
            model = self.table.model_ids[n]
            seen[model] += 1
            (first if seen[model] <= SAME_MODEL else rest).append(n)
            if len(first) == limit:
                break
        return (first + rest)[:limit]

    # Simulation
    # --------------------------------------------------------------------------------

    def configuration(self, n: int) -> Configuration:
        return Configuration(
            self.table.model_ids[n], self.table.gpu_types[n], int(self.table.gpu_counts[n]), self.profile
        )

    def simulation(self, n: int, targets_ms: Floats) -> Simulation:
        first, count = int(self.table.curves.starts[n]), int(self.table.curves.counts[n])
        rows = slice(first, first + count)
        rates, p95s = self.table.curves.rates[rows].tolist(), self.table.curves.p95_ms[:, rows].tolist()
        return Simulation(self.configuration(n), tuple(targets_ms.tolist()), rates, p95s)

    def burstiness_of_one_of(self, replicas: int) -> float:
        """What a simulation of one of so many replicas is run with."""
        whole = self.specification.demand.burstiness
        return rounded_up(1 + (whole - 1) / replicas, whole)

    def carries(
        self, simulation: Simulation, believed: float, replicas: int, requests_per_second: float
    ) -> bool:
        """Whether so many replicas carry a rate when simulated, and no more than OPTIMISM
        times what is `believed` of one by the table.
        """
        rate = requests_per_second / replicas
        return rate <= believed * OPTIMISM * (1 + ROUNDING) and simulation.carries(
            rate, self.burstiness_of_one_of(replicas)
        )

    def carries_under(self, targets_ms: Floats, n: int, replicas: int) -> bool:
        """Whether so many replicas of one configuration would carry the peak under other targets."""
        believed = self.estimates.capacities(targets_ms, np.array([n])).believed(0, replicas)
        if not self.simulates(n):
            return bool(believed * replicas >= self.planned_rate * (1 - ROUNDING))
        return self.carries(self.simulation(n, targets_ms), believed, replicas, self.planned_rate)

    def fewest_under(self, targets_ms: Floats, n: int, most: int) -> int | None:
        """The fewest replicas of one configuration, at most so many, that would
        carry the peak under other targets.
        """
        capacities = self.estimates.capacities(targets_ms, np.array([n]))
        least = capacities.times(np.array([OPTIMISM if self.simulates(n) else 1.0])).replicas(
            self.planned_rate, self.counts[[n]]
        )[0]
        if least > most:
            return None
        if not self.simulates(n):
            return int(least)
        return self._fewest(self.simulation(n, targets_ms), capacities, int(least), most, self.planned_rate)

    def simulates(self, n: int) -> bool:
        """Not where measured or observed rows stand: our simulation knows no better."""
        return self.simulating and bool(self.table.estimated[n]) and can_be_simulated(self.configuration(n))

    def cheapest(self) -> int | None:
        """The configuration that costs the least, the budget aside, with everything
        simulated that could cost less.
        """
        while (unsure := self._cheapest_unsure()) is not None:
            self._simulate(unsure)
        costs = np.where(self.holding, self.costs, np.inf)
        return int(np.argmin(costs)) if len(costs) and np.isfinite(costs.min()) else None

    def first(self) -> int | None:
        """The option that is listed first by cost, with everything simulated that could cost less."""
        while True:
            self.cheapest()
            criteria = self.criteria()
            if not criteria.option.any():
                return None
            found = criteria.leading("lowest_cost", criteria.option, 1)[0]
            if not self._unsure(found):
                return found
            self._simulate(found)

    def force(self, n: int) -> bool:
        """Simulate one configuration, whatever its place; whether it wasn't yet."""
        unsure = bool(self.holding[n]) and self._unsure(n)
        if unsure:
            self._simulate(n)
        return unsure

    def ranked(self, view: View) -> list[int]:
        """Every model on every GPU type that is an option, with the count that scores best, best first."""
        criteria = self.criteria()
        return (
            criteria.leading(view, self._best_counts(criteria), len(criteria.option))
            if criteria.option.any()
            else []
        )

    def best_of(self, some: Bools, view: View) -> int | None:
        """The first of some configurations, if any is an option."""
        return next((n for n in self.ranked(view) if some[n]), None)

    def _unsure(self, n: int) -> bool:
        return n not in self.sized and self.simulates(n)

    def _cheapest_unsure(self) -> int | None:
        """What could be the cheapest of all if a simulation came out well, and was not simulated yet."""
        if not self.simulating or not self.holding.any():
            return None
        hopeful = self._fewest_cost.copy()
        known = list(self.sized)
        hopeful[known] = self.costs[known]
        best = int(np.argmin(np.where(self.holding, hopeful, np.inf)))
        return best if self._unsure(best) else None

    @cached_property
    def _fewest_cost(self) -> Floats:
        return self.cost(self.fewest_replicas)

    def _simulate(self, n: int) -> None:
        self._criteria = None
        simulation = self.simulation(n, self.targets_ms)
        most = int(min(self.available[n], MAX_GPUS) // self.counts[n]) - self.specification.spare_replicas
        alone = self.capacities.of(np.array([n]))
        replicas = self._fewest(simulation, alone, int(self.fewest_replicas[n]), most, self.planned_rate)
        if replicas is None:
            self.sized[n] = None
            self.replicas[n] = self.costs[n] = np.inf
            return
        burstiness = self.burstiness_of_one_of(replicas)
        low, high = simulation.known(burstiness)
        capacity = min(high, max(low, self.capacities.believed(n, replicas)))
        sized = self.sized[n] = Sized(
            replicas=replicas,
            latencies=simulation.at(self.peak / replicas, burstiness),
            max_requests_per_second=replicas * max(capacity, self.planned_rate / replicas),
            at_table_end=simulation.reaches_end(burstiness),
            min_replicas=self._fewest(simulation, alone, 1, replicas, self.trough_rate) or replicas,
        )
        self.p95_ms[:, n] = [p95 for _, p95, _ in sized.latencies]
        self.replicas[n] = replicas
        self.costs[n] = self.cost(self.replicas[[n]], np.array([n]))[0]

    def least_replicas(self, shown: Ints) -> Floats:
        """What the highest minute of the quietest hour needs, at most what the peak does."""
        found = np.minimum(
            self.capacities.of(shown).replicas(self.trough_rate, self.counts[shown]), self.replicas[shown]
        )
        for k, n in enumerate(shown.tolist()):
            sized = self.sized.get(n)
            found[k] = sized.min_replicas if sized is not None else found[k]
        return found

    def _fewest(
        self,
        simulation: Simulation,
        capacities: Capacities,
        least: int,
        most: int,
        requests_per_second: float,
    ) -> int | None:
        """Of one configuration, whose `capacities` alone these are."""

        def carries(replicas: int) -> bool:
            return self.carries(simulation, capacities.believed(0, replicas), replicas, requests_per_second)

        return next((r for r in range(max(1, least), most + 1) if carries(r)), None)
