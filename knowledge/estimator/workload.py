"""Seeded workloads for the scheduler's model: when requests arrive."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from itertools import accumulate


def seeded(key: str) -> random.Random:
    """A generator that gives the same on every machine for the same words."""
    return random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]))  # noqa: S311 - a simulation, no secret


def unit_gaps(generator: random.Random, count: int, burstiness: float = 1.0) -> list[float]:
    """Times between arrivals with a mean of 1 and a squared coefficient of variation of `burstiness`.

    1 is Poisson; above, arrivals come in bursts (gamma renewals): public chat traces have 1.2, code
    completion up to 173 (Azure LLM inference traces). 0 is a clock. Raises ValueError for a negative one.
    """
    if burstiness < 0:
        raise ValueError(
            f"burstiness is a squared coefficient of variation and can't be negative: {burstiness:g}."
        )
    if burstiness == 0:
        return [1.0] * count
    if burstiness == 1:
        return [generator.expovariate(1.0) for _ in range(count)]
    return [generator.gammavariate(1 / burstiness, burstiness) for _ in range(count)]


def arrivals_ms(gaps: Sequence[float], requests_per_second: float) -> list[float]:
    """Arrival times at this mean rate."""
    return list(accumulate(gap / requests_per_second * 1000 for gap in gaps))
