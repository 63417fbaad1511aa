"""What planning returns: recommendations, near misses, the plan. Costs in USD a month,
rates in requests/s, latencies in ms.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from knowledge.catalogue import Metric, Statistic, TrafficProfile
from knowledge.thinking import ThinkingMode
from tools.contract import Contract
from tools.specification import Specification, SpecificationChange

AtLeastOne = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Who sends a plan back to us can't have it divide by nothing."""
View = Literal["balanced", "lowest_cost", "lowest_latency", "best_quality", "simplest"]
VIEWS: tuple[View, ...] = ("balanced", "lowest_cost", "lowest_latency", "best_quality", "simplest")
Offer = Literal["cheaper, weaker", "weaker", "cheaper, quality unknown", "quality unknown"]
"""Cheaper than the first option of enough quality; see `least_quality`."""
WeakerFirst = Literal["named", "cost", "none enough"]
"""Why models of too little or unknown quality may come first: the person named models, wants low cost above
all, or no other is an option.
"""
VIEW_NAMES: dict[View, str] = {
    "balanced": "Balanced",
    "lowest_cost": "Lowest cost",
    "lowest_latency": "Lowest latency",
    "best_quality": "Best quality",
    "simplest": "Fewest GPUs",
}


def ranked_by(view: View) -> str:
    """How the options stand, in words."""
    if view == "balanced":
        return "Ranked by what matters to you"
    return f"Ranked by {VIEW_NAMES[view][0].lower()}{VIEW_NAMES[view][1:]}"


THE_ROOFLINE = "the roofline"


class PredictedLatency(Contract):
    """p50 and p99 are None where a measurement doesn't state them; mean and p90 where it wasn't simulated for
    this plan and nobody asked for them.
    """

    p50: Amount | None
    p95: Amount
    p99: Amount | None
    mean: Amount | None = None
    p90: Amount | None = None

    def at(self, statistic: Statistic) -> float | None:
        found: float | None = getattr(self, statistic)
        return found


class Predicted(Contract):
    """Of one replica at its share of the peak, in ms."""

    ttft_ms: PredictedLatency
    itl_ms: PredictedLatency
    e2e_ms: PredictedLatency

    def of(self, metric: Metric) -> PredictedLatency:
        found: PredictedLatency = getattr(self, f"{metric}_ms")
        return found


class Quality(Contract):
    """A mean of published scores in percent with what it is made of, or None with
    the reason as its source.
    """

    score: Amount | None
    base_score: Amount | None
    """Of the checkpoint that this one was quantised from, where its own is unknown."""
    scores: str
    source: str
    least: Amount | None = None
    """What is asked for at least, by the person or else by the use case, in the same mode; None in plans from
    before there was such a figure.
    """

    @property
    def known(self) -> float | None:
        """Its own, else the base's."""
        return self.base_score if self.score is None else self.score

    @property
    def enough(self) -> bool:
        """Known to be no less than what is asked for."""
        return self.least is None or (self.known is not None and self.known >= self.least)


class EstimateError(Contract):
    """Relative errors of such estimates on measured runs that nothing was fitted on: half
    of them, and nine in ten, are within.
    """

    steps: str
    itl_median: Amount
    itl_p90: Amount
    ttft_median: Amount
    ttft_p90: Amount
    measured_on: str | None
    """The GPU types that the runs were on, where this one is not among them."""

    def __str__(self) -> str:
        where = f" on {self.measured_on}; nothing was measured on this GPU type" if self.measured_on else ""
        return (
            f"Estimates from {self.steps} were off by {self.itl_median:.0%} for ITL and"
            f" {self.ttft_median:.0%} for TTFT (medians; nine in ten within {self.itl_p90:.0%} and"
            f" {self.ttft_p90:.0%}) on unseen public runs{where}."
        )


class Memory(Contract):
    """`usable_gib` = weights + activations + non-torch + KV cache; sequences are of
    the traffic profile's length.
    """

    usable_gib: Amount
    weights_gib: Amount
    activations_gib: Amount
    non_torch_gib: Amount
    kv_cache_gib: Amount
    kv_kib_per_token: Amount
    max_sequences: Count
    max_context_tokens: Count
    longest_tokens: AtLeastOne | None = None
    """Of the longest request that must be possible, as far as the model's own context goes; None in plans
    from before it was told.
    """
    longest_at_once: Count | None = None
    """Requests of that length at once."""

    @property
    def room(self) -> str:
        """What one replica holds at once, in words."""
        longest, at_once = self.longest_tokens, self.longest_at_once
        told = longest and at_once != self.max_sequences
        between = f", {at_once:,} of {longest:,} tokens, which must be possible," if told else ","
        return (
            f"{self.max_sequences:,} such requests at once{between} or one of up to"
            f" {self.max_context_tokens:,} tokens"
        )

    def __str__(self) -> str:
        spent = (
            f"{self.weights_gib:,.1f} hold weights, {self.activations_gib:,.1f} activations,"
            f" {self.non_torch_gib:,.1f} drivers and communication, and {self.kv_cache_gib:,.1f} the KV cache"
            f" ({self.kv_kib_per_token:,.0f} KiB a token)"
        )
        return f"of {self.usable_gib:,.0f} GiB that vLLM may use, {spent}: {self.room}"


class Autoscaling(Contract):
    """`min_replicas` hold the highest minute of the quietest hour, since others take
    longer than a minute to start.
    """

    min_replicas: AtLeastOne
    max_replicas: AtLeastOne
    cost_at_min_usd_per_month: Amount


class Recommendation(Contract):
    rank: AtLeastOne
    model_id: str
    gpu_type: str
    gpu_count: AtLeastOne
    replicas: AtLeastOne
    """Spare ones included."""
    cost_usd_per_month: Amount
    predicted: Predicted
    max_requests_per_second: Amount
    """Of all replicas but the spare ones, without headroom."""
    thinking: ThinkingMode | None = None
    """The mode that it is served in, to which its quality belongs; None where it isn't
    known whether the model thinks.
    """
    thinking_in_words: str = ""
    first_answer_p95_ms: Amount | None = None
    """Where it thinks first: TTFT p95, and all tokens of its thoughts at ITL p95."""
    meets_slo: bool
    simulated: bool
    """Sized by simulating this configuration at its share of the peak; otherwise by
    interpolation in the benchmark table.
    """
    provenance: str
    estimate_error: EstimateError | None
    """How far such estimates were off; None for measurements."""
    price: str
    gpus_billed: Count
    own_hardware: bool = False
    """It stands on servers that the person has; they cost what the person says, which may be nothing."""
    quality: Quality
    memory: Memory
    context_tokens: AtLeastOne | None = None
    """Of the longest request, prompt and answer together, that is served
    (--max-model-len); None in plans from before it was told.
    """
    context_at_once: Count | None = None
    """Requests of that length that one replica holds at once."""
    autoscaling: Autoscaling
    pareto: bool
    """No other option is at least as good in cost, latency and quality and better in one of them."""
    score: Annotated[float, Field(allow_inf_nan=False)]
    marks: list[str] = Field(default_factory=list)
    """What it is first in among the options: cheapest, fastest, best quality, fewest GPUs; see `ranking`."""
    offered_as: Offer | None = None
    """What must be said beside it, where its quality is not known to be enough."""
    reasons: list[str]
    """Of the first option one sentence: what it comes before, and by what."""
    notes: list[str] = Field(default_factory=list)
    """Of the first option what it holds and is worth; of any what its figures don't say by themselves."""

    @property
    def by_roofline(self) -> bool:
        """Its figures are estimates without a kernel measured: about twice as far off as others."""
        return self.estimate_error is not None and self.estimate_error.steps == THE_ROOFLINE


class NearMiss(Contract):
    """A configuration that a named relaxation would admit; `change` is that
    relaxation, ready to be applied.
    """

    model_id: str
    gpu_type: str
    gpu_count: AtLeastOne
    replicas: AtLeastOne
    cost_usd_per_month: Amount
    relaxation: str
    change: SpecificationChange
    stretch: Amount | None
    """How many times as loose the loosest changed figure is; None where the change is no figure."""
    offered_as: Offer | None = None


class LooserDefault(Contract):
    """A target that is the use case's default, and nobody's wish, and what a looser one would give."""

    metric: Metric
    default_ms: Amount
    looser_ms: Amount
    saves_usd_per_month: Amount = 0.0
    saves_gpus: Count = 0
    """Where they are one's own and have no price."""


class SeveralServers(Contract):
    """A model that no single server of a GPU type holds. It would be tensor parallel within each and
    pipeline parallel across them; nothing that spans servers can be rendered yet.
    """

    model_id: str
    gpu_type: str
    servers: AtLeastOne
    gpus_per_server: AtLeastOne
    tokens: AtLeastOne
    """Of the longest request that must be possible, which they hold beside the weights."""
    servers_there: Count | None = None
    """That somebody owns; None where any number may be rented."""


OVER_BUDGET = "over budget"
"""Why what holds all targets is left out of a plan with a budget."""


class Plan(Contract):
    recommendations: list[Recommendation]
    near_misses: list[NearMiss]
    views: dict[View, list[AtLeastOne]]
    """Ranks of the recommendations in the order of each view."""
    view: View
    """The view that `rank` follows."""
    weaker_first: WeakerFirst | None = None
    """Why the order of the balanced view doesn't heed the least quality; None where it does."""
    benchmark_profile: TrafficProfile
    considered: Count
    """Configurations of suitable models with benchmarks for this traffic."""
    holding_slo: Count
    """Those that hold all targets within every constraint but the budget."""
    excluded: dict[str, Count]
    several_servers: list[SeveralServers] = Field(default_factory=list)
    """What none of the `considered` is: models too large for any single server of a GPU type."""
    headroom: Amount
    made_for: Specification | None = None
    """What it was made for, where that isn't what was asked: with looser defaults, see `relaxed`."""
    relaxed: list[LooserDefault] = Field(default_factory=list)
    defaults_cost: list[LooserDefault] = Field(default_factory=list)
    """What each target that nobody asked for costs."""


def holding_in_words(plan: Plan) -> str:
    """How many configurations hold the targets, and how many of them a budget leaves out."""
    text = f"{plan.holding_slo:,} of {plan.considered:,} configurations hold all targets"
    over = plan.excluded.get(OVER_BUDGET, 0)
    share = "all" if over == plan.holding_slo else f"{over:,}"
    return f"{text}, {share} of them over budget" if over else text
