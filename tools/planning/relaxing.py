"""Planning again with something given, and what that then admits."""

from __future__ import annotations

from tools.planning.least_quality import lacking, quality_for
from tools.planning.plan import NearMiss
from tools.planning.settling import Settling
from tools.specification import SpecificationChange, change_specification, with_defaults


def relaxed(before: Settling, change: SpecificationChange) -> Settling:
    """The same plan under a changed specification, with the same defaults."""
    changed = change_specification(before.specification, change)
    return before.under(with_defaults(changed, before.specification.overrides.relaxed_ms))


def cheapest_after(
    before: Settling, change: SpecificationChange, text: str, stretch: float | None
) -> NearMiss | None:
    """The cheapest that the change really admits, if anything."""
    after = relaxed(before, change)
    cheapest = after.first()
    if cheapest is None:
        return None
    return miss_of(after, cheapest, int(after.sizing.replicas[cheapest]), change, text, stretch)


def miss_of(
    of: Settling, n: int, replicas: int, change: SpecificationChange, text: str, stretch: float | None
) -> NearMiss:
    return NearMiss(
        model_id=of.table.model_ids[n],
        gpu_type=of.table.gpu_types[n],
        gpu_count=int(of.table.gpu_counts[n]),
        replicas=replicas + of.specification.spare_replicas,
        cost_usd_per_month=round(of.sizing.cost_of(n, replicas), 2),
        relaxation=text,
        change=change,
        stretch=stretch,
        offered_as=lacking(quality_for(of.table.model_ids[n], of.specification)),
    )
