"""What planning returns: recommendations, near misses, the plan. Costs in USD a month, rates in requests/s, latencies in ms."""

from __future__ import annotations

from tools.specification import Contract


class PredictedLatency(Contract):
    p50: float
    p95: float
    p99: float


class Predicted(Contract):
    """Of one replica at its share of the peak, in ms."""

    ttft_ms: PredictedLatency
    itl_ms: PredictedLatency
    e2e_ms: PredictedLatency


class Quality(Contract):
    """A published score in percent, or None with the reason."""

    score: float | None
    source: str


class Recommendation(Contract):
    rank: int
    model_id: str
    gpu_type: str
    gpu_count: int
    replicas: int
    cost_usd_per_month: float
    predicted: Predicted
    max_requests_per_second: float
    meets_slo: bool
    provenance: str
    price: str
    quality: Quality
    score: float
    reasons: list[str]


class NearMiss(Contract):
    """A configuration that a named relaxation would admit; `change` is that relaxation, ready to be applied."""

    model_id: str
    gpu_type: str
    gpu_count: int
    replicas: int
    cost_usd_per_month: float
    relaxation: str
    change: dict[str, float]
    stretch: float


class Plan(Contract):
    recommendations: list[Recommendation]
    near_misses: list[NearMiss]
    considered: int
    holding_slo: int
    excluded: dict[str, int]
    headroom: float
