"""What would have to give: the smallest relaxations that admit something, each
recomputed with nothing else changed.

Where nothing fits: every single constraint, and every single target, that could give alone; where none can
alone, the least that must give together. Where something fits: a looser target that would cost less than the
cheapest option. A suggested figure is the smallest that admits the configuration with so many replicas,
rounded up by at most a twentieth of the step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from tools.planning.lifted import GIVING, larger_budget, lifted
from tools.planning.looser_targets import looser_targets
from tools.planning.plan import NearMiss
from tools.planning.relaxing import cheapest_after, relaxed
from tools.planning.settling import Settling
from tools.specification import FIELDS, SpecificationChange

MOST = 4


def near_misses(before: Settling) -> list[NearMiss]:
    """The smallest first; those that are no figures last. `before` has settled."""
    if before.sizing.option.any():
        found = list(looser_targets(before, singly=True))
    else:
        found = [*looser_targets(before, singly=True), *larger_budget(before), *lifted(before)]
        found = found or list(looser_targets(before, singly=False)) or list(_everything(before))
    distinct: dict[str, NearMiss] = {}
    for miss in sorted(found, key=lambda m: (m.stretch or math.inf, m.cost_usd_per_month, m.model_id)):
        distinct.setdefault(miss.relaxation, miss)
    return list(distinct.values())[:MOST]


def _everything(before: Settling) -> Iterable[NearMiss]:
    """Where no one thing is enough: all constraints but the targets lifted, and then the targets too."""
    active = [name for name in GIVING if getattr(before.specification.intent, name)]
    if not active:
        return
    change = SpecificationChange.model_validate({"clear": active})
    without = relaxed(before, change)
    specs = [FIELDS[name].spec for name in active]
    words = " and ".join(spec.relaxed or f"without {spec.the}" for spec in specs)
    if without.cheapest() is not None:
        miss = cheapest_after(before, change, words, None)
        if miss is not None:
            yield miss
        return
    for miss in [*looser_targets(without, singly=True)] or [*looser_targets(without, singly=False)]:
        both = SpecificationChange.model_validate(
            miss.change.model_dump(exclude_defaults=True) | {"clear": active}
        )
        yield miss.model_copy(update={"change": both, "relaxation": f"{miss.relaxation}, {words}"})
