"""Order among options that all hold the targets: five views, of which the balanced one follows what the person said matters.

balanced score = 100 · Σ weight · criterion / Σ weight, each criterion in [0, 1]:

    cost        1 − log2(cost / lowest cost among the options) / 5: every doubling takes a fifth
    latency     mean over TTFT, ITL, E2E of 2 · (1 − p95 / target), at most 1 each: beyond twice as fast as asked, nobody gains
    accuracy    (quality − lowest) / (highest − lowest known quality of the catalogue for this use case)
    simplicity  1 − log2(GPUs in all) / 5

Weights: low 1, medium 2, high 6 by the person's priorities; simplicity always 1. Only the lowest cost depends on what other
options there are, so an option that is worse in everything can't change the order of the others, nor can scaling all prices.

The other views order by one thing, ties by the balanced score: cost; the mean of p95 / target; quality (unknown last); GPUs in
all. What is still equal goes by cost, then by the table's order, which is by model, GPU type and count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.curves import Bools, Floats, Ints
from tools.recommendation import Recommendation, View
from tools.specification import Priorities

WEIGHT = {"low": 1.0, "medium": 2.0, "high": 6.0}
SIMPLICITY_WEIGHT = 1.0
DOUBLINGS = 5


@dataclass(frozen=True)
class Criteria:
    """One entry an option in each array, in the order of the table; `p95_share` (3, options) of the targets.

    `quality` is in percent, `published` says whether it is known.
    """

    cost_usd_per_month: Floats
    p95_share: Floats
    quality: Floats
    published: Bools
    quality_range: tuple[float, float]
    gpus: Floats

    @cached_property
    def used(self) -> Floats:
        """Mean share of the three targets that the p95s take."""
        return np.asarray(np.round(self.p95_share.mean(axis=0), 9))

    def score(self, priorities: Priorities) -> Floats:
        """0 to 100."""
        if not len(self.gpus):
            return np.zeros(0)
        low, high = self.quality_range
        weights = {name: WEIGHT[getattr(priorities, name)] for name in ("cost", "latency", "accuracy")}
        each = {
            "cost": np.clip(1 - np.log2(self.cost_usd_per_month / self.cost_usd_per_month.min()) / DOUBLINGS, 0, 1),
            "latency": np.clip(2 * (1 - self.p95_share), 0, 1).mean(axis=0),
            "accuracy": np.clip((self.quality - low) / (high - low), 0, 1),
        }
        simple = np.clip(1 - np.log2(self.gpus) / DOUBLINGS, 0, 1)
        total = sum((weights[name] * values for name, values in each.items()), SIMPLICITY_WEIGHT * simple)
        return np.asarray(np.round(100 * total / (sum(weights.values()) + SIMPLICITY_WEIGHT), 6))

    def order(self, view: View, score: Floats) -> Ints:
        """Positions of the options, best first."""
        return np.lexsort((self.cost_usd_per_month, -score, self._first(view, score)))

    def first(self, view: View, score: Floats, among: Bools) -> int:
        """The best of some of them."""
        members = np.flatnonzero(among)
        figure = self._first(view, score)[members]
        members = members[figure == figure.min()]
        return int(members[np.lexsort((self.cost_usd_per_month[members], -score[members]))[0]])

    def _first(self, view: View, score: Floats) -> Floats:
        """What a view orders by, the least first."""
        figures: dict[View, Callable[[], Floats]] = {
            "balanced": lambda: -score,
            "lowest_cost": lambda: self.cost_usd_per_month,
            "lowest_latency": lambda: self.used,
            "best_quality": lambda: np.where(self.published, -self.quality, 0.0),
            "simplest": lambda: self.gpus,
        }
        return figures[view]()

    def of(self, options: Ints) -> Criteria:
        """Of some options alone."""
        return Criteria(
            self.cost_usd_per_month[options],
            self.p95_share[:, options],
            self.quality[options],
            self.published[options],
            self.quality_range,
            self.gpus[options],
        )

    def undominated(self, option: int) -> bool:
        """Whether it is on the Pareto front of cost, latency and quality."""
        no_worse = (self.cost_usd_per_month <= self.cost_usd_per_month[option]) & (self.used <= self.used[option])
        no_worse &= self.quality >= self.quality[option]
        better = (self.cost_usd_per_month < self.cost_usd_per_month[option]) | (self.used < self.used[option])
        better |= self.quality > self.quality[option]
        return not bool((no_worse & better).any())


def pick(options: list[Recommendation], criterion: str) -> Recommendation:
    """The option that a person means by `cheapest`, `fastest`, `best quality`, `simplest` or `recommended`; ties by rank."""
    keys: dict[str, Callable[[Recommendation], float]] = {
        "cheapest": lambda o: o.cost_usd_per_month,
        "fastest": lambda o: o.predicted.e2e_ms.p95,
        "best quality": lambda o: -(o.quality.score or o.quality.base_score or 0.0),
        "simplest": lambda o: o.gpu_count * o.replicas,
        "recommended": lambda o: 0,
    }
    key = keys[criterion]
    return min(options, key=lambda o: (key(o), o.rank))
