"""What a trace says of the traffic, and the workload that it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from knowledge.traffic.arrivals import FEWEST_A_MINUTE, FEWEST_MINUTES, Arrivals
from knowledge.traffic.prefixes import Basis, Reuse, reuse
from knowledge.traffic.reading import Read
from knowledge.traffic.sample import sample
from knowledge.traffic.sessions import Turns, turns
from knowledge.traffic.trace import Ints, Trace
from knowledge.traffic.traced import Traced
from knowledge.workload import MOST_SEEN

BINS = 60
MOST_SPREAD, MOST_CACHED, MOST_BURSTY, MOST_MINUTE_PEAK, LEAST_TROUGH = 5.0, 0.99, 200.0, 100.0, 0.001
"""What a plan can be made for; what lies beyond is planned at the bound."""


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Distribution(Record):
    """Of tokens, or of seconds."""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    most: float
    spread: float
    """Coefficient of variation: standard deviation over mean."""


class LinesLeftOut(Record):
    reason: str
    count: int
    lines: list[int]
    """The first few."""


class OverTime(Record):
    """Requests/s in bins of the same length, over the whole trace."""

    bin_s: float
    requests_per_second: list[float]


class DailyCurve(Record):
    """Requests/s by hour of the day: 24, from midnight, or else from the first request on."""

    requests_per_second: list[float]
    trough_share: float
    """The quietest hour's rate over the busiest's."""
    from_midnight: bool
    days: float


class PrefixReuse(Record):
    """`hit_share` of all prompts' tokens were in the prefix cache, `hit_share_p50` of the median prompt's."""

    basis: Basis
    """counted: as the file says; blocks: by ids of blocks of `block_tokens` each; prefixes: by shared
    prefixes and their lengths; turns: each turn of a session begins with those before.
    """
    hit_share: float
    hit_share_p50: float
    block_tokens: int | None
    cache_tokens: int | None
    """What such a cache would hold, the last used; None is one that keeps everything, or, if `counted`, as it
    was.
    """


class Sessions(Record):
    count: int
    turns: Distribution
    single_turn_share: float
    think_s: Distribution | None
    """Between two turns of a session; None where all have one."""
    after_answers: bool
    """Whether that is since the answer before was whole; else since the request before, answer included."""


class TrafficSummary(Record):
    """What is known of a trace; what isn't is None, and `notes` say why. Tokens, seconds, requests/s."""

    name: str
    kind: str
    requests: int
    left_out: list[LinesLeftOut]
    begins_at: datetime | None
    clock: str
    """What its times are."""
    span_s: float
    prompt_tokens: Distribution
    output_tokens: Distribution
    mean_requests_per_second: float
    peak_requests_per_second: float
    """Of the busiest 60 minutes on end; of a shorter trace, its mean."""
    peak_minute_requests_per_second: float | None
    minute_peak: float | None
    """The highest minute over the mean of the busiest hour."""
    burstiness: float | None
    """Squared coefficient of variation of the times between arrivals; 1 is Poisson."""
    burstiness_told: str
    """How that was found."""
    over_time: OverTime
    daily: DailyCurve | None
    prefix: PrefixReuse | None
    sessions: Sessions | None
    traced: Traced | None
    """What a plan takes from it; None where no plan could be that large."""
    notes: list[str]


def summarised(read: Read, name: str, cache_tokens: int | None = None) -> TrafficSummary:
    """`cache_tokens` is how many tokens the prefix cache holds; None is one that keeps everything."""
    trace, arrivals = read.trace, Arrivals(read.trace)
    burstiness, daily = arrivals.burstiness, arrivals.daily
    found, seen_turns = reuse(trace, cache_tokens), turns(trace)
    width_s, rates = arrivals.over_time(BINS)
    clock = trace.clock
    return TrafficSummary(
        name=name,
        kind=read.kind,
        requests=len(trace),
        left_out=[LinesLeftOut(**vars(each)) for each in read.left_out],
        begins_at=clock.begins_at
        if clock.zoned or clock.begins_at is None
        else clock.begins_at.replace(tzinfo=None),
        clock=clock.told,
        span_s=trace.span_s,
        prompt_tokens=_distribution(trace.prompt_tokens),
        output_tokens=_distribution(trace.output_tokens),
        mean_requests_per_second=arrivals.mean_requests_per_second,
        peak_requests_per_second=arrivals.peak_requests_per_second,
        peak_minute_requests_per_second=arrivals.peak_minute_requests_per_second,
        minute_peak=arrivals.minute_peak,
        burstiness=burstiness.value if burstiness else None,
        burstiness_told=burstiness.told if burstiness else "",
        over_time=OverTime(bin_s=width_s, requests_per_second=rates.tolist()),
        daily=DailyCurve(
            requests_per_second=daily.requests_per_second.tolist(),
            trough_share=daily.trough_share,
            from_midnight=clock.begins_at is not None,
            days=trace.span_s / 86_400,
        )
        if daily
        else None,
        prefix=_prefix(found, trace, cache_tokens) if found else None,
        sessions=_sessions(seen_turns) if seen_turns else None,
        traced=_traced(name, trace, arrivals, found),
        notes=_notes(trace, arrivals, found, cache_tokens),
    )


def _distribution(values: Any) -> Distribution:
    mean = float(values.mean())
    p50, p90, p95, p99 = np.percentile(values, [50, 90, 95, 99]).tolist()
    return Distribution(
        mean=mean,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        most=float(values.max()),
        spread=float(values.std()) / mean if mean > 0 else 0.0,
    )


def _prefix(found: Reuse, trace: Trace, cache_tokens: int | None) -> PrefixReuse:
    return PrefixReuse(
        basis=found.basis,
        hit_share=_share(found, trace),
        hit_share_p50=float(np.median(found.cached_tokens / trace.prompt_tokens)),
        block_tokens=found.block_tokens or None,
        cache_tokens=None if found.basis == "counted" else cache_tokens,
    )


def _share(found: Reuse, trace: Trace) -> float:
    return float(found.cached_tokens.sum() / trace.prompt_tokens.sum())


def _sessions(found: Turns) -> Sessions:
    return Sessions(
        count=len(found.per_session),
        turns=_distribution(found.per_session),
        single_turn_share=float(np.mean(found.per_session == 1)),
        think_s=_distribution(found.think_s) if len(found.think_s) else None,
        after_answers=found.after_answers,
    )


def _traced(name: str, trace: Trace, arrivals: Arrivals, found: Reuse | None) -> Traced | None:
    """None for lengths or rates beyond what is planned for."""
    cached: Ints = found.cached_tokens if found else np.zeros(len(trace), dtype=np.int64)
    prompt, output = _distribution(trace.prompt_tokens), _distribution(trace.output_tokens)
    burstiness, minute_peak, daily = arrivals.burstiness, arrivals.minute_peak, arrivals.daily
    try:
        return Traced(
            name=name,
            requests=len(trace),
            peak_requests_per_second=_digits(arrivals.peak_requests_per_second),
            prompt_tokens=round(prompt.mean),
            output_tokens=round(output.mean),
            prompt_spread=_digits(min(MOST_SPREAD, prompt.spread)),
            output_spread=_digits(min(MOST_SPREAD, output.spread)),
            cached_share=_digits(min(MOST_CACHED, _share(found, trace))) if found else None,
            burstiness=_digits(min(MOST_BURSTY, max(1.0, burstiness.value))) if burstiness else None,
            minute_peak=_digits(min(MOST_MINUTE_PEAK, max(1.0, minute_peak))) if minute_peak else None,
            trough_fraction=_digits(max(LEAST_TROUGH, daily.trough_share)) if daily else None,
            longest_tokens=int((trace.prompt_tokens + trace.output_tokens).max()),
            seen=sample(trace.prompt_tokens, trace.output_tokens, cached),
        )
    except ValidationError:
        return None


def _digits(value: float) -> float:
    """Three: no trace tells more."""
    return float(f"{value:.3g}")


def _notes(
    trace: Trace,
    arrivals: Arrivals,
    found: Reuse | None,
    cache_tokens: int | None,
) -> list[str]:
    notes = []
    if trace.span_s < 86_400:
        notes.append("Shorter than a day, so it tells no daily curve.")
    elif arrivals.daily is None:
        notes.append("It has too few requests to tell a daily curve.")
    if trace.span_s < 3600:
        notes.append("Shorter than an hour, so its mean rate stands for that of the busiest hour.")
    if arrivals.minute_peak is None:
        notes.append(
            f"Shorter than {FEWEST_MINUTES} minutes, or with under {FEWEST_A_MINUTE} requests in the average"
            " one, so it tells no minute peak."
        )
    if arrivals.burstiness is None:
        notes.append(
            "Too few arrivals, or times too coarse, to tell how bursty they are: planned as Poisson."
        )
    if len(trace) < 1000:
        notes.append("Fewer than 1,000 requests: p99 stands on fewer than ten of them.")
    if found is None:
        notes.append("It tells nothing of shared prefixes; none are planned with.")
    elif found.basis == "counted" and cache_tokens is not None:
        notes.append("Cached tokens are those that the file counted, so the cache's size isn't used.")
    if trace.blocks is not None and (found is None or found.basis not in ("blocks", "counted")):
        notes.append("The blocks' size can't be told from their number, so their ids aren't used.")
    if trace.prefixes is not None and trace.prefix_tokens is None and found is None:
        notes.append(
            "Prefixes have no length (such as prefix_tokens), so what is cached of them isn't known."
        )
    if arrivals.burstiness and arrivals.burstiness.value < 1:
        notes.append("Requests come more evenly than by chance: planned as Poisson, which is harder.")
    if len(trace) > MOST_SEEN:
        notes.append(f"Planned with {MOST_SEEN} of the requests, drawn so that their percentiles stay.")
    return notes
