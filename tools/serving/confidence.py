"""How sure a percentile of a few samples is: an interval from order statistics, whatever the distribution.

Source: the classical distribution-free interval, e.g. David and Nagaraja, "Order Statistics", 3rd ed.,
section 7.1: the number of samples below the true quantile q is binomial with n and q.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

CONFIDENCE = 0.95
WRONGLY_PASSED = 0.2
FEWEST_TO_JUDGE = math.ceil(math.log(WRONGLY_PASSED) / math.log(0.95))
"""Answers by which a p95 is judged, 32: if the true p95 misses the target, each answer is within it with a
chance of less than 0.95, and all n of them with less than 0.95^n; with so many that is at most
WRONGLY_PASSED. And those of one moment aren't independent, since what delays one delays its neighbours: a
handful neither passes nor fails.
"""


@dataclass(frozen=True)
class Interval:
    """`low` or `high` is None where so few samples can't bound it."""

    value: float
    low: float | None
    high: float | None
    samples: int


def percentile_interval(values: Sequence[float], q: float) -> Interval:
    """The q-quantile (0 < q < 1) of at least one value, and an interval that holds the
    true one with at least CONFIDENCE.
    """
    ordered, n = sorted(values), len(values)
    low_rank, high_rank = _ranks(n, q)
    return Interval(
        value=ordered[max(0, math.ceil(q * n) - 1)],
        low=ordered[low_rank - 1] if low_rank else None,
        high=ordered[high_rank - 1] if high_rank is not None else None,
        samples=n,
    )


def surely_above(failed: int, of: int, share: float) -> bool:
    """Whether so many failures are more than chance where each request fails with this
    probability: a one-sided binomial test.
    """
    at_least = 1 - sum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(failed))
    return failed > 0 and at_least <= 1 - CONFIDENCE


@lru_cache(maxsize=256)
def _ranks(n: int, q: float) -> tuple[int, int | None]:
    """Which of n ordered samples, counted from 1, bound the q-quantile; 0 and None where none does."""
    logs, tail = (math.log(q), math.log1p(-q)), (1 - CONFIDENCE) / 2
    chances = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * logs[0] + (n - k) * logs[1]
        for k in range(n)
    )
    below = list(
        itertools.accumulate(map(math.exp, chances))
    )  # P(at most k samples lie below the true quantile)
    return sum(p <= tail for p in below), next((k + 1 for k, p in enumerate(below) if p >= 1 - tail), None)
