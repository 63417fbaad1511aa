"""Curves by the statistics that are judged by, where a table states its p95s alone.

What a table doesn't state is its p95 times what the scheduler's model says of the other statistic over the
p95, of the same configuration at the same load. Where that isn't known either, a p50, p90 or mean is taken
for as much as the p95, which it doesn't exceed, and a p99 holds no target.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from knowledge.catalogue import STATISTICS
from knowledge.curves import Curves, CurveTable, Floats, rising
from knowledge.estimator.computed import computed_table
from knowledge.judging import Judging
from knowledge.workload import Workload

P95 = STATISTICS.index("p95")
NO_MORE_THAN_P95 = [n for n, statistic in enumerate(STATISTICS) if statistic != "p99"]


def judged_curves(table: CurveTable, workload: Workload, judging: Judging) -> Curves:
    """Of a table whose rows are of the workload, for Poisson arrivals; `p95_ms` of what comes back is what is
    held against targets.
    """
    if judging.plain:
        return table.curves
    return table.kept(
        ("judged", judging), lambda: _judged(table, table.curves, table.statistics, (workload,), judging)
    )


def judged_bursts(
    table: CurveTable, bursts: Curves, levels: tuple[float, ...], workload: Workload, judging: Judging
) -> Curves:
    """The same of all configurations of the table at the first burstiness, then at the next."""
    if judging.plain:
        return bursts
    unknown = np.full((len(STATISTICS), *bursts.p95_ms.shape), np.nan)
    of = tuple(replace(workload, burstiness=level) for level in levels)
    return table.kept(
        ("judged bursts", levels, judging), lambda: _judged(table, bursts, unknown, of, judging)
    )


def _judged(
    table: CurveTable, curves: Curves, stated: Floats, workloads: tuple[Workload, ...], judging: Judging
) -> Curves:
    """Configurations of the table under the first workload, then under the next."""
    found = stated
    if np.isnan(stated).any():
        found = np.where(np.isnan(stated), curves.p95_ms * _over_p95(table, curves, workloads), stated)
    for n in NO_MORE_THAN_P95:
        found[n] = np.where(np.isnan(found[n]), curves.p95_ms, found[n])
    found[np.isnan(found)] = np.inf
    return Curves(curves.starts, curves.rates, rising(judging.of(found), curves.starts))


def _over_p95(table: CurveTable, curves: Curves, workloads: tuple[Workload, ...]) -> Floats:
    """(statistics, 3, rows): each over the p95, by the scheduler's model; NaN where it can't say."""
    found = np.full((len(STATISTICS), *curves.p95_ms.shape), np.nan)
    keys = list(zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True))
    model_ids = tuple(dict.fromkeys(table.model_ids))
    for at, workload in enumerate(workloads):
        ours = computed_table(workload, model_ids)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratios = np.nan_to_num(ours.statistics / ours.curves.p95_ms, nan=1.0)
        places = {
            key: n
            for n, key in enumerate(
                zip(ours.model_ids, ours.gpu_types, ours.gpu_counts.tolist(), strict=True)
            )
        }
        for n, key in enumerate(keys, start=at * len(keys)):
            if (place := places.get(key)) is None:
                continue
            rows = slice(int(curves.starts[n]), int(curves.starts[n] + curves.counts[n]))
            mine = slice(
                int(ours.curves.starts[place]), int(ours.curves.starts[place] + ours.curves.counts[place])
            )
            known = ours.curves.rates[mine]
            for s in range(len(STATISTICS)):
                for m in range(3):
                    found[s, m, rows] = np.interp(curves.rates[rows], known, ratios[s, m, mine])
    return found
