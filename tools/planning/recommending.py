"""Options as they are shown: each configuration in figures and words, by rank."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from knowledge.catalogue import METRICS, models
from knowledge.curves import Ints
from knowledge.thinking import mode_in_words
from tools.planning.least_quality import quality_for
from tools.planning.memory import memory_of, requests_at_once, requests_in_flight, served_context
from tools.planning.plan import Autoscaling, Predicted, PredictedLatency, Recommendation
from tools.planning.pricing import Bill
from tools.planning.provenance import estimate_error_of, provenance_of
from tools.planning.settling import Settling
from tools.planning.simulation import Latency
from tools.planning.sizing import Sizing


@dataclass(frozen=True)
class _Size:
    """Replicas for the peak and for the trough, spare ones aside, with what they carry (requests/s) and cost
    (USD a month).
    """

    replicas: int
    min_replicas: int
    capacity: float
    bill: Bill
    cost_at_min: float


def recommendations(settling: Settling, ranked: list[int]) -> list[Recommendation]:
    """Some options, the first of them as the first; the reasons come with what they stand beside."""
    shown = np.array(ranked, dtype=np.int64)
    each = zip(shown.tolist(), _sizes(settling.sizing, shown), _read(settling, shown), strict=True)
    return [
        _recommendation(settling, n, rank, size, latencies)
        for rank, (n, size, latencies) in enumerate(each, start=1)
    ]


def _sizes(sizing: Sizing, shown: Ints) -> list[_Size]:
    replicas, least = sizing.replicas[shown], sizing.least_replicas(shown)
    bills = sizing.bills(shown, replicas)
    at_min = [bill.usd_per_month for bill in sizing.bills(shown, least)]
    capacities = (replicas * sizing.capacities.of(shown).of_one_of(replicas)).tolist()
    for k, n in enumerate(shown.tolist()):
        sized = sizing.sized.get(n)
        capacities[k] = sized.max_requests_per_second if sized else capacities[k]
    most, low = replicas.astype(int).tolist(), least.astype(int).tolist()
    return [_Size(*each) for each in zip(most, low, capacities, bills, at_min, strict=True)]


def _recommendation(
    settling: Settling, n: int, rank: int, size: _Size, latencies: list[PredictedLatency]
) -> Recommendation:
    specification, sizing, criteria = settling.specification, settling.sizing, settling.criteria()
    it, spare = settling.candidates.configuration(n), specification.spare_replicas
    served = (it.model_id, it.gpu_type, it.gpu_count, specification.traffic_profile)
    ttft, itl, e2e = latencies
    in_flight = requests_in_flight(sizing.peak / size.replicas, e2e.p95)
    longest = specification.longest.served
    context = served_context(*served, in_flight, longest)
    thinking = models()[it.model_id].thinking
    mode = models()[it.model_id].mode(specification.thinking)
    first_answer = ttft.p95 + specification.thinking_tokens * itl.p95
    return Recommendation(
        rank=rank,
        model_id=it.model_id,
        gpu_type=it.gpu_type,
        gpu_count=it.gpu_count,
        replicas=size.replicas + spare,
        cost_usd_per_month=round(size.bill.usd_per_month, 2),
        predicted=Predicted(ttft_ms=ttft, itl_ms=itl, e2e_ms=e2e),
        max_requests_per_second=round(size.capacity, 3),
        thinking=mode,
        thinking_in_words=mode_in_words(thinking, mode),
        first_answer_p95_ms=round(first_answer, 1) if mode == "on" else None,
        meets_slo=bool(np.all(sizing.judged_ms[:, n] <= sizing.targets_ms + 0.05)),
        simulated=sizing.sized.get(n) is not None,
        provenance=provenance_of(settling.table, n),
        estimate_error=estimate_error_of(settling.table, n),
        price=size.bill.price,
        gpus_billed=size.bill.gpus,
        own_hardware=size.bill.own_hardware,
        quality=quality_for(it.model_id, specification),
        memory=memory_of(*served, longest),
        context_tokens=context,
        context_at_once=requests_at_once(it.model_id, it.gpu_type, it.gpu_count, context),
        autoscaling=Autoscaling(
            min_replicas=size.min_replicas + spare,
            max_replicas=size.replicas + spare,
            cost_at_min_usd_per_month=round(size.cost_at_min, 2),
        ),
        pareto=criteria.undominated(n),
        score=round(float(criteria.score[n]), 2),
        reasons=[],
    )


def _read(settling: Settling, shown: Ints) -> list[list[PredictedLatency]]:
    """As simulated, or from the table at one replica's share of the peak."""
    sizing, table = settling.sizing, settling.table.select(shown)
    rates = sizing.peak / sizing.replicas[shown]
    p50, p99 = table.curves.read(np.stack([table.p50_ms, table.p99_ms]), rates)
    of_judged = [settling.candidates.judging.statistic(metric) for metric in METRICS]
    p95 = sizing.candidates.estimates.p95_at(rates, sizing.replicas[shown], shown)
    found = []
    for k, n in enumerate(shown.tolist()):
        sized = sizing.sized.get(n)
        if sized:
            found.append([predicted_latency(latency) for latency in sized.latencies])
            continue
        each = []
        for m, statistic in enumerate(of_judged):
            figures = {"p50": min(p50[m, k], p95[m, k]), "p95": p95[m, k], "p99": max(p99[m, k], p95[m, k])}
            figures |= {statistic: sizing.judged_ms[m, n]} if statistic else {}
            each.append(PredictedLatency.model_validate(rounded(figures)))
        found.append(each)
    return found


def predicted_latency(seen: Latency) -> PredictedLatency:
    return PredictedLatency.model_validate(rounded(seen._asdict()))


def rounded(figures: Mapping[str, float]) -> dict[str, float | None]:
    """To a tenth of a ms; None for what isn't known."""
    return {name: None if math.isnan(ms) else round(float(ms), 1) for name, ms in figures.items()}
