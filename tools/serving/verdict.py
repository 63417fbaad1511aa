"""What a window says of a deployment: a verdict in one line, and advice where there is something to do."""

from __future__ import annotations

import math
from typing import Literal

from knowledge.catalogue import Metric
from tools.contract import Contract
from tools.manifests.expectation import Expectation
from tools.serving.confidence import FEWEST_TO_JUDGE, surely_above
from tools.serving.scrape import Quantile, Window
from tools.wording import METRIC_NAMES, a_month, rate

LONGER = 1.25
FAILING_SHARE = 0.01
FULL_KV_CACHE = 0.95
IDLE_SHARE = 0.3
COARSE = 0.1
"""Of a target; vLLM's own buckets of ITL go from 10 ms to 25 ms."""
State = Literal["idle", "holding", "missing", "failing", "unknown"]
HELD: dict[State, bool] = {"holding": True, "missing": False, "failing": False}
"""Whether the targets were held in states that say so."""


class LatencyNow(Contract):
    """In ms, as the servers measured it: network and gateway come on top. `headroom` is
    the share of the target that p95 leaves.
    """

    metric: Metric
    p50_ms: float
    p95: Quantile
    p99_ms: float
    target_ms: float | None
    headroom: float | None
    predicted_ms: float | None
    """The p95 that the benchmark table has for this rate."""


def judged(
    seen: Window, latencies: list[LatencyNow], expected: Expectation | None, ready: int, wanted: int
) -> tuple[State, str, str | None]:
    """State, verdict and advice."""
    during = _for(seen.seconds)
    if seen.replicas < ready:
        during += f" (only {seen.replicas} of {ready} replicas showed their metrics)"
    of = seen.requests + seen.failed
    enough = of >= FEWEST_TO_JUDGE
    if seen.failed > FAILING_SHARE * of and (enough or surely_above(seen.failed, of, FAILING_SHARE)):
        return (
            "failing",
            f"failing {seen.failed:,} of {of:,} requests {during}",
            "Look at its log: `kubectl logs` of a pod says why.",
        )
    if not seen.requests and not seen.running and not seen.waiting:
        return "idle", f"idle: no requests {during}, so there is nothing to judge", None
    if expected is None or not latencies:
        return (
            "unknown",
            f"serving {rate(seen.requests_per_second)} requests/s {during}; nothing is known to judge it by",
            None,
        )
    if not enough:
        shown = ", ".join(
            f"{METRIC_NAMES[n.metric]} p95 {n.p95.value_ms:,.0f} ms of {n.target_ms:,.0f} ms"
            for n in latencies
        )
        what = (
            f"{seen.failed:,} of {of:,} requests failed"
            if seen.failed
            else f"{of:,} request{'s' if of != 1 else ''}"
        )
        return (
            "unknown",
            f"too few to judge: {what} {during}, and a p95 takes {FEWEST_TO_JUDGE}; so far {shown}",
            None,
        )
    worst = min(latencies, key=lambda n: n.headroom or 0.0)
    load = (
        f"at {rate(seen.requests_per_second)} of {rate(expected.requests_per_second)} planned requests/s"
        f" {during}"
    )
    margin = worst.headroom or 0.0
    if margin >= 0:
        advice = _less(seen, expected) if seen.replicas == ready else None  # the others may have all the load
        return (
            "holding",
            f"holding its SLO with {_headroom(worst)} headroom ({METRIC_NAMES[worst.metric]} p95), {load}",
            advice,
        )
    missed = "; ".join(
        f"{METRIC_NAMES[n.metric]} p95 {n.p95.value_ms:,.0f} ms against {n.target_ms:,.0f} ms"
        for n in latencies
        if n.target_ms is not None and n.p95.value_ms > n.target_ms
    )
    return "missing", f"missing its SLO: {missed}, {load}", _remedy(seen, expected, ready, wanted)


def _headroom(of: LatencyNow) -> str:
    """A range where the servers' buckets are too coarse to tell better."""
    target, high = of.target_ms or math.inf, of.p95.high_ms
    most, least = 1 - of.p95.low_ms / target, 1 - (target if high is None else high) / target
    return f"{of.headroom or 0:.0%}" if most - least < COARSE else f"{max(0.0, least):.0%} to {most:.0%}"


def _remedy(seen: Window, expected: Expectation, ready: int, wanted: int) -> str:
    per_replica = expected.max_requests_per_second / expected.replicas
    needed = math.ceil(
        seen.requests_per_second / per_replica * ready / seen.replicas
    )  # the silent ones work as much as the others
    if ready < wanted:
        return f"Only {ready} of {wanted} replicas are ready; the load is on these."
    if needed > ready:
        return f"The load is above the plan: scale to {needed} replicas."
    for what, tokens, planned in (
        ("Prompts", seen.prompt_tokens, expected.prompt_tokens),
        ("Answers", seen.output_tokens, expected.output_tokens),
    ):
        mean = tokens / seen.requests
        if mean > LONGER * planned:
            return (
                f"{what} have {mean:,.0f} tokens on average, {mean / planned:.1f} times the plan's"
                f" {planned:,}: plan again with that."
            )
    if seen.waiting or seen.kv_cache_usage > FULL_KV_CACHE:
        why = f"{seen.waiting} requests wait, the KV cache is {seen.kv_cache_usage:.0%} full"
        return (
            f"{why}, at no more than the planned load: requests come in bursts. Scale to {ready + 1}"
            " replicas."
        )
    return (
        f"The load is as planned, so the replicas are slower than predicted: scale to {ready + 1} replicas,"
        " and validate it anew."
    )


def _less(seen: Window, expected: Expectation) -> str | None:
    """Whether fewer would do, judged on an hour or more."""
    if (
        seen.seconds < 3600
        or seen.requests_per_second > IDLE_SHARE * expected.requests_per_second
        or expected.replicas < 2
    ):
        return None
    share = seen.requests_per_second / expected.requests_per_second
    enough = max(
        1,
        math.ceil(
            seen.requests_per_second / IDLE_SHARE / expected.max_requests_per_second * expected.replicas
        ),
    )
    if enough >= expected.replicas:
        return None
    saved = expected.cost_usd_per_month * (1 - enough / expected.replicas)
    less = f", for about {a_month(saved)} less" if saved else ""
    return f"It is used at {share:.0%} of the plan: {enough} replicas would do if that stays so{less}."


def _for(seconds: float) -> str:
    if seconds < 90:
        return f"in the last {seconds:,.0f} s"
    if seconds < 90 * 60:
        return f"in the last {seconds / 60:,.0f} min"
    return (
        f"in the last {seconds / 3600:,.0f} h"
        if seconds < 48 * 3600
        else f"in the last {seconds / 86400:,.0f} days"
    )
