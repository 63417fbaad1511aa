"""What would have to give: the smallest relaxations that admit something, each
recomputed with nothing else changed.

Where nothing fits: every single constraint, and every single target, that could give alone; where none can
alone, the least that must give together. Where something fits: a looser target that would cost less than the
cheapest option. A suggested figure is the smallest that admits the configuration with so many replicas,
rounded up by at most a twentieth of the step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.catalogue import METRICS, gpus
from knowledge.curves import Bools, Floats
from tools.planning.constraints import context_of, published_quality
from tools.planning.memory import tokens_asked
from tools.planning.plan import NearMiss
from tools.planning.planner import LABEL, Planner
from tools.planning.quality import MODES
from tools.specification import CONSTRAINTS, FIELDS, KINDS, SpecificationChange, change_specification

FARTHEST = 2.0
"""Where something fits already, a target that would have to grow more than this many
times is no near miss.
"""
MOST = 4
WORTH = 0.95
"""Where something fits already, a relaxation must bring the cost below this share of the cheapest."""
LOOSENESS = 2.0
"""Between two relaxations, one that loosens a target by x must be cheaper by x to
this power to be preferred.
"""


def near_misses(planner: Planner) -> list[NearMiss]:
    """The smallest first; those that are no figures last. `planner` has settled."""
    if planner.option.any():
        found = list(_looser_targets(planner, singly=True))
    else:
        found = [*_looser_targets(planner, singly=True), *_larger_budget(planner), *_lifted(planner)]
        found = found or list(_looser_targets(planner, singly=False)) or list(_everything(planner))
    distinct: dict[str, NearMiss] = {}
    for miss in sorted(found, key=lambda m: (m.stretch or math.inf, m.cost_usd_per_month, m.model_id)):
        distinct.setdefault(miss.relaxation, miss)
    return list(distinct.values())[:MOST]


def relaxed(planner: Planner, change: SpecificationChange) -> Planner:
    """The same plan under a changed specification."""
    return Planner(
        planner.whole,
        planner.profile,
        change_specification(planner.specification, change),
        planner.prices,
        planner.simulating,
    )


# Targets
# --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Candidate:
    configuration: int
    replicas: int
    metrics: tuple[int, ...]
    stretch: float
    cost: float


def _looser_targets(planner: Planner, singly: bool) -> Iterable[NearMiss]:
    together = ((0,), (1,), (2,)) if singly else ((0, 1), (0, 2), (1, 2), (0, 1, 2))
    for candidate in _frontier(planner, together):
        miss = _loosened(planner, candidate)
        if miss is not None:
            yield miss


def _frontier(planner: Planner, together: Sequence[tuple[int, ...]]) -> Iterable[_Candidate]:
    """By estimate, for each set of metrics the least loosening that admits anything,
    and the one that is worth most.
    """
    fits = bool(planner.option.any())
    ceiling = np.inf if planner.budget is None else planner.budget
    if fits:
        ceiling = min(ceiling, WORTH * float(planner.costs[planner.option].min()))
    # Not even one replica of the others is affordable.
    affordable = np.flatnonzero(
        planner.allowed & np.isfinite(planner.cost_of_one) & (planner.cost_of_one <= ceiling)
    )
    if not len(affordable):
        return
    curves = planner.table.curves
    found: dict[tuple[int, ...], list[_Candidate]] = {metrics: [] for metrics in together}
    # Where something fits, two tries for each configuration are enough; else every row of
    # its curve, from idle to full.
    for step in (1.0, 0.5) if fits else np.linspace(0.0, 1.0, 9):
        row = curves.starts[affordable] + np.round(step * (curves.counts[affordable] - 1)).astype(np.int64)
        needed = np.maximum(1.0, np.ceil(planner.planned_rate / curves.rates[row] * (1 - 1e-9)))
        costs = planner.cost(needed, affordable)
        possible = (
            (planner.gpus_needed(needed, affordable) <= planner.available[affordable])
            & np.isfinite(costs)
            & (costs <= ceiling)
        )
        some, replicas, costs = affordable[possible], needed[possible], costs[possible]
        if not len(some):
            continue
        p95 = planner.estimates.p95_at(planner.planned_rate / replicas, replicas, some)
        shares = p95 / planner.targets_ms[:, None]
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


def _loosened(planner: Planner, candidate: _Candidate) -> NearMiss | None:
    """The smallest figures that admit the candidate, found with the simulation that
    a plan would size it with.

    Where nothing fits, people would then be shown the cheapest of all that these figures admit: if that is
    another one, it is suggested, with no more than it needs itself.
    """
    n, replicas, metrics, within = candidate.configuration, candidate.replicas, candidate.metrics, math.inf
    fits = bool(planner.option.any())
    while True:
        needed = _needed(planner, n, replicas, metrics)
        if needed is None:
            return None
        values = {m: round_up(v, planner.targets_ms[m]) for m, v in needed.items()}
        stretch = max(v / planner.targets_ms[m] for m, v in values.items())
        if planner.gpus_needed(np.array(float(replicas)))[n] > planner.available[n] or not np.isfinite(
            _cost(planner, n, replicas)
        ):
            return None
        targets = planner.targets_ms.copy()
        targets[list(values)] = list(values.values())
        fewer = planner.fewest_under(targets, n, replicas - 1)
        if fewer is not None:
            replicas = fewer  # then a little less may do for these
            continue
        change = SpecificationChange.model_validate({f"{METRICS[m]}_p95_ms": v for m, v in values.items()})
        other = None if fits else _cheaper_one(relaxed(planner, change), n)
        if other is None:
            break
        if stretch > within:
            return None
        (n, replicas), within = other, stretch
    words = [
        f"{LABEL[METRICS[m]]} p95 {_time(v)} instead of {_time(planner.targets_ms[m])}"
        for m, v in values.items()
    ]
    return _miss(planner, n, replicas, change, " and ".join(words), stretch)


def _cheaper_one(after: Planner, n: int) -> tuple[int, int] | None:
    """Another configuration that would be listed before `n` by cost, with its replicas."""
    after.force(n)
    first = after.first()
    if first is None or first == n or after.costs[first] > after.costs[n]:
        return None
    return first, int(after.replicas[first])


def _needed(planner: Planner, n: int, replicas: int, metrics: tuple[int, ...]) -> dict[int, float] | None:
    """The least p95 targets of `metrics` under which so many replicas carry the peak;
    None if the other targets don't let them.
    """
    start, end = planner.targets_ms, planner.targets_ms.copy()
    rates, counts = np.array([planner.planned_rate / replicas]), np.array([float(replicas)])
    rough = planner.estimates.p95_at(rates, counts, np.array([n]))[:, 0]
    room = (
        1.3 if planner.simulates(n) else 1 + 1e-9
    )  # simulated, it may need more or less than the table says
    for m in metrics:
        end[m] = max(start[m], float(rough[m]) * room)
    if not np.all(np.isfinite(end)) or not planner.carries_under(end, n, replicas):
        return None
    low, high = 0.0, 1.0
    while planner.simulates(n) and high - low > 0.002 * max(high, 0.05):
        middle = (low + high) / 2
        low, high = (
            (low, middle)
            if planner.carries_under(start + middle * (end - start), n, replicas)
            else (middle, high)
        )
    return {m: float(start[m] + high * (end[m] - start[m])) for m in metrics}


# Other constraints
# --------------------------------------------------------------------------------


def _larger_budget(planner: Planner) -> Iterable[NearMiss]:
    if planner.budget is None:
        return
    without = relaxed(planner, SpecificationChange(clear=["budget_usd_per_month"]))
    best = without.cheapest()
    if best is None:
        return
    needed = float(math.ceil(without.costs[best]))
    text = f"a budget of ${needed:,.0f} a month instead of ${planner.budget:,.0f}"
    miss = _cheapest_after(
        planner, SpecificationChange(budget_usd_per_month=needed), text, needed / planner.budget
    )
    if miss is not None:
        yield miss


_GIVING = [name for name in CONSTRAINTS if FIELDS[name].spec.gives]
_AS_ONE = {field: fields for fields in KINDS.values() if set(fields) <= set(_GIVING) for field in fields}
"""Constraints by name that are lifted together: what is wanted, and what isn't."""


def _lifted(planner: Planner) -> Iterable[NearMiss]:
    """Each other constraint that the person set, lifted alone as far as it takes."""
    intent = planner.specification.intent
    for fields in dict.fromkeys(_AS_ONE.get(name, (name,)) for name in _GIVING):
        name = fields[0]
        if name == "budget_usd_per_month" or not any(getattr(intent, field) for field in fields):
            continue
        lifted: dict[str, object] = {"clear": fields}
        if name == "available_gpus":
            lifted["preferred_gpu_types"] = list(
                intent.available_gpus
            )  # more of what there is, before others
        for change in (lifted, {"clear": fields}):
            without = relaxed(planner, SpecificationChange.model_validate(change))
            best = without.cheapest()
            if best is not None and without.option[best]:
                miss = _cheapest_after(planner, *_least_of(planner, without, name, best))
                if miss is not None:
                    yield miss
                    break


def _least_of(
    planner: Planner, without: Planner, name: str, best: int
) -> tuple[SpecificationChange, str, float | None]:
    """The smallest change of one constraint that admits what was found without it."""
    intent, table = planner.specification.intent, planner.table
    options = without.option
    if name == "min_quality":
        mode = planner.specification.thinking
        highest = (
            math.floor(10 * float(np.nanmax(published_quality(table, str(intent.use_case), mode)[options])))
            / 10
        )
        wanted = intent.min_quality or highest
        text = f"a quality of at least {highest:g} % {MODES[mode]} instead of {wanted:g} %"
        return SpecificationChange(min_quality=highest), text, wanted / highest
    if name == "min_context_tokens":
        longest = int(context_of(table, planner.specification)[options].max())
        longest -= tokens_asked(longest) > longest  # a round number would be read as a few tokens more
        least = intent.min_context_tokens or longest
        text = f"a context of {longest:,} tokens instead of {least:,}"
        return SpecificationChange(min_context_tokens=longest), text, least / longest
    gpu = table.gpu_types[best]
    if name == "available_gpus":
        count = int(without.gpus_needed(without.replicas)[best])
        has = intent.available_gpus.get(gpu, 0)
        text = f"{count} {gpu}{'s' if count > 1 else ''} instead of {has or 'none'}"
        return (
            SpecificationChange(available_gpus={**intent.available_gpus, gpu: count}),
            text,
            count / has if has else None,
        )
    if name == "preferred_gpu_types":
        if gpu in intent.excluded_gpu_types and not intent.preferred_gpu_types:
            rest = [g for g in intent.excluded_gpu_types if g != gpu]
            change = (
                SpecificationChange(excluded_gpu_types=rest)
                if rest
                else SpecificationChange(clear=["excluded_gpu_types"])
            )
            return change, f"{gpu} allowed too", None
        return (
            SpecificationChange(
                preferred_gpu_types=[g for g in gpus() if g in (*intent.preferred_gpu_types, gpu)]
            ),
            f"{gpu} as well",
            None,
        )
    spec = FIELDS[name].spec
    lifted = SpecificationChange.model_validate({"clear": _AS_ONE.get(name, (name,))})
    return lifted, spec.relaxed or f"without {spec.the}", None


def _everything(planner: Planner) -> Iterable[NearMiss]:
    """Where no one thing is enough: all constraints but the targets lifted, and then the targets too."""
    active = [name for name in _GIVING if getattr(planner.specification.intent, name)]
    if not active:
        return
    change = SpecificationChange.model_validate({"clear": active})
    without = relaxed(planner, change)
    names = " and ".join(FIELDS[name].spec.the for name in active)
    if without.cheapest() is not None:
        miss = _cheapest_after(planner, change, f"without {names}", None)
        if miss is not None:
            yield miss
        return
    for miss in [*_looser_targets(without, singly=True)] or [*_looser_targets(without, singly=False)]:
        both = SpecificationChange.model_validate(
            miss.change.model_dump(exclude_defaults=True) | {"clear": active}
        )
        yield miss.model_copy(update={"change": both, "relaxation": f"{miss.relaxation}, without {names}"})


# Recomputing
# --------------------------------------------------------------------------------


def _cheapest_after(
    planner: Planner, change: SpecificationChange, text: str, stretch: float | None
) -> NearMiss | None:
    """The cheapest that the change really admits, if anything."""
    after = relaxed(planner, change)
    cheapest = after.first()
    return (
        None
        if cheapest is None
        else _miss(after, cheapest, int(after.replicas[cheapest]), change, text, stretch)
    )


def _miss(
    planner: Planner, n: int, replicas: int, change: SpecificationChange, text: str, stretch: float | None
) -> NearMiss:
    return NearMiss(
        model_id=planner.table.model_ids[n],
        gpu_type=planner.table.gpu_types[n],
        gpu_count=int(planner.table.gpu_counts[n]),
        replicas=replicas + planner.specification.spare_replicas,
        cost_usd_per_month=round(_cost(planner, n, replicas), 2),
        relaxation=text,
        change=change,
        stretch=stretch,
    )


def _cost(planner: Planner, n: int, replicas: int) -> float:
    return float(planner.cost(np.array([float(replicas)]), np.array([n]))[0])


def round_up(value: float, start: float) -> float:
    """Upwards to a figure that a person would write, by at most a twentieth of the way from `start`."""
    step = 10.0 ** math.floor(math.log10(max((value - start) / 20, 1e-9)))
    digits = max(0, -round(math.log10(step)))
    return round(math.ceil(value / step - 1e-9) * step, digits)


def _time(ms: float) -> str:
    return f"{ms:,g} ms" if ms < 1000 else f"{ms / 1000:g} s"
