"""Why an option is where it is: the first in one sentence, the others by what they hold, cost and trade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import numpy as np

from knowledge.catalogue import METRICS, SloTargets, models
from tools.planning.least_quality import offered_as, shortfall
from tools.planning.plan import VIEW_NAMES, Quality, Recommendation, View, WeakerFirst
from tools.planning.quality import quality_against, quality_in_words
from tools.planning.ranking import MARKS, Criteria, mark_of
from tools.planning.targets import Target, every_target, targets_of
from tools.wording import METRIC_NAMES, a_month, figure, lower, setup

AT_THE_END = "its capacity is the highest load that was simulated, not a load at which a target breaks"


def with_reasons(
    found: list[Recommendation],
    views: Mapping[View, Sequence[int]],
    view: View,
    targets: SloTargets,
    criteria: Criteria,
    ends: set[int],
    weaker_first: WeakerFirst | None,
) -> list[Recommendation]:
    """Options of a plan in the order of `view`, each with what it is first in and offered as; `ends` are the
    ranks whose capacity ends where the simulation does.
    """
    lowest = float(criteria.cost_usd_per_month[criteria.option].min(initial=np.inf))

    def marked(o: Recommendation) -> Recommendation:
        marks = [mark_of(view, o) for view in MARKS if views[view][0] == o.rank]
        offer, notes = offered_as(o, found), [AT_THE_END] if o.rank in ends else []
        if o.rank == 1:
            notes = [held(o, targets), worth(o.quality), *notes]
        return o.model_copy(
            update={"marks": [mark for mark in marks if mark], "offered_as": offer, "notes": notes}
        )

    def reasons(o: Recommendation, following: Recommendation | None) -> list[str]:
        if o.rank == 1:
            return [why_first(found, view, targets, weaker_first)]
        said = [", ".join(filter(None, [o.offered_as, *o.marks]))] if o.offered_as or o.marks else []
        said += [held(o, targets), _cost(o, lowest), worth(o.quality)]
        if following is not None:
            said.append(
                f"against option {following.rank}, {following.model_id} on {setup(following)}:"
                f" {difference(o, following)}"
            )
        return said

    found = [marked(o) for o in found]
    return [o.model_copy(update={"reasons": reasons(o, n)}) for o, n in zip_longest(found, found[1:])]


def why_first(
    found: Sequence[Recommendation], view: View, targets: SloTargets, weaker_first: WeakerFirst | None
) -> str:
    """One sentence of figures that the options themselves show: what the first comes before and by what, and
    what would come before it if its quality were enough.
    """
    first, *others = found
    short = shortfall(first)
    said = _against(found, view, targets) if others else "it is the only option"
    if short:
        return f"{short}, but {_all_the_same(view, weaker_first)}; {said}"
    passed = next((o for o in others if not o.quality.enough and o.score > first.score), None)
    if passed is not None and view == "balanced":
        return f"{said}; option {passed.rank} scores {passed.score:g}, but {shortfall(passed)}"
    return said


def _all_the_same(view: View, weaker_first: WeakerFirst | None) -> str:
    """Why one that isn't known to be good enough comes first."""
    why = {
        "none enough": "no option is known to reach that",
        "named": "you named the models",
        "cost": "low cost matters most to you",
    }
    if view == "balanced" or weaker_first in ("none enough", "named"):
        return why[weaker_first or "none enough"]
    return f"the order is by {lower(VIEW_NAMES[view])}"


def _against(found: Sequence[Recommendation], view: View, targets: SloTargets) -> str:
    """The first, set against another of those that it was chosen among."""
    first, *others = found
    rivals = [o for o in others if o.quality.enough] if first.quality.enough and view == "balanced" else []
    second = _another_model(first, rivals or others)
    what = f"option {second.rank}, {second.model_id} on {setup(second)}"
    return f"it comes before {what}, {_measure(view, first, second, targets)}: {difference(first, second)}"


def _another_model(first: Recommendation, others: Sequence[Recommendation]) -> Recommendation:
    """The first that isn't the same model in another format, since that would say little; else the first."""

    def base(o: Recommendation) -> str:
        known = models().get(o.model_id)
        return (known.base_id if known else None) or o.model_id

    return next((o for o in others if base(o) != base(first)), others[0])


def _measure(view: View, one: Recommendation, other: Recommendation, targets: SloTargets) -> str:
    """What a view orders by, of two options: of equals the one that is good enough, then the better score."""

    def used(o: Recommendation) -> str:
        shares = [_share(o, targets_of(targets, m)) for m in METRICS]
        return f"{sum(shares) / len(shares):.1%}"

    def good(o: Recommendation) -> str:
        return quality_in_words(o.quality).removeprefix("quality ")

    by: dict[View, tuple[str, str, str]] = {
        "lowest_cost": ("cost", a_month(one.cost_usd_per_month), a_month(other.cost_usd_per_month)),
        "lowest_latency": ("the share of its targets that it takes", used(one), used(other)),
        "best_quality": ("quality", good(one), good(other)),
        "simplest": ("GPUs", f"{one.gpu_count * one.replicas}", f"{other.gpu_count * other.replicas}"),
    }
    score = f"score {one.score:g} against {other.score:g} of 100"
    if view == "balanced":
        return f"by what matters to you ({score})"
    name, mine, its = by[view]
    if view == "lowest_latency" and other.by_roofline and not one.by_roofline:
        return "whose latencies rest on the roofline alone"
    if mine != its or view == "lowest_latency":
        return f"by {name} ({mine} against {its})"
    tie = "which isn't known to be good enough" if one.quality.enough and not other.quality.enough else score
    return f"with equal {name} ({mine}), {tie}"


def _share(o: Recommendation, of_metric: Sequence[Target]) -> float:
    """Of its targets that the latency takes, the largest; 0 without a target."""
    return max(
        ((target.of(o.predicted) or 0.0) / target.ms for target in of_metric if target.ms is not None),
        default=0.0,
    )


def held(o: Recommendation, targets: SloTargets) -> str:
    each = [_held(target, o) for target in every_target(targets) if target.ms is not None]
    return (f"holds {', '.join(each)}" if each else "has no latency target to hold") + (
        f"; thinks first, so that its answer begins after {o.first_answer_p95_ms / 1000:,.1f} s"
        if o.first_answer_p95_ms
        else ""
    )


def _held(target: Target, o: Recommendation) -> str:
    """The statistic is named where it isn't p95, and with the first of all."""
    named = target.metric == "ttft" or target.statistic != "p95"
    name = target.name if named else METRIC_NAMES[target.metric]
    ms, limit = target.of(o.predicted), target.ms or 0.0
    if target.metric == "e2e":
        return f"{name} {'?' if ms is None else f'{ms / 1000:,.1f}'} of {limit / 1000:,.1f} s"
    digits = 1 if target.metric == "itl" else 0
    return f"{name} {'?' if ms is None else f'{ms:,.{digits}f}'} of {figure(limit)} ms"


def _cost(o: Recommendation, lowest: float) -> str:
    if not o.cost_usd_per_month:
        return f"needs {o.gpus_billed} of your own GPUs, which have no price"
    extra = o.cost_usd_per_month - lowest
    return (
        "costs the least of all that hold the targets"
        if extra < 0.01
        else f"costs {a_month(extra)} more than the cheapest"
    )


def worth(quality: Quality) -> str:
    """Ending with what it is made of, or why it isn't its own."""
    return f"{quality_in_words(quality)} ({quality.scores if quality.score is not None else quality.source})"


def difference(one: Recommendation, other: Recommendation) -> str:
    """Cost, E2E and quality of one against another."""
    cost = one.cost_usd_per_month - other.cost_usd_per_month
    e2e = one.predicted.e2e_ms.p95 - other.predicted.e2e_ms.p95
    said = [f"{a_month(abs(cost))} {'more' if cost > 0 else 'less'}" if abs(cost) >= 0.5 else "the same cost"]
    if not one.cost_usd_per_month and not other.cost_usd_per_month:
        gpus = one.gpus_billed - other.gpus_billed
        said = [
            f"{abs(gpus)} GPU{'s' * (abs(gpus) > 1)} {'more' if gpus > 0 else 'fewer'}"
            if gpus
            else "as many GPUs"
        ]
    said.append(
        f"E2E p95 {abs(e2e) / 1000:.1f} s {'longer' if e2e > 0 else 'shorter'}"
        if abs(e2e) >= 50
        else "the same E2E"
    )
    if {one.thinking, other.thinking} == {"off", "on"}:
        said.append("another mode, so that their qualities can't be compared")
    elif (better := quality_against(one.quality, other.quality)) is not None:
        said.append(better)
    return ", ".join(said)
