"""What so many replicas of a configuration carry at most: a plan's own simulation, asked the other way round.

    requests/s = (1 − headroom) x the highest rate at which the replicas hold all p95 targets
    users      = requests/s x 60 / (active share x requests per active user and minute x peak factor)
    in flight  = requests/s x mean time that a request takes (Little's law)

So a plan's own option carries at least the peak that it was made for, more replicas never carry less, and a
tighter target never raises it.
"""

from __future__ import annotations

import math

import numpy as np
from pydantic import Field

from knowledge.catalogue import METRICS, Metric, Statistic, gpus, models
from knowledge.curves import Floats
from knowledge.estimator.memory import plan_memory
from tools.contract import Contract
from tools.planning.constraints import published_quality
from tools.planning.plan import Amount, AtLeastOne, Count, EstimateError, Predicted, PredictedLatency
from tools.planning.provenance import estimate_error_of, provenance_of
from tools.planning.recommending import predicted_latency, rounded
from tools.planning.simulation import mean_in_flight, saturation
from tools.planning.sizing import Sizing, Trial
from tools.specification import Demand


class Breach(Contract):
    """The target that breaks first: where all hold still one step of the grid below `at`."""

    metric: Metric
    at_requests_per_second: Amount
    """Of all replicas, without headroom."""
    statistic: Statistic | None
    """The only one that the metric has a target for; None for several, of which the first is told."""
    seen_ms: Amount
    target_ms: Amount


class Carried(Contract):
    """Replicas of one configuration and what they carry, headroom kept free unless said otherwise."""

    model_id: str
    gpu_type: str
    gpu_count: AtLeastOne
    """GPUs of one replica: its tensor parallel size."""
    replicas: AtLeastOne
    """Those that serve; spare ones come on top."""
    spare_replicas: Count
    gpus_left: Count
    """Of the hardware, of this type, that no replica uses."""
    requests_per_second: Amount
    most_requests_per_second: Amount
    """Without headroom."""
    without_targets_requests_per_second: Amount
    """Of all replicas with more to do all the time, whatever the latency; without headroom."""
    users: Count
    output_tokens_per_second: Amount
    requests_in_flight: Amount
    predicted: Predicted | None
    """Of one replica at that rate; None where it holds the targets at none."""
    breaks_first: Breach | None
    """None where it holds them at every rate that is known of it: it can't serve more, or nobody knows."""
    enough: bool
    """Whether it carries the peak that was asked for."""
    context_tokens: AtLeastOne
    at_once_per_replica: Count
    """Requests of `context_tokens` each that the KV cache of a replica holds at a time, at most its seats."""
    at_once: Count
    """Of all replicas that serve."""
    quality: Amount | None
    provenance: str
    estimate_error: EstimateError | None


class Asked(Contract):
    """What a capacity is asked for under: of a specification, that which its figures follow from."""

    requests_per_second: Amount
    users: Count
    """That this rate makes."""
    headroom: Amount
    prompt_tokens: Count
    output_tokens: Count
    requests_per_user_per_second: Amount = Field(description="At peak, of every user, active or not")


def asked_of(sizing: Sizing) -> Asked:
    specification = sizing.specification
    return Asked(
        requests_per_second=round(sizing.peak, 6),
        users=users_of(sizing.peak, specification.demand),
        headroom=specification.headroom,
        prompt_tokens=specification.traffic_profile.prompt_tokens,
        output_tokens=specification.traffic_profile.output_tokens,
        requests_per_user_per_second=per_user(specification.demand),
    )


def per_user(demand: Demand) -> float:
    """Requests per second at peak that each user makes."""
    return demand.active_fraction * demand.requests_per_active_user_per_minute / 60 * demand.peak_factor


def users_of(requests_per_second: float, demand: Demand) -> int:
    return math.floor(requests_per_second / per_user(demand) + 1e-6)


def hopeful(sizing: Sizing, n: int, replicas: int) -> float:
    """More than so many replicas carry by any simulation, in requests/s and without one."""
    optimism = sizing.optimism if sizing.candidates.table.estimated[n] else 1.0
    return sizing.capacities.believed(n, replicas) * replicas * optimism


def carried(sizing: Sizing, n: int, replicas: int, gpus_left: int) -> Carried:
    """What so many serving replicas of the `n`-th candidate carry."""
    specification, it = sizing.specification, sizing.candidates.configuration(n)
    trial = sizing.under(sizing.targets_ms, n)
    most, of = trial.most(replicas)
    free = (1 - specification.headroom) * most
    tokens = specification.longest.tokens
    memory = plan_memory(models()[it.model_id], gpus()[it.gpu_type], it.gpu_count, tokens)
    at_once = memory.max_sequences if tokens <= memory.max_context_tokens else 0
    return Carried(
        model_id=it.model_id,
        gpu_type=it.gpu_type,
        gpu_count=it.gpu_count,
        replicas=replicas,
        spare_replicas=specification.spare_replicas,
        gpus_left=gpus_left,
        requests_per_second=round(free, 4),
        most_requests_per_second=round(most, 4),
        without_targets_requests_per_second=round(max(most, saturation_of(sizing, n) * replicas), 4),
        users=users_of(free, specification.demand),
        output_tokens_per_second=round(free * specification.traffic_profile.output_tokens, 1),
        requests_in_flight=round(_in_flight(sizing, n, free / replicas, replicas) * replicas, 1),
        predicted=predicted(sizing, n, free / replicas, replicas) if free else None,
        breaks_first=_breach(sizing, trial, n, of),
        enough=free >= sizing.peak * (1 - 1e-6),
        context_tokens=tokens,
        at_once_per_replica=at_once,
        at_once=at_once * replicas,
        quality=quality_of(sizing, n),
        provenance=provenance_of(sizing.candidates.table, n),
        estimate_error=estimate_error_of(sizing.candidates.table, n),
    )


def predicted(sizing: Sizing, n: int, rate: float, replicas: int) -> Predicted:
    """Latencies of one of so many replicas at its rate, which it carries."""
    trial = sizing.under(sizing.targets_ms, n)
    if trial.simulation is not None:
        seen = trial.simulation.at(rate, trial.burstiness_of_one_of(replicas))
        each = [predicted_latency(one) for one in seen]
    else:
        some, rates = np.array([n]), np.array([rate])
        p95 = sizing.candidates.estimates.p95_at(rates, np.array([float(replicas)]), some)[:, 0]
        table = sizing.candidates.table.select(some)
        p50, p99 = table.curves.read(np.stack([table.p50_ms, table.p99_ms]), rates)[..., 0]
        each = [_latency(*one) for one in zip(p50.tolist(), p95.tolist(), p99.tolist(), strict=True)]
    ttft, itl, e2e = each
    return Predicted(ttft_ms=ttft, itl_ms=itl, e2e_ms=e2e)


def _latency(p50: float, p95: float, p99: float) -> PredictedLatency:
    return PredictedLatency.model_validate(rounded({"p50": min(p50, p95), "p95": p95, "p99": max(p99, p95)}))


def _in_flight(sizing: Sizing, n: int, rate: float, replicas: int) -> float:
    """Requests in one replica; by the median where only a table knows of it."""
    if not rate:
        return 0.0
    trial = sizing.under(sizing.targets_ms, n)
    if trial.simulation is not None:
        return mean_in_flight(sizing.candidates.configuration(n), rate, trial.burstiness_of_one_of(replicas))
    e2e = predicted(sizing, n, rate, replicas).e2e_ms
    return rate * (e2e.p95 if e2e.p50 is None else e2e.p50) / 1000


def _breach(sizing: Sizing, trial: Trial, n: int, replicas: int) -> Breach | None:
    """Simulated one step beyond what it carries; where only the table knows of it, read from that."""
    believed = trial.capacities.believed(0, replicas)
    if trial.simulation is not None:
        burstiness = trial.burstiness_of_one_of(replicas)
        known = trial.simulation.highest(burstiness) <= believed * trial.optimism
        beyond = trial.simulation.beyond(burstiness) if known else None
        if beyond is None:
            return None
        rate, seen_ms = beyond
    else:
        alone: Floats = sizing.candidates.estimates.by_metric(sizing.targets_ms, np.array([n]))[0, :, 0]
        highest = float(sizing.candidates.table.curves.highest_rate[n])
        if alone.min() >= highest:
            return None
        rate = float(alone.min())
        at = np.array([min(highest, rate * 1.01)])
        some = np.array([n])
        seen_ms = tuple(
            sizing.candidates.estimates.judged_at(at, np.array([float(replicas)]), some)[:, 0].tolist()
        )
    over = [ms / target for ms, target in zip(seen_ms, sizing.targets_ms.tolist(), strict=True)]
    worst = int(np.nanargmax(over))
    return Breach(
        metric=METRICS[worst],
        at_requests_per_second=round(rate * replicas, 4),
        statistic=sizing.candidates.judging.statistic(METRICS[worst]),
        seen_ms=round(seen_ms[worst], 1),
        target_ms=float(sizing.targets_ms[worst]),
    )


def saturation_of(sizing: Sizing, n: int) -> float:
    """Requests/s that one replica finishes while it always has more to do: simulated, else the highest rate
    that was measured.
    """
    if sizing.simulates(n):
        return saturation(sizing.candidates.configuration(n))
    return float(sizing.candidates.table.curves.highest_rate[n])


def quality_of(sizing: Sizing, n: int) -> float | None:
    """Published, of the model or its base, in percent; None where nobody knows."""
    specification = sizing.specification
    use_case = str(specification.intent.use_case)
    found = float(published_quality(sizing.candidates.table, use_case, specification.thinking)[n])
    return None if math.isnan(found) else round(found, 1)
