"""Tool: from demand and candidates to ranked configurations, and to what almost fits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from pydantic import Field

from knowledge.catalogue import Price, SloTargets, TrafficProfile, cheapest_price, models, use_cases
from knowledge.database import Database
from tools.candidates import candidate_gpu_types
from tools.curve import METRICS, Curve, Metric, target_of
from tools.memory import memory_of
from tools.provenance import estimate_error_of, provenance_of
from tools.quality import quality_of
from tools.query_benchmarks import load_curves
from tools.ranking import mark_extremes, pick, rank
from tools.recommendation import NearMiss, Plan, Predicted, PredictedLatency, Recommendation
from tools.specification import Contract, Specification

HOURS_PER_MONTH = 730
"""8,760 hours a year over 12 months."""
HEADROOM = 0.2
"""Share of each replica's capacity kept free at peak."""
MAX_GPUS = 10_000
"""Nobody rents more for one endpoint; beyond, an option is dropped with this reason."""
FARTHEST_MISS = 10.0
"""A target that would have to grow more than this many times is no near miss."""
NEAR_IDLE = 1.05
"""A relaxed target's distance from an idle replica's p95: closer, and each replica could take next to nothing."""
SAME_MODEL = 2
LABEL = {"ttft": "TTFT", "itl": "ITL", "e2e": "E2E"}


class PlanRequest(Contract):
    specification: Specification
    benchmark_profile: TrafficProfile
    model_ids: list[str]
    limit: int = Field(default=5, ge=1, le=50)


def plan_capacity(request: PlanRequest, database: Database) -> Plan:
    """Rank what holds all three p95 targets at peak within the constraints, and name what nearly does.

    Replicas: the least R with peak / R at most (1 - headroom) of one replica's capacity on its curve.
    Cost: GPUs x the lowest listed USD per GPU-hour x 730 hours.
    """
    specification = request.specification
    intent = specification.intent
    use_case = use_cases()[str(intent.use_case)]
    curves = load_curves(database, request.benchmark_profile, request.model_ids, candidate_gpu_types(specification))

    options: list[Recommendation] = []
    misses: list[NearMiss] = []
    excluded: Counter[str] = Counter()
    for curve in curves:
        price = cheapest_price(curve.gpu_type, database.settings.prices)
        if price is None:
            excluded[f"no price listed for {curve.gpu_type} (yours: COMPASS_PRICES)"] += 1
            continue
        option = _option(curve, specification, specification.slo_targets, price)
        if option is None:
            failing = curve.failing(specification.slo_targets)
            excluded[" and ".join(f"{LABEL[m]} p95 above target" for m in failing)] += 1
            misses.extend(_relaxed(curve, specification, failing, price))
        elif option.gpu_count * option.replicas > MAX_GPUS:
            excluded[f"more than {MAX_GPUS:,} GPUs needed"] += 1
        elif intent.budget_usd_per_month is not None and option.cost_usd_per_month > intent.budget_usd_per_month:
            excluded["over budget"] += 1
            misses.append(_over_budget(option, intent.budget_usd_per_month))
        else:
            options.append(option)

    ranked = rank(options, intent.priorities, specification.slo_targets, use_case)
    shown = _with_extremes(_best_count(ranked), ranked, request.limit)
    cheapest = min((o.cost_usd_per_month for o in options), default=math.inf)
    useful = [m for m in misses if m.cost_usd_per_month < cheapest]
    return Plan(
        recommendations=mark_extremes(shown),
        near_misses=_closest(useful),
        considered=len(curves),
        holding_slo=len(options) + excluded["over budget"],
        excluded=dict(excluded.most_common()),
        headroom=HEADROOM,
    )


def _option(curve: Curve, specification: Specification, targets: SloTargets, price: Price) -> Recommendation | None:
    """The configuration sized for the peak, or None if the targets fail even on an idle replica."""
    capacity = curve.capacity(targets)
    if capacity <= 0:
        return None
    peak = specification.demand.peak_requests_per_second
    # The tiny allowance keeps a peak of exactly R replicas' worth from costing R + 1 through rounding of floats.
    replicas = max(1, math.ceil(peak / (capacity * (1 - HEADROOM)) - 1e-9))
    rate = peak / replicas
    predicted = {f"{m}_ms": _predicted(curve, m, rate) for m in METRICS}
    return Recommendation(
        rank=0,
        model_id=curve.model_id,
        gpu_type=curve.gpu_type,
        gpu_count=curve.gpu_count,
        replicas=replicas,
        cost_usd_per_month=round(curve.gpu_count * replicas * price.usd_per_gpu_hour * HOURS_PER_MONTH, 2),
        predicted=Predicted(**predicted),
        max_requests_per_second=round(replicas * capacity, 3),
        meets_slo=all(predicted[f"{m}_ms"].p95 <= target_of(targets, m) for m in METRICS),
        provenance=provenance_of(curve),
        estimate_error=estimate_error_of(curve),
        price=_priced(price),
        quality=quality_of(models()[curve.model_id], use_cases()[str(specification.intent.use_case)]),
        memory=memory_of(curve.model_id, curve.gpu_type, curve.gpu_count, specification.traffic_profile),
        score=0.0,
        reasons=[],
    )


def _priced(price: Price) -> str:
    doubt = "estimated by its source, " if "ESTIMATED" in price.source else ""
    return f"{price.usd_per_gpu_hour:g} USD per GPU-hour, {doubt}{price.provider} {price.region}, {price.effective_date}"


def _predicted(curve: Curve, metric: Metric, rate: float) -> PredictedLatency:
    return PredictedLatency(
        p50=_rounded(curve.latency(metric, "p50", rate)),
        p95=round(curve.p95(metric, rate), 1),
        p99=_rounded(curve.latency(metric, "p99", rate)),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _relaxed(curve: Curve, specification: Specification, failing: list[Metric], price: Price) -> Iterable[NearMiss]:
    """The loosening of the failing targets to little above what an idle replica needs, recomputed with these targets."""
    needed = {m: _round_up(curve.p95(m, curve.lowest_rate) * NEAR_IDLE) for m in failing}
    stretch = max(v / target_of(specification.slo_targets, m) for m, v in needed.items())
    if stretch > FARTHEST_MISS:
        return
    targets = SloTargets.model_validate(specification.slo_targets.model_dump() | {f"{m}_p95_ms": v for m, v in needed.items()})
    option = _option(curve, specification, targets, price)
    if option is None or option.gpu_count * option.replicas > MAX_GPUS:
        return
    changes = [f"{LABEL[m]} p95 {_time(v)} instead of {_time(target_of(specification.slo_targets, m))}" for m, v in needed.items()]
    budget = specification.intent.budget_usd_per_month
    if budget is not None and option.cost_usd_per_month > budget:
        return
    yield NearMiss(
        model_id=curve.model_id,
        gpu_type=curve.gpu_type,
        gpu_count=curve.gpu_count,
        replicas=option.replicas,
        cost_usd_per_month=option.cost_usd_per_month,
        relaxation=" and ".join(changes),
        change={f"{m}_p95_ms": v for m, v in needed.items()},
        stretch=stretch,
    )


def _round_up(value: float) -> float:
    """To two significant digits, upwards: a target that a person would write."""
    digits = 1 - math.floor(math.log10(value))
    step = 10.0**-digits
    return round(math.ceil(value / step - 1e-9) * step, max(0, digits))


def _time(ms: float) -> str:
    return f"{ms:g} ms" if ms < 1000 else f"{ms / 1000:g} s"


def _over_budget(option: Recommendation, budget: float) -> NearMiss:
    needed = float(math.ceil(option.cost_usd_per_month))
    return NearMiss(
        model_id=option.model_id,
        gpu_type=option.gpu_type,
        gpu_count=option.gpu_count,
        replicas=option.replicas,
        cost_usd_per_month=option.cost_usd_per_month,
        relaxation=f"a budget of ${needed:,.0f} a month instead of ${budget:,.0f}",
        change={"budget_usd_per_month": needed},
        stretch=needed / budget,
    )


def _best_count(ranked: list[Recommendation]) -> list[Recommendation]:
    """Of several GPU counts for a model on a GPU type, the best-ranked one."""
    best: dict[tuple[str, str], Recommendation] = {}
    for option in ranked:
        best.setdefault((option.model_id, option.gpu_type), option)
    return list(best.values())


def _with_extremes(best: list[Recommendation], ranked: list[Recommendation], limit: int) -> list[Recommendation]:
    """The first `limit`, and always the cheapest of all and the fastest at each one's best count, since people ask for them by name.

    The fastest of all would nearly always be the most GPUs that a model can be split over, at many times the cost.
    """
    if not ranked:
        return []
    extremes = {pick(ranked, "cheapest").rank, pick(best, "fastest").rank}
    wanted = {o.rank for o in _varied(best)[:limit]} | extremes
    return [o.model_copy(update={"rank": n}) for n, o in enumerate((o for o in ranked if o.rank in wanted), start=1)]


def _varied(best: list[Recommendation]) -> list[Recommendation]:
    """At most SAME_MODEL options of each model first: a list of one model on every GPU type is no choice."""
    seen: Counter[str] = Counter()
    first: list[Recommendation] = []
    rest: list[Recommendation] = []
    for option in best:
        seen[option.model_id] += 1
        (first if seen[option.model_id] <= SAME_MODEL else rest).append(option)
    return first + rest


def _closest(misses: list[NearMiss], limit: int = 3) -> list[NearMiss]:
    """The smallest relaxations first, one for each GPU type."""
    nearest: dict[str, NearMiss] = {}
    for miss in sorted(misses, key=lambda m: (m.stretch, m.cost_usd_per_month, m.model_id, m.gpu_count)):
        nearest.setdefault(miss.gpu_type, miss)
    return list(nearest.values())[:limit]
