"""A few hundred requests that stand for a trace: what a workload keeps of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from knowledge.traffic.trace import Floats, Ints
from knowledge.workload import MOST_SEEN, SeenRequest

DRAWS = 512
GOLDEN = 0.6180339887498949
"""Its multiples fill the unit evenly as well, and not as the van der Corput sequence does."""
PERCENTILES = (50, 75, 90, 95, 99)


def sample(prompts: Ints, outputs: Ints, cached: Ints, most: int = MOST_SEEN) -> tuple[SeenRequest, ...]:
    """At most `most` of the requests, all of them if there are no more. The same for any order of them.

    Requests are sorted by the prompt and cut into `most` strata of the same size, so that every percentile of
    prompts stays. Of each stratum, sorted by the answer and then by what was cached, one is taken, at the
    place that a van der Corput sequence gives: any neighbouring strata have answers of every length among
    them, and so the joint lengths stay. The sequence can begin anywhere in the unit; of many such draws the
    one is kept whose means and percentiles are closest to the trace's own.
    They come in an order of which every stretch is such a sample by itself.
    """
    count = min(most, len(prompts))
    rows = np.stack([prompts, outputs, cached], axis=1)[np.lexsort((cached, outputs, prompts))]
    edges = np.arange(count + 1) * len(rows) // count
    sizes = np.diff(edges)
    strata = np.repeat(np.arange(count), sizes)
    rows = rows[np.lexsort((rows[:, 2], rows[:, 1], strata))]
    places = np.array([van_der_corput(n) for n in range(count)])
    wanted = _figures(rows)
    best, least = rows, np.inf
    for shift in (np.arange(DRAWS) + 0.5) / DRAWS if len(rows) > count else (0.0,):
        drawn = rows[edges[:-1] + ((places + shift) % 1.0 * sizes).astype(np.int64)]
        error = float(np.max(np.abs(_figures(drawn) / wanted - 1)))
        if error < least:
            best, least = drawn, error
    stretches = np.argsort(np.arange(count) * GOLDEN % 1.0, kind="stable")
    return tuple(SeenRequest(*best[n].tolist()) for n in stretches)


def _figures(rows: NDArray[np.int64]) -> Floats:
    """Means and percentiles of prompts and answers, and 1 plus the share of prompts that was cached."""
    prompts, outputs = rows.T[:2]
    means = rows.mean(axis=0)
    return np.concatenate(
        [
            means[:2],
            [1 + means[2] / means[0]],
            np.percentile(prompts, PERCENTILES),
            np.percentile(outputs, PERCENTILES),
        ]
    )


def van_der_corput(n: int) -> float:
    """The bits of n behind the point, backwards: 0, 1/2, 1/4, 3/4, … fill the unit evenly from the start."""
    value, weight = 0.0, 0.5
    while n:
        value += weight * (n & 1)
        n, weight = n >> 1, weight / 2
    return value
