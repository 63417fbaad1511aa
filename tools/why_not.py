"""Tool: why something isn't first: the best plan with some GPU types or models, its place
among all, or what keeps it out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pydantic import Field

from knowledge.catalogue import TrafficProfile
from knowledge.curves import CurveTable
from knowledge.database import Database
from knowledge.prices import Price, prices
from tools.contract import Contract
from tools.plan_capacity import PlanRequest, begun, plan
from tools.planning.exclusions import excluded
from tools.planning.least_quality import shortfall
from tools.planning.plan import Count, NearMiss, Plan, Recommendation, SeveralServers
from tools.planning.reasons import difference, held
from tools.planning.recommending import recommendations
from tools.planning.settling import Settling
from tools.specification import SpecificationChange
from tools.tool import tool
from tools.wording import a_month, setup


class WhyNotRequest(Contract):
    """The plan it is asked of, and what is asked about: any of these types and any of these models."""

    plan: PlanRequest
    gpu_types: list[str] = Field(default_factory=list)
    model_ids: list[str] = Field(default_factory=list)


class WhyNot(Contract):
    best: Recommendation | None
    """Of what is asked about; its rank is its place among `options`. None where
    nothing of it is an option.
    """
    options: Count
    """Each model on each GPU type once, with as many GPUs as score best."""
    considered: Count
    excluded: dict[str, Count]
    """Of the `considered` configurations of what is asked about, where none is an option."""
    if_wanted: Recommendation | None
    """Then: the first if it were what the person asks for, against wishes for other GPUs or models."""
    near_misses: list[NearMiss]
    """Then: what would admit it all the same."""
    several_servers: list[SeveralServers] = Field(default_factory=list)
    """Then: what of it is too large for any single server."""


@tool(reads=True)
def why_not(request: WhyNotRequest, database: Database) -> WhyNot:
    """Plan again, and find the place of what is asked about. Figures are those that
    the plan would show of it.
    """
    return place(request, database.curves, prices(database.settings.prices))


def place(
    request: WhyNotRequest, tables: Callable[[TrafficProfile], CurveTable], listed: Sequence[Price]
) -> WhyNot:
    """The same as a pure function of the tables by their profile and of prices."""
    asked = request.plan
    settling = begun(asked, tables(asked.benchmark_profile), listed)
    settling.settle(asked.limit, asked.view, asked.simulate)
    meant = np.ones(len(settling.table), dtype=bool)
    if request.gpu_types:
        meant &= settling.table.codes(request.gpu_types, "gpu_types") >= 0
    if request.model_ids:
        meant &= settling.table.codes(request.model_ids, "model_ids") >= 0
    while (found := settling.best_of(meant, asked.view)) is not None and settling.force(found):
        pass
    best = None if found is None else _best(settling, found, asked)
    narrowed = None if best else _narrowed(request, tables, listed)
    return WhyNot(
        best=best,
        options=len(settling.ranked(asked.view)),
        considered=int(meant.sum()),
        excluded={} if best else excluded(settling.sizing, meant),
        if_wanted=narrowed.recommendations[0] if narrowed and narrowed.recommendations else None,
        near_misses=narrowed.near_misses if narrowed and not narrowed.recommendations else [],
        several_servers=narrowed.several_servers if narrowed else [],
    )


def _best(settling: Settling, found: int, asked: PlanRequest) -> Recommendation:
    """With its place among all, and set against the first of them."""
    ranked = settling.ranked(asked.view)
    best, first = recommendations(settling, [found, ranked[0]])
    reasons = [
        held(best, asked.specification.slo_targets),
        f"costs {a_month(best.cost_usd_per_month)}" if best.cost_usd_per_month else best.price,
        *filter(None, [shortfall(best)]),
        f"against the first, {first.model_id} on {setup(first)}: {difference(best, first)}",
    ]
    return best.model_copy(update={"rank": ranked.index(found) + 1, "reasons": reasons})


def _narrowed(
    request: WhyNotRequest, tables: Callable[[TrafficProfile], CurveTable], listed: Sequence[Price]
) -> Plan:
    """The plan if what is asked about were what the person asks for."""
    wanted = {"preferred_gpu_types": request.gpu_types, "preferred_models": request.model_ids}
    change = SpecificationChange.model_validate({name: values for name, values in wanted.items() if values})
    narrowed = request.plan.under(change)
    return plan(narrowed, tables(narrowed.benchmark_profile), listed)
