"""Targets that nobody asked for. They give way first: where something holds what was asked, a default never
makes it “nothing”, and where something holds the defaults too, what each of them costs is told.
"""

from __future__ import annotations

import math

from knowledge.catalogue import METRICS, Metric
from tools.planning.looser_targets import needed, round_up
from tools.planning.plan import LooserDefault
from tools.planning.settling import Settling
from tools.specification import with_defaults
from tools.specification.overrides import MOST_MS

TIMES = (1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 24.0, 32.0, 64.0, 128.0, 512.0)
"""How many times the template's target is tried. Nothing that takes longer still would be called served."""
KNEE = 0.85
"""Defaults that had to give way go on giving as long as the next step brings the cost below this share."""
WORTH = 0.95
"""A looser default that leaves the cost above this share of it isn't told."""


def relaxed_where_needed(settling: Settling) -> Settling:
    """The plan as it is, if something holds all targets or the defaults aren't why nothing does; else the one
    under the least multiple of the defaults that something holds, of those defaults alone that have to give.
    """
    specification = settling.specification
    free = specification.default_targets
    if not free or settling.first() is not None or _under(settling, free, TIMES[-1]).first() is None:
        return settling
    low, high = -1, len(TIMES) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _under(settling, free, TIMES[middle]).first() is not None else (middle, high)
        )
    # Targets that something just holds on the dearest hardware are nobody's wish either.
    while high < len(TIMES) - 1 and _cost(_under(settling, free, TIMES[high + 1])) <= KNEE * _cost(
        _under(settling, free, TIMES[high])
    ):
        high += 1
    giving = free
    for metric in free:
        others = tuple(m for m in giving if m != metric)
        if others and KNEE * _cost(_under(settling, others, TIMES[high])) <= _cost(
            _under(settling, giving, TIMES[high])
        ):
            giving = others
    return _under(settling, giving, TIMES[high])


def relaxed_defaults(before: Settling, after: Settling) -> list[LooserDefault]:
    """What `relaxed_where_needed` made of the template's targets."""
    return [
        LooserDefault(metric=m, default_ms=float(before.sizing.targets_ms[n]), looser_ms=looser)
        for n, m in enumerate(METRICS)
        if (looser := float(after.sizing.targets_ms[n])) > before.sizing.targets_ms[n]
    ]


def costs_of_defaults(settling: Settling) -> list[LooserDefault]:
    """What the cheapest would cost without each default, and the target that this would take. `settling` has
    settled.
    """
    first = settling.first()
    if first is None:
        return []
    found = []
    for metric in settling.specification.default_targets:
        n = METRICS.index(metric)
        without = _under(settling, (metric,), TIMES[-1])
        cheaper = without.first()
        if cheaper is None or without.sizing.costs[cheaper] > WORTH * settling.sizing.costs[first]:
            continue
        default = float(settling.sizing.targets_ms[n])
        saved = round(float(settling.sizing.costs[first] - without.sizing.costs[cheaper]), 2)
        fewer = int(_gpus(settling, first) - _gpus(without, cheaper))
        least = needed(settling.sizing, cheaper, int(without.sizing.replicas[cheaper]), (n,))
        if least is None:
            continue
        looser = round_up(least[n], default)
        found.append(
            LooserDefault(
                metric=metric,
                default_ms=default,
                looser_ms=looser,
                saves_usd_per_month=saved,
                saves_gpus=0 if saved else max(0, fewer),
            )
        )
    return found


def _under(settling: Settling, metrics: tuple[Metric, ...], times: float) -> Settling:
    """With these defaults so many times as loose."""
    now = dict(zip(METRICS, settling.sizing.targets_ms.tolist(), strict=True))
    looser = settling.specification.overrides.relaxed_ms | {
        m: min(times * now[m], MOST_MS[m]) for m in metrics
    }
    return settling.under(with_defaults(settling.specification, looser))


def _cost(settling: Settling) -> float:
    """USD a month, of the cheapest option; what has no price costs next to nothing a GPU."""
    first, sizing = settling.first(), settling.sizing
    if first is None:
        return math.inf
    return float(sizing.costs[first])


def _gpus(settling: Settling, n: int) -> float:
    return float(settling.sizing.gpus_needed(settling.sizing.replicas)[n])
