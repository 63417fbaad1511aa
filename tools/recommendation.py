"""What planning returns: recommendations, near misses, the plan. Costs in USD a month, rates in requests/s, latencies in ms."""

from __future__ import annotations

from tools.memory import Memory
from tools.specification import Contract


class PredictedLatency(Contract):
    """p50 and p99 are None where a measurement doesn't state them."""

    p50: float | None
    p95: float
    p99: float | None


class Predicted(Contract):
    """Of one replica at its share of the peak, in ms."""

    ttft_ms: PredictedLatency
    itl_ms: PredictedLatency
    e2e_ms: PredictedLatency


class Quality(Contract):
    """A mean of published scores in percent with what it is made of, or None with the reason as its source."""

    score: float | None
    base_score: float | None
    """Of the checkpoint that this one was quantised from, where its own is unknown."""
    scores: str
    source: str


class EstimateError(Contract):
    """Relative errors of such estimates on measured runs that nothing was fitted on: half of them, and nine in ten, are within."""

    steps: str
    itl_median: float
    itl_p90: float
    ttft_median: float
    ttft_p90: float
    measured_on: str | None
    """The GPU types that the runs were on, where this one is not among them."""

    def __str__(self) -> str:
        where = f" on {self.measured_on}; nothing was measured on this GPU type" if self.measured_on else ""
        return (
            f"Estimates from {self.steps} were off by {self.itl_median:.0%} for ITL and {self.ttft_median:.0%} for TTFT (medians;"
            f" nine in ten within {self.itl_p90:.0%} and {self.ttft_p90:.0%}) on unseen public runs{where}."
        )


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
    estimate_error: EstimateError | None
    """How far such estimates were off; None for measurements."""
    price: str
    quality: Quality
    memory: Memory
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
