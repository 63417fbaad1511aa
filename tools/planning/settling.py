"""From sizes to options in order: whatever is shown, or could come before it, is simulated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from knowledge.catalogue import TrafficProfile
from knowledge.curves import Bools, CurveTable, Ints
from knowledge.prices import Price
from tools.planning.candidates import Candidates
from tools.planning.constraints import published_quality, quality_for_rank
from tools.planning.least_quality import may_lead, weaker
from tools.planning.plan import VIEWS, View
from tools.planning.quality import quality_range
from tools.planning.ranking import Criteria
from tools.planning.sizing import Sizing
from tools.specification import Specification

SAME_MODEL = 2
"""Options of one model that come before others: a list of one model on every GPU type is no choice."""

AT_ONCE = 4
"""Configurations simulated at the same time while the cheapest is looked for. Not as many as there are cores:
the same must be simulated on every machine.
"""


class Settling:
    """The options of one specification, by estimate until `settle`, `cheapest` or `first` simulate them."""

    def __init__(self, sizing: Sizing) -> None:
        self.sizing = sizing
        self.candidates, self.specification = sizing.candidates, sizing.specification
        self.table = sizing.candidates.table
        self._criteria: Criteria | None = None

    @classmethod
    def of(
        cls,
        table: CurveTable,
        profile: TrafficProfile,
        specification: Specification,
        prices: Sequence[Price],
        simulating: bool = True,
    ) -> Settling:
        """Pure: of a table and prices, with no database."""
        candidates = Candidates.of(table, profile, specification, tuple(prices))
        return cls(Sizing(candidates, specification, simulating))

    def under(self, specification: Specification) -> Settling:
        """The same plan anew under a changed specification."""
        candidates = self.candidates.under(specification)
        return Settling(Sizing(candidates, specification, self.sizing.simulating))

    def settle(self, limit: int, view: View, simulate: int) -> list[int]:
        """The options to be shown, by rank in `view`: the `limit` first, and the first of each other view.

        The first `simulate` of them, and all that are first in some view, are simulated; so is whatever could
        be cheaper than the cheapest. Ranks are by simulated figures where there are any.
        """
        self.cheapest()
        while True:
            shown, firsts = self._shown(limit, view)
            wanted = [
                c for n, c in enumerate(shown) if (n < simulate or c in firsts) and self.sizing.unsure(c)
            ]
            if not wanted:
                return shown
            self._simulate(wanted)

    def cheapest(self) -> int | None:
        """The configuration that costs the least, the budget aside, with everything
        simulated that could cost less.
        """
        while unsure := self._cheapest_unsure():
            self._simulate(unsure)
        costs = np.where(self.sizing.holding, self.sizing.costs, np.inf)
        return int(np.argmin(costs)) if len(costs) and np.isfinite(costs.min()) else None

    def _cheapest_unsure(self) -> list[int]:
        """What could be the cheapest of all if a simulation came out well, and was not simulated yet, and the
        next after it.
        """
        sizing = self.sizing
        if not sizing.simulating or not sizing.holding.any():
            return []
        hopeful = sizing.fewest_cost.copy()
        known = list(sizing.sized)
        hopeful[known] = sizing.costs[known]
        hopeful = np.where(sizing.holding, hopeful, np.inf)
        found: list[int] = []
        for n in np.argsort(hopeful, kind="stable")[:AT_ONCE].tolist():
            if not np.isfinite(hopeful[n]) or not sizing.unsure(n):
                break  # nothing behind what is known could be cheaper
            found.append(n)
        return found

    def first(self) -> int | None:
        """The option that is listed first by cost, with everything simulated that could cost less."""
        while True:
            self.cheapest()
            criteria = self.criteria()
            if not criteria.option.any():
                return None
            found = criteria.leading("lowest_cost", criteria.option, 1)[0]
            if not self.sizing.unsure(found):
                return found
            self._simulate([found])

    def force(self, n: int) -> bool:
        """Simulate one configuration, whatever its place; whether it wasn't yet."""
        unsure = bool(self.sizing.holding[n]) and self.sizing.unsure(n)
        if unsure:
            self._simulate([n])
        return unsure

    def _simulate(self, some: list[int]) -> None:
        self._criteria = None
        self.sizing.simulate(some)

    # Order
    # --------------------------------------------------------------------------------

    def criteria(self) -> Criteria:
        """What ranks, as far as it is simulated."""
        if self._criteria is None:
            self._criteria = self._criteria_now()
        return self._criteria

    def _criteria_now(self) -> Criteria:
        sizing, specification = self.sizing, self.specification
        use_case, mode = str(specification.intent.use_case), specification.thinking
        return Criteria(
            option=sizing.option,
            by_roofline=self.table.by_roofline,
            cost_usd_per_month=sizing.costs,
            p95_share=sizing.judged_ms / sizing.targets_ms[:, None],
            quality=quality_for_rank(self.table, use_case, mode),
            published=published_quality(self.table, use_case, mode),
            quality_range=quality_range(use_case, mode),
            gpus=sizing.gpus_needed(sizing.replicas),
            priorities=specification.intent.priorities,
            behind=weaker(self.table, specification) & (may_lead(specification.intent) is None),
        )

    def ranked(self, view: View) -> list[int]:
        """Every model on every GPU type that is an option, with the count that scores best, best first."""
        criteria = self.criteria()
        if not criteria.option.any():
            return []
        return criteria.leading(view, self._best_counts(criteria), len(criteria.option))

    def best_of(self, some: Bools, view: View) -> int | None:
        """The first of some configurations, if any is an option."""
        return next((n for n in self.ranked(view) if some[n]), None)

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
            if len(chosen) < limit:
                chosen += criteria.leading(view, criteria.option & ~best, limit - len(chosen))
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
        """The `limit` first of them, no more than SAME_MODEL of one model before others."""
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
