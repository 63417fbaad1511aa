"""Curves of every configuration under a workload that the shipped table has no rows of: simulated coarsely,
while the person waits. What a plan shows is simulated again, with many more requests; see
`tools/planning/simulation.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from knowledge.catalogue import STATISTICS, gpus, models
from knowledge.curves import Curves, CurveTable, Floats, Ints, Origin, rising
from knowledge.estimator.calibration import calibration
from knowledge.estimator.grids import Key, shipped_grids
from knowledge.estimator.memory import Cache, cache_of, max_num_batched_tokens
from knowledge.estimator.scheduler import statistics_of
from knowledge.estimator.steps import StepTimes
from knowledge.estimator.table import DATE, ENGINE, ENGINES, SOURCES
from knowledge.estimator.threads import at_once, cores
from knowledge.estimator.workload import gaps_of, requests_of
from knowledge.workload import Workload

LOADS = (0.03, 0.25, 0.5, 0.7, 0.85, 0.95, 1.05)
"""Shares of what a replica can serve, about."""
COUNTS = np.array((60, 120, 220, 320, 420, 500, 500), dtype=np.int64)
"""Requests simulated at each: the busier, the longer it takes until as many run as will."""
WARM_UP = 3
"""One of so many requests finds a replica that is not as busy yet as it will be, and isn't counted."""
SEED = "plan"
"""One for all workloads: a token more must not come with other luck."""


@dataclass(frozen=True)
class _Known:
    """Every configuration with a step grid, in the shipped order; one entry each in the arrays."""

    keys: list[Key]
    figures: Floats
    caches: list[Cache]
    own_context: Ints
    origins: list[Origin]
    origin_codes: Ints


@cache
def _known() -> _Known:
    grids = shipped_grids()
    keys = [key for key in grids if key[0] in models() and key[1] in gpus()]
    on = [gpus()[key[1]] for key in keys]
    steps = [
        StepTimes(
            grids[key],
            calibration().overheads(gpu.architecture),
            max_num_batched_tokens=max_num_batched_tokens(gpu),
        )
        for key, gpu in zip(keys, on, strict=True)
    ]
    origins = [
        Origin("estimated", SOURCES[grids[key].source], ENGINES.get(gpu.architecture, ENGINE), DATE)
        for key, gpu in zip(keys, on, strict=True)
    ]
    distinct = list(dict.fromkeys(origins))
    return _Known(
        keys=keys,
        figures=np.array([s.figures for s in steps]),
        caches=[cache_of(models()[k[0]], gpus()[k[1]], k[2]) for k in keys],
        own_context=np.array([models()[k[0]].context_tokens for k in keys], dtype=np.int64),
        origins=distinct,
        origin_codes=np.array([distinct.index(o) for o in origins], dtype=np.int64),
    )


@dataclass(frozen=True)
class _Fitting:
    """The configurations that hold a request of a workload's mean length, by their places in `_Known`."""

    places: Ints
    kv_tokens: Ints
    longest: Ints


@lru_cache(maxsize=64)
def _fitting(tokens: int) -> _Fitting:
    known = _known()
    kv_tokens = np.array([c.kv_tokens(tokens) for c in known.caches], dtype=np.int64)
    places = np.flatnonzero((kv_tokens >= tokens) & (known.own_context >= tokens))
    kv_tokens = kv_tokens[places]
    return _Fitting(places, kv_tokens, np.minimum(kv_tokens, known.own_context[places]))


@lru_cache(maxsize=24)
def computed_table(workload: Workload, model_ids: tuple[str, ...]) -> CurveTable:
    """Curves of these models' configurations for arrivals of the workload's burstiness.

    Of others nothing is computed: a plan needs a second for all 3,000, and half of it for those of one use.
    """
    known, fitting = _known(), _fitting(workload.tokens)
    wanted = set(model_ids)
    mine = np.array(
        [n for n, place in enumerate(fitting.places) if known.keys[place][0] in wanted], dtype=np.int64
    )
    places = fitting.places[mine]
    rates, seen = _swept(workload, known.figures[places], fitting.kv_tokens[mine], fitting.longest[mine])
    count, loads = rates.shape
    starts = np.arange(count, dtype=np.int64) * loads
    series = seen.reshape(count * loads, 3, len(STATISTICS)).transpose(2, 1, 0)
    mean, p50, p90, p95, p99 = (rising(of, starts) for of in series)
    keys = [known.keys[place] for place in places.tolist()]
    return CurveTable(
        model_ids=[k[0] for k in keys],
        gpu_types=[k[1] for k in keys],
        gpu_counts=np.array([k[2] for k in keys], dtype=np.int64),
        curves=Curves(starts, rates.ravel(), p95),
        p50_ms=p50,
        p99_ms=p99,
        mean_ms=mean,
        p90_ms=p90,
        origin_codes=np.repeat(known.origin_codes[places], loads),
        origins=known.origins,
        workload=workload,
    )


def computed_bursts(table: CurveTable, levels: tuple[float, ...]) -> Curves:
    """All configurations of a computed table at the first burstiness, then all at the next.
    Raises ValueError for a table that isn't computed.
    """
    if table.workload is None:
        raise ValueError("The table is not of one workload.")
    model_ids = tuple(dict.fromkeys(table.model_ids))
    each = [computed_table(replace(table.workload, burstiness=level), model_ids).curves for level in levels]
    ends = np.cumsum([0, *(len(c.rates) for c in each)])
    return Curves(
        np.concatenate([c.starts + at for c, at in zip(each, ends, strict=False)]),
        np.concatenate([c.rates for c in each]),
        np.concatenate([c.p95_ms for c in each], axis=1),
    )


def _swept(workload: Workload, figures: Floats, kv_tokens: Ints, longest: Ints) -> tuple[Floats, Floats]:
    """Rates (replicas, loads) in requests/s, and latencies (replicas, loads, 3 metrics, statistics) in ms
    there.
    """
    from knowledge.estimator.sweep import saturation, sweep  # compiled; see `scheduler`

    of, gaps = requests_of(workload, int(COUNTS.max())), gaps_of(SEED, int(COUNTS.max()), workload.burstiness)
    mean = [float(values.mean()) for values in (of.prompts, of.cached, of.outputs)]
    most = [saturation(f, int(kv), *mean) for f, kv in zip(figures, kv_tokens, strict=True)]
    rates = np.outer(most, LOADS)
    found = np.empty((*rates.shape, 3, len(STATISTICS)))

    def part(some: slice) -> None:
        seen = tuple(np.empty((len(figures[some]), 4, count)) for count in COUNTS.tolist())
        sweep(
            figures[some],
            kv_tokens[some],
            longest[some],
            rates[some],
            gaps,
            of.prompts,
            of.outputs,
            of.cached,
            seen,
        )
        for load, each in enumerate(seen):
            found[some, load] = statistics_of(each[:, :3, each.shape[2] // WARM_UP :])

    # Small parts: neighbours are of one model, and some models take much longer than others.
    size = max(1, math.ceil(len(figures) / (8 * cores())))
    at_once(part, [slice(at, at + size) for at in range(0, len(figures), size)])
    return rates, found
