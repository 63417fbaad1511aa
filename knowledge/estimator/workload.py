"""Seeded workloads for the scheduler's model: when requests arrive, and how long they are."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from knowledge.curves import Floats, Ints
from knowledge.workload import Workload


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


@lru_cache(maxsize=64)
def gaps_of(seed: str, count: int, burstiness: float) -> Floats:
    """`unit_gaps` of a seed, as an array that is kept."""
    return np.array(unit_gaps(seeded(seed), count, burstiness))


class Requests(NamedTuple):
    """Tokens of each request, in the order of arrival."""

    prompts: Ints
    outputs: Ints
    cached: Ints
    """Of the prompt, those in the prefix cache."""

    def within(self, longest: int) -> Requests:
        """With prompts cut so that no request is longer than what a replica serves."""
        outputs = np.minimum(self.outputs, longest - 1)
        prompts = np.minimum(self.prompts, longest - outputs)
        return Requests(prompts, outputs, np.minimum(self.cached, prompts - 1))


@lru_cache(maxsize=256)
def requests_of(workload: Workload, count: int) -> Requests:
    """So many requests of a workload. Lengths are drawn at even quantiles and shuffled, the same way for
    every workload: two of them differ by their lengths, not by luck, and their means are met.
    """
    if workload.seen:
        chosen = _shuffled("seen", count) * len(workload.seen) // count
        tokens = np.array(workload.seen, dtype=np.int64)[chosen]
        return Requests(np.maximum(1, tokens[:, 0]), np.maximum(1, tokens[:, 1]), tokens[:, 2])
    prompts = _lengths(workload.prompt_tokens, workload.prompt_spread, "prompts", count)
    outputs = _lengths(workload.output_tokens, workload.output_spread, "outputs", count)
    return Requests(prompts, outputs, np.floor(prompts * workload.cached_share).astype(np.int64))


def _lengths(mean: int, spread: float, of: str, count: int) -> Ints:
    """Lognormal with this mean and coefficient of variation `spread`: σ² = ln(1 + spread²)."""
    if not spread:
        return np.full(count, mean, dtype=np.int64)
    sigma = math.sqrt(math.log1p(spread * spread))
    factors = np.exp(sigma * _normal(count))
    tokens = np.rint(mean * factors / factors.mean()).astype(np.int64)
    return np.asarray(np.maximum(1, tokens)[_shuffled(of, count)])


@lru_cache(maxsize=16)
def _normal(count: int) -> Floats:
    normal = NormalDist()
    return np.array([normal.inv_cdf((n + 0.5) / count) for n in range(count)])


@lru_cache(maxsize=64)
def _shuffled(key: str, count: int) -> Ints:
    places = list(range(count))
    seeded(key).shuffle(places)
    return np.array(places, dtype=np.int64)
