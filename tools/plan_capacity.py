"""Tool: from a specification to ranked configurations, and to what almost fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from pydantic import Field

from knowledge.catalogue import METRICS, SloTargets, TrafficProfile, models
from knowledge.curves import CurveTable, Ints
from knowledge.database import Database
from knowledge.prices import Price, prices
from tools.contract import Contract
from tools.planning.exclusions import excluded
from tools.planning.memory import memory_of, requests_in_flight, served_context
from tools.planning.near_misses import near_misses
from tools.planning.plan import (
    VIEWS,
    Autoscaling,
    Plan,
    Predicted,
    PredictedLatency,
    Quality,
    Recommendation,
    View,
)
from tools.planning.planner import Planner
from tools.planning.pricing import HOURS_PER_MONTH, in_words
from tools.planning.provenance import estimate_error_of, provenance_of
from tools.planning.quality import (
    catalogued_quality,
    mode_in_words,
    mode_of,
    quality_against,
    quality_in_words,
)
from tools.planning.ranking import MARKS, Criteria, mark_of
from tools.specification import Specification
from tools.wording import setup

SIMULATED = 10
"""How many of the best are simulated at the peak while the person waits."""


class PlanRequest(Contract):
    specification: Specification
    benchmark_profile: TrafficProfile
    limit: int = Field(default=5, ge=1, le=10_000)
    view: View = "balanced"
    simulate: int = Field(default=SIMULATED, ge=0, le=1000)


def plan_capacity(request: PlanRequest, database: Database) -> Plan:
    """Rank what holds all three p95 targets at peak within the constraints, and name what nearly does.

    Replicas: the fewest that carry peak / (1 − headroom), split over them, within all targets: simulated for
    what is shown, by the benchmark table and the shipped p95s under bursts for the rest. Cost: see
    `pricing`. Ranking: see `ranking`.
    """
    return plan(request, database.curves(request.benchmark_profile), prices(database.settings.prices))


def plan(request: PlanRequest, table: CurveTable, listed: Sequence[Price]) -> Plan:
    """The same as a pure function of a table and prices."""
    planner = Planner(
        table, request.benchmark_profile, request.specification, listed, simulating=request.simulate > 0
    )
    shown = planner.settle(request.limit, request.view, request.simulate)
    criteria = planner.criteria()
    found = recommend(planner, shown)
    views = _views(criteria, shown)
    left_out = excluded(planner)
    ends = {
        rank
        for rank, n in enumerate(shown, start=1)
        if (sized := planner.sized.get(n)) is not None and sized.at_table_end
    }
    return Plan(
        recommendations=_with_reasons(found, views, request, criteria, ends),
        near_misses=near_misses(planner),
        views=views,
        view=request.view,
        benchmark_profile=request.benchmark_profile,
        considered=len(planner.table),
        holding_slo=int(np.count_nonzero(criteria.option)) + left_out.get("over budget", 0),
        excluded=left_out,
        headroom=request.specification.headroom,
    )


def recommend(planner: Planner, ranked: list[int]) -> list[Recommendation]:
    """Some options in words and figures, by rank; the reasons come with what they stand beside."""
    shown, criteria = np.array(ranked, dtype=np.int64), planner.criteria()
    replicas = planner.replicas[shown]
    least = planner.least_replicas(shown)
    costs, prices_ = planner.priced(shown, replicas)
    at_min, _ = planner.priced(shown, least)
    every = zip(shown.tolist(), replicas.astype(int).tolist(), least.astype(int).tolist(), strict=True)
    capacities = (replicas * planner.capacities.of(shown).of_one_of(replicas)).tolist()
    latencies = _read(planner, shown)
    found = []
    for k, (n, most, low) in enumerate(every):
        size = Autoscaled(most, low, capacities[k], costs[k], at_min[k], prices_[k])
        found.append(
            _recommendation(
                planner, n, size, latencies[k], k + 1, float(criteria.score[n]), criteria.undominated(n)
            )
        )
    return found


@dataclass(frozen=True)
class Autoscaled:
    """Replicas for the peak and for the trough, spare ones aside, with what they cost in USD a month."""

    replicas: int
    min_replicas: int
    capacity: float
    cost: float
    cost_at_min: float
    price: Price


def _recommendation(
    planner: Planner,
    n: int,
    size: Autoscaled,
    latencies: list[PredictedLatency],
    rank: int,
    score: float,
    undominated: bool,
) -> Recommendation:
    specification, sized, replicas, price = (
        planner.specification,
        planner.sized.get(n),
        size.replicas,
        size.price,
    )
    configuration = planner.configuration(n)
    served = (
        configuration.model_id,
        configuration.gpu_type,
        configuration.gpu_count,
        specification.traffic_profile,
    )
    in_flight = requests_in_flight(planner.peak / replicas, latencies[METRICS.index("e2e")].p95)
    model = models()[configuration.model_id]
    mode = mode_of(model, specification.thinking)
    first_answer = (
        latencies[0].p95 + specification.thinking_tokens * latencies[1].p95 if mode == "on" else None
    )
    return Recommendation(
        rank=rank,
        model_id=configuration.model_id,
        gpu_type=configuration.gpu_type,
        gpu_count=configuration.gpu_count,
        replicas=replicas + specification.spare_replicas,
        cost_usd_per_month=round(size.cost, 2),
        predicted=Predicted(**{f"{m}_ms": latency for m, latency in zip(METRICS, latencies, strict=True)}),
        max_requests_per_second=round(sized.max_requests_per_second if sized else size.capacity, 3),
        thinking=mode,
        thinking_in_words=mode_in_words(model.thinking, mode),
        first_answer_p95_ms=None if first_answer is None else round(first_answer, 1),
        meets_slo=all(
            latency.p95 <= target + 0.05
            for latency, target in zip(latencies, planner.targets_ms, strict=True)
        ),
        simulated=sized is not None,
        provenance=provenance_of(planner.table, n),
        estimate_error=estimate_error_of(planner.table, n),
        price=in_words(price),
        gpus_billed=round(size.cost / price.usd_per_gpu_hour / HOURS_PER_MONTH),
        quality=catalogued_quality(configuration.model_id, planner.use_case_id, mode),
        memory=memory_of(*served),
        context_tokens=served_context(*served, in_flight, specification.intent.min_context_tokens),
        autoscaling=Autoscaling(
            min_replicas=size.min_replicas + specification.spare_replicas,
            max_replicas=replicas + specification.spare_replicas,
            cost_at_min_usd_per_month=round(size.cost_at_min, 2),
        ),
        pareto=undominated,
        score=round(score, 2),
        reasons=[],
    )


def _read(planner: Planner, shown: Ints) -> list[list[PredictedLatency]]:
    """As simulated, or from the table at one replica's share of the peak."""
    table = planner.table.select(shown)
    rates = planner.peak / planner.replicas[shown]
    p50, p99 = table.curves.read(np.stack([table.p50_ms, table.p99_ms]), rates)
    p95 = planner.p95_ms[:, shown]
    found = []
    for k, n in enumerate(shown.tolist()):
        sized = planner.sized.get(n)
        from_table = zip(
            np.minimum(p50[:, k], p95[:, k]).tolist(),
            p95[:, k].tolist(),
            np.maximum(p99[:, k], p95[:, k]).tolist(),
            strict=True,
        )
        found.append([_latency(*each) for each in (sized.latencies if sized else from_table)])
    return found


def _latency(p50: float, p95: float, p99: float) -> PredictedLatency:
    low, high = (None if math.isnan(v) else round(v, 1) for v in (p50, p99))
    return PredictedLatency(p50=low, p95=round(p95, 1), p99=high)


def _views(criteria: Criteria, shown: list[int]) -> dict[View, list[int]]:
    rank_of = {n: rank for rank, n in enumerate(shown, start=1)}
    members = np.zeros(len(criteria.option), dtype=bool)
    members[shown] = True
    return {view: [rank_of[n] for n in criteria.leading(view, members, len(shown))] for view in VIEWS}


def _with_reasons(
    found: list[Recommendation],
    views: dict[View, list[int]],
    request: PlanRequest,
    criteria: Criteria,
    ends: set[int],
) -> list[Recommendation]:
    """What each is first in, what it holds, costs and is worth, and what it trades against the next."""
    lowest = float(criteria.cost_usd_per_month[criteria.option].min(initial=np.inf))
    targets = request.specification.slo_targets

    def reasons(o: Recommendation, following: Recommendation | None) -> list[str]:
        said = [", ".join(o.marks)] if o.marks else []
        said += [held(o, targets), _cost(o, lowest), _quality(o.quality)]
        if o.rank in ends:
            said.append(
                "its capacity is the highest load that was simulated, not a load at which a target breaks"
            )
        if following is not None:
            said.append(
                f"against option {following.rank}, {following.model_id} on {setup(following)}:"
                f" {difference(o, following)}"
            )
        return said

    def marked(o: Recommendation) -> Recommendation:
        marks = [mark_of(view, o) for view in MARKS if views[view][0] == o.rank]
        return o.model_copy(update={"marks": [mark for mark in marks if mark]})

    found = [marked(o) for o in found]
    return [o.model_copy(update={"reasons": reasons(o, n)}) for o, n in zip_longest(found, found[1:])]


def held(o: Recommendation, targets: SloTargets) -> str:
    p = o.predicted
    return (
        f"holds TTFT p95 {p.ttft_ms.p95:,.0f} of {targets.ttft_p95_ms:,.0f} ms, ITL {p.itl_ms.p95:,.1f} of"
        f" {targets.itl_p95_ms:,.0f} ms, E2E {p.e2e_ms.p95 / 1000:,.1f} of {targets.e2e_p95_ms / 1000:,.1f} s"
        + (
            f"; thinks first, so that its answer begins after {o.first_answer_p95_ms / 1000:,.1f} s"
            if o.first_answer_p95_ms
            else ""
        )
    )


def _cost(o: Recommendation, lowest: float) -> str:
    extra = o.cost_usd_per_month - lowest
    return (
        "costs the least of all that hold the targets"
        if extra < 0.01
        else f"costs ${extra:,.0f} a month more than the cheapest"
    )


def _quality(quality: Quality) -> str:
    """Ending with what it is made of, or why it isn't its own."""
    return f"{quality_in_words(quality)} ({quality.scores if quality.score is not None else quality.source})"


def difference(one: Recommendation, other: Recommendation) -> str:
    """Cost, E2E and quality of one against another."""
    cost = one.cost_usd_per_month - other.cost_usd_per_month
    e2e = one.predicted.e2e_ms.p95 - other.predicted.e2e_ms.p95
    said = [
        f"${abs(cost):,.0f} a month {'more' if cost > 0 else 'less'}" if abs(cost) >= 0.5 else "the same cost"
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
