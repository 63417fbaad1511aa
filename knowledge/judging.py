"""By which statistics latencies are judged: several of a metric together come to one figure of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge.catalogue import METRICS, STATISTICS, Metric, SloTargets, Statistic
from knowledge.curves import Floats

NO_TARGET_MS = 1e9
"""What a metric without a target is held against: eleven days, which nothing takes."""
DIGITS = 9
"""Of a weight: targets that were loosened together keep their ratios."""


@dataclass(frozen=True)
class Judging:
    """`weights` (3 metrics, statistics in the order of STATISTICS): what a statistic is multiplied with
    before it is held against the metric's target. It is 1 for the statistic of that target, and 0 for one
    that nobody judges by.
    """

    weights: tuple[tuple[float, ...], ...]

    @property
    def plain(self) -> bool:
        """Whether nothing but p95s count."""
        return self == PLAIN

    def of(self, figures: Floats) -> Floats:
        """(3, ...) in ms, of every statistic (statistics, 3, ...): each metric's worst against its targets,
        as if it were of the statistic that its target is of.
        """
        return np.stack(
            [
                np.max([w * figures[s, m] for s, w in enumerate(row) if w], axis=0)
                for m, row in enumerate(self.weights)
            ]
        )

    def statistic(self, metric: Metric) -> Statistic | None:
        """The only one that the metric is judged by; None where there are several."""
        judged = [s for s, w in zip(STATISTICS, self.weights[METRICS.index(metric)], strict=True) if w]
        return judged[0] if len(judged) == 1 else None


def judging_of(targets: SloTargets) -> Judging:
    return Judging(tuple(_weights(targets.of(metric)) for metric in METRICS))


def _weights(of: dict[Statistic, float]) -> tuple[float, ...]:
    if not of:
        return PLAIN.weights[0]
    first = next(iter(of.values()))
    return tuple(round(first / of[s], DIGITS) if s in of else 0.0 for s in STATISTICS)


def targets_in_order(targets: SloTargets) -> Floats:
    """(3,) in ms, in the order of METRICS: of several of a metric the first, as `judging_of` weighs them."""
    return np.array([next(iter(targets.of(metric).values()), NO_TARGET_MS) for metric in METRICS])


PLAIN = Judging(tuple(tuple(1.0 if s == "p95" else 0.0 for s in STATISTICS) for _ in METRICS))
