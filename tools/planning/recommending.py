"""Options as they are shown: each configuration in figures and words, by rank."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from knowledge.catalogue import models
from knowledge.curves import Ints
from knowledge.thinking import mode_in_words
from tools.planning.least_quality import quality_for
from tools.planning.memory import memory_of, requests_at_once, requests_in_flight, served_context
from tools.planning.plan import Autoscaling, Predicted, PredictedLatency, Recommendation
from tools.planning.pricing import Bill
from tools.planning.provenance import estimate_error_of, provenance_of
from tools.planning.settling import Settling
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
    each = zip(shown.tolist(), _sizes(settling.sizing, shown), _read(settling.sizing, shown), strict=True)
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
        meets_slo=all(
            latency.p95 <= target + 0.05 for latency, target in zip(latencies, sizing.targets_ms, strict=True)
        ),
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


def _read(sizing: Sizing, shown: Ints) -> list[list[PredictedLatency]]:
    """As simulated, or from the table at one replica's share of the peak."""
    table = sizing.candidates.table.select(shown)
    rates = sizing.peak / sizing.replicas[shown]
    p50, p99 = table.curves.read(np.stack([table.p50_ms, table.p99_ms]), rates)
    p95 = sizing.p95_ms[:, shown]
    found = []
    for k, n in enumerate(shown.tolist()):
        sized = sizing.sized.get(n)
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
