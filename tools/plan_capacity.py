"""Tool: from a specification to ranked configurations, and to what almost fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from knowledge.catalogue import TrafficProfile
from knowledge.curves import CurveTable
from knowledge.database import Database
from knowledge.prices import Price, prices
from tools.contract import Contract
from tools.planning.defaults import costs_of_defaults, relaxed_defaults, relaxed_where_needed
from tools.planning.exclusions import excluded
from tools.planning.least_quality import why_weaker
from tools.planning.near_misses import near_misses
from tools.planning.plan import OVER_BUDGET, VIEWS, Plan, View
from tools.planning.ranking import Criteria
from tools.planning.reasons import with_reasons
from tools.planning.recommending import recommendations
from tools.planning.settling import Settling
from tools.planning.several_servers import several_servers
from tools.specification import Specification, SpecificationChange, change_specification
from tools.tool import tool
from tools.traffic import map_to_benchmark_profile

SIMULATED = 10
"""How many of the best are simulated at the peak while the person waits."""


class PlanRequest(Contract):
    specification: Specification
    benchmark_profile: TrafficProfile
    limit: int = Field(default=5, ge=1, le=10_000)
    view: View = "balanced"
    simulate: int = Field(default=SIMULATED, ge=0, le=1000)

    def under(self, change: SpecificationChange) -> PlanRequest:
        """The same of a changed specification; nothing of this one changes."""
        changed, profile = change_specification(self.specification, change), self.benchmark_profile
        if changed.traffic_profile != self.specification.traffic_profile:
            # What always thinks is planned with its thoughts.
            profile = map_to_benchmark_profile(changed.traffic_profile)
        return self.model_copy(update={"specification": changed, "benchmark_profile": profile})


@tool(reads=True)
def plan_capacity(request: PlanRequest, database: Database) -> Plan:
    """Rank what holds all three p95 targets at peak within the constraints, and name what nearly does.

    Replicas: the fewest that carry peak / (1 − headroom), split over them, within all targets: simulated for
    what is shown, by the benchmark table and the shipped p95s under bursts for the rest. Cost: see
    `pricing`. Ranking: see `ranking`.
    """
    return plan(request, database.curves(request.benchmark_profile), prices(database.settings.prices))


def begun(request: PlanRequest, table: CurveTable, listed: Sequence[Price]) -> Settling:
    """By estimate alone, until it settles."""
    simulating = request.simulate > 0
    return Settling.of(table, request.benchmark_profile, request.specification, listed, simulating)


def plan(request: PlanRequest, table: CurveTable, listed: Sequence[Price]) -> Plan:
    """The same as a pure function of a table and prices."""
    asked = begun(request, table, listed)
    settling = relaxed_where_needed(asked)
    specification = settling.specification
    shown = settling.settle(request.limit, request.view, request.simulate)
    criteria, sizing = settling.criteria(), settling.sizing
    views = _views(criteria, shown)
    left_out = excluded(sizing)
    sized = [sizing.sized.get(n) for n in shown]
    ends = {rank for rank, size in enumerate(sized, start=1) if size is not None and size.at_table_end}
    found = recommendations(settling, shown)
    weaker_first = why_weaker(found, specification.intent)
    targets = specification.slo_targets
    return Plan(
        recommendations=with_reasons(found, views, request.view, targets, criteria, ends, weaker_first),
        weaker_first=weaker_first,
        near_misses=near_misses(settling),
        views=views,
        view=request.view,
        benchmark_profile=request.benchmark_profile,
        considered=len(settling.table),
        holding_slo=int(np.count_nonzero(criteria.option)) + left_out.get(OVER_BUDGET, 0),
        excluded=left_out,
        several_servers=several_servers(specification),
        headroom=specification.headroom,
        made_for=None if settling is asked else specification,
        relaxed=relaxed_defaults(asked, settling),
        defaults_cost=costs_of_defaults(settling),
    )


def _views(criteria: Criteria, shown: list[int]) -> dict[View, list[int]]:
    rank_of = {n: rank for rank, n in enumerate(shown, start=1)}
    members = np.zeros(len(criteria.option), dtype=bool)
    members[shown] = True
    return {view: [rank_of[n] for n in criteria.leading(view, members, len(shown))] for view in VIEWS}
