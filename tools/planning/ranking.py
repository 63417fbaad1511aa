"""Order among options that all hold the targets: five views, of which the balanced one
follows what the person said matters.

balanced score = 100 · Σ weight · criterion / Σ weight, each criterion in [0, 1]:

    cost        1 − log2(cost / lowest cost among the options) / 5: every doubling takes a fifth latency
    mean over TTFT, ITL, E2E of 2 · (1 − p95 / target), at most 1 each: beyond twice as fast as asked, nobody
    gains accuracy    (quality − lowest) / (highest − lowest known quality of the catalogue for this use case)
    simplicity  1 − log2(GPUs in all) / 5

Weights: low 1, medium 2, high 6 by the person's priorities; simplicity always 1. Only the lowest cost depends
on what other options there are, so an option that is worse in everything can't change the order of the
others, nor can scaling all prices.

Before its score comes whether its quality is enough, where that is heeded: see `least_quality`.

The other views order by one thing, ties as the balanced view does: cost; the mean of p95 / target;
quality (unknown last); GPUs in all. What is still equal goes by cost, then by the table's order,
which is by model, GPU type and count.

Latencies are compared among figures of comparable certainty: what the roofline alone estimates, with no
kernel measured, comes behind the others in the view by latency, and is never marked the fastest. Where it is
marked for its cost or its GPUs, which rest on its latencies as well, the mark says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.curves import Bools, Floats
from tools.planning.plan import Recommendation, View
from tools.specification import Priorities

WEIGHT = {"low": 1.0, "medium": 2.0, "high": 6.0}
SIMPLICITY_WEIGHT = 1.0
DOUBLINGS = 5


@dataclass(frozen=True)
class Criteria:
    """One entry a configuration in each array, in the order of the table; those that
    are no `option` are never ranked.

    `p95_share` (3, configurations) of the targets; `quality` in percent as it ranks, `published`
    the same or NaN where unknown.
    """

    option: Bools
    by_roofline: Bools
    cost_usd_per_month: Floats
    p95_share: Floats
    quality: Floats
    published: Floats
    quality_range: tuple[float, float]
    gpus: Floats
    priorities: Priorities
    behind: Bools
    """In the balanced view these come after all others."""

    @cached_property
    def used(self) -> Floats:
        """Mean share of the three targets that the p95s take."""
        return np.asarray((self.p95_share[0] + self.p95_share[1] + self.p95_share[2]) / 3)

    @cached_property
    def score(self) -> Floats:
        """0 to 100 for an option."""
        low, high = self.quality_range
        lowest = self.cost_usd_per_month[self.option].min(initial=np.inf)
        weights = {name: WEIGHT[getattr(self.priorities, name)] for name in ("cost", "latency", "accuracy")}
        slack = np.clip(2 - 2 * self.p95_share, 0, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            total = weights["cost"] * np.clip(1 - np.log2(self.cost_usd_per_month / lowest) / DOUBLINGS, 0, 1)
            total += weights["latency"] / 3 * (slack[0] + slack[1] + slack[2])
            total += weights["accuracy"] * np.clip((self.quality - low) / (high - low), 0, 1)
            total += SIMPLICITY_WEIGHT * np.clip(1 - np.log2(self.gpus) / DOUBLINGS, 0, 1)
        return np.asarray(np.round(100 * total / (sum(weights.values()) + SIMPLICITY_WEIGHT), 6))

    def leading(self, view: View, among: Bools, count: int) -> list[int]:
        """The first `count` of some options, best first."""
        figures = self._figure(view)
        members = np.flatnonzero(among)
        if count == 1 and len(members):
            mine = figures[members]
            members = members[mine == mine.min()]
        elif len(members) > count:  # those that can be among the first, with all that equal the last of them
            mine = figures[members]
            members = members[mine <= np.partition(mine, count - 1)[count - 1]]
        if len(members) == 1:
            return [int(members[0])]
        found = members[
            np.lexsort(
                (
                    self.cost_usd_per_month[members],
                    -self.score[members],
                    self.behind[members],
                    figures[members],
                )
            )
        ]
        return [int(n) for n in found[:count]]

    def _figure(self, view: View) -> Floats:
        """What a view orders by, the least first."""
        figures: dict[View, Callable[[], Floats]] = {
            "balanced": lambda: 1000.0 * self.behind - self.score,
            "lowest_cost": lambda: self.cost_usd_per_month,
            "lowest_latency": lambda: (
                self.used + 1.0 * self.by_roofline
            ),  # of an option at most 1: it holds its targets
            "best_quality": lambda: np.where(np.isnan(self.published), 0.0, -self.published),
            "simplest": lambda: self.gpus,
        }
        return figures[view]()

    def undominated(self, option: int) -> bool:
        """Whether it is on the Pareto front of cost, latency and quality."""
        rivals = np.flatnonzero(self.option & (self.cost_usd_per_month <= self.cost_usd_per_month[option]))
        rivals = rivals[
            (self.used[rivals] <= self.used[option]) & (self.quality[rivals] >= self.quality[option])
        ]
        better = (self.cost_usd_per_month[rivals] < self.cost_usd_per_month[option]) | (
            self.used[rivals] < self.used[option]
        )
        return not bool((better | (self.quality[rivals] > self.quality[option])).any())


MARKS: dict[View, str] = {
    "lowest_cost": "cheapest",
    "lowest_latency": "fastest",
    "best_quality": "best quality",
    "simplest": "fewest GPUs",
}


def mark_of(view: View, first: Recommendation) -> str | None:
    """What the first of a view may be called; None where that isn't known, or where it costs nothing."""
    if view == "lowest_cost" and not first.cost_usd_per_month:
        return None
    if view == "best_quality" and first.quality.score is None and first.quality.base_score is None:
        return None
    if not first.by_roofline or view == "best_quality":
        return MARKS[view]
    return None if view == "lowest_latency" else f"{MARKS[view]} (roofline)"


def pick(options: list[Recommendation], criterion: str) -> Recommendation:
    """The option that a person means by `cheapest`, `fastest`, `best quality`, `simplest`
    or `recommended`; ties by rank.
    """
    keys: dict[str, Callable[[Recommendation], float | tuple[float, int]]] = {
        "cheapest": lambda o: (o.cost_usd_per_month, 0 if o.cost_usd_per_month else o.gpu_count * o.replicas),
        "fastest": lambda o: 0.0 if MARKS["lowest_latency"] in o.marks else o.predicted.e2e_ms.p95,
        "best quality": lambda o: 0.0 if MARKS["best_quality"] in o.marks else 1.0,
        "simplest": lambda o: o.gpu_count * o.replicas,
        "recommended": lambda o: 0,
    }
    key = keys[criterion]
    return min(options, key=lambda o: (key(o), o.rank))
