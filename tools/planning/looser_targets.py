"""The least that targets must give: figures that admit a configuration with so many replicas, found with the
simulation that a plan would size it with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.catalogue import METRICS
from knowledge.curves import Bools, Floats
from tools.planning.plan import NearMiss
from tools.planning.relaxing import miss_of, relaxed
from tools.planning.settling import Settling
from tools.planning.sizing import Sizing
from tools.planning.targets import Target, targets_of
from tools.specification import SpecificationChange

FARTHEST = 2.0
"""Where something fits already, a target that would have to grow more than this many
times is no near miss.
"""
WORTH = 0.95
"""Where something fits already, a relaxation must bring the cost below this share of the cheapest."""
LOOSENESS = 2.0
"""Between two relaxations, one that loosens a target by x must be cheaper by x to
this power to be preferred.
"""


@dataclass(frozen=True)
class _Candidate:
    configuration: int
    replicas: int
    metrics: tuple[int, ...]
    stretch: float
    cost: float


def looser_targets(before: Settling, singly: bool) -> Iterable[NearMiss]:
    together = ((0,), (1,), (2,)) if singly else ((0, 1), (0, 2), (1, 2), (0, 1, 2))
    for candidate in _frontier(before.sizing, together):
        miss = _loosened(before, candidate)
        if miss is not None:
            yield miss


def _frontier(sizing: Sizing, together: Sequence[tuple[int, ...]]) -> Iterable[_Candidate]:
    """By estimate, for each set of metrics the least loosening that admits anything,
    and the one that is worth most.
    """
    fits = bool(sizing.option.any())
    ceiling = np.inf if sizing.budget is None else sizing.budget
    if fits:
        ceiling = min(ceiling, WORTH * float(sizing.costs[sizing.option].min()))
    # Not even one replica of the others is affordable.
    cost_of_one = sizing.cost_of_one
    affordable = np.flatnonzero(
        sizing.candidates.allowed & np.isfinite(cost_of_one) & (cost_of_one <= ceiling)
    )
    if not len(affordable):
        return
    curves = sizing.candidates.table.curves
    found: dict[tuple[int, ...], list[_Candidate]] = {metrics: [] for metrics in together}
    # Where something fits, two tries for each configuration are enough; else every row of
    # its curve, from idle to full.
    for step in (1.0, 0.5) if fits else np.linspace(0.0, 1.0, 9):
        row = curves.starts[affordable] + np.round(step * (curves.counts[affordable] - 1)).astype(np.int64)
        needed = np.maximum(1.0, np.ceil(sizing.planned_rate / curves.rates[row] * (1 - 1e-9)))
        costs = sizing.cost(needed, affordable)
        possible = (
            (sizing.all_replicas(needed) <= sizing.candidates.room[affordable])
            & np.isfinite(costs)
            & (costs <= ceiling)
        )
        some, replicas, costs = affordable[possible], needed[possible], costs[possible]
        if not len(some):
            continue
        judged = sizing.candidates.estimates.judged_at(sizing.planned_rate / replicas, replicas, some)
        shares = judged / sizing.targets_ms[:, None]
        for metrics in together:
            others = [m for m in range(3) if m not in metrics]
            stretch = shares[list(metrics)].max(axis=0)
            ok = (
                (shares[list(metrics)].min(axis=0) > 1)
                & (stretch <= (FARTHEST if fits else np.inf))
                & np.all(shares[others] <= 1, axis=0)
            )
            for k in _undominated(ok, stretch, costs):
                found[metrics].append(
                    _Candidate(int(some[k]), int(replicas[k]), metrics, float(stretch[k]), float(costs[k]))
                )
    for candidates in found.values():
        if not candidates:
            continue
        least = min(candidates, key=lambda c: (c.stretch, c.cost, c.configuration))
        worth = min(
            candidates, key=lambda c: (math.log(c.cost) + LOOSENESS * math.log(c.stretch), c.configuration)
        )
        yield from [worth] if fits or worth == least else [least, worth]


def _undominated(ok: Bools, stretch: Floats, costs: Floats) -> list[int]:
    """Of those that are `ok`, the ones that none beats in both."""
    order = np.flatnonzero(ok)
    order = order[np.lexsort((costs[order], stretch[order]))]
    lowest = np.minimum.accumulate(costs[order])
    return [int(c) for n, c in enumerate(order) if n == 0 or costs[c] < lowest[n - 1]]


def _loosened(before: Settling, candidate: _Candidate) -> NearMiss | None:
    """The smallest figures that admit the candidate, found with the simulation that
    a plan would size it with.

    Where nothing fits, people would then be shown the cheapest of all that these figures admit: if that is
    another one, it is suggested, with no more than it needs itself.
    """
    sizing, targets = before.sizing, before.sizing.targets_ms
    n, replicas, within = candidate.configuration, candidate.replicas, math.inf
    fits = bool(sizing.option.any())
    while True:
        least = needed(sizing, n, replicas, candidate.metrics)
        if least is None or not _to_be_had(sizing, n, replicas):
            return None
        values = {m: round_up(v, targets[m]) for m, v in least.items()}
        stretch = max(v / targets[m] for m, v in values.items())
        looser = targets.copy()
        looser[list(values)] = list(values.values())
        fewer = sizing.under(looser, n).fewest(sizing.planned_rate, replicas - 1)
        if fewer is not None:
            replicas = fewer  # then a little less may do for these
            continue
        given = _given(before, values)
        change = SpecificationChange.model_validate({one.field: one.ms for _, one in given})
        other = None if fits else _cheaper_one(relaxed(before, change), n)
        if other is None:
            break
        if stretch > within:
            return None
        (n, replicas), within = other, stretch
    words = [looser.told(instead_of=now) for now, looser in given]
    return miss_of(before, n, replicas, change, " and ".join(words), stretch)


def _given(before: Settling, values: dict[int, float]) -> list[tuple[Target, Target]]:
    """Each target that gives, as it is and as it would be; all of one metric give alike."""
    found = []
    for m, value in values.items():
        first, *others = targets_of(before.specification.slo_targets, METRICS[m])
        factor = value / float(before.sizing.targets_ms[m])
        found.append((first, first._replace(ms=value)))
        found += [(one, one.loosened(factor)) for one in others]
    return found


def _to_be_had(sizing: Sizing, n: int, replicas: int) -> bool:
    """Whether there are so many GPUs, and somebody sells them."""
    has_room = replicas + sizing.specification.spare_replicas <= sizing.candidates.room[n]
    return bool(has_room) and math.isfinite(sizing.cost_of(n, replicas))


def _cheaper_one(after: Settling, n: int) -> tuple[int, int] | None:
    """Another configuration that would be listed before `n` by cost, with its replicas."""
    after.force(n)
    first = after.first()
    if first is None or first == n or after.sizing.costs[first] > after.sizing.costs[n]:
        return None
    return first, int(after.sizing.replicas[first])


def needed(sizing: Sizing, n: int, replicas: int, metrics: tuple[int, ...]) -> dict[int, float] | None:
    """The least p95 targets of `metrics` under which so many replicas carry the peak;
    None if the other targets don't let them.
    """
    rate, start, end = sizing.planned_rate, sizing.targets_ms, sizing.targets_ms.copy()
    rough = sizing.candidates.estimates.judged_at(
        np.array([rate / replicas]), np.array([float(replicas)]), np.array([n])
    )[:, 0]
    simulates = sizing.simulates(n)
    room = 1.3 if simulates else 1 + 1e-9  # simulated, it may need more or less than the table says
    for m in metrics:
        end[m] = max(start[m], float(rough[m]) * room)
    if not np.all(np.isfinite(end)) or not sizing.under(end, n).carries(rate, replicas):
        return None
    low, high = 0.0, 1.0
    while simulates and high - low > 0.002 * max(high, 0.05):
        middle = (low + high) / 2
        if sizing.under(start + middle * (end - start), n).carries(rate, replicas):
            high = middle
        else:
            low = middle
    return {m: float(start[m] + high * (end[m] - start[m])) for m in metrics}


def round_up(value: float, start: float) -> float:
    """Upwards to a figure that a person would write, by at most a twentieth of the way from `start`."""
    step = 10.0 ** math.floor(math.log10(max((value - start) / 20, 1e-9)))
    digits = max(0, -round(math.log10(step)))
    return round(math.ceil(value / step - 1e-9) * step, digits)
