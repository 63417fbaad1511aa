"""How the replicas of a deployment do against what was planned: figures of the last
window, a verdict, and what to do about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from knowledge.catalogue import METRICS, Metric, p95_of
from knowledge.database import Database
from knowledge.errors import CompassError
from tools.clusters.cluster import Cluster
from tools.clusters.objects import Object, created_at, name_of, uid_of
from tools.contract import Contract
from tools.manifests.expectation import Expectation
from tools.serving.confidence import FEWEST_TO_JUDGE, surely_above
from tools.serving.outcomes import record_window, recorded, widened, window_so_far, window_until
from tools.serving.scrape import Counters, Gauges, Quantile, Scrape, Window, parsed, window
from tools.serving.validation import UNITS
from tools.wording import rate

PORT = 8080
"""Of KServe's containers."""
WINDOW = timedelta(minutes=5)
"""What is judged, however often somebody looks; longer where nobody looked for longer."""
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


class Live(Contract):
    """What the replicas did in a window; `verdict` in one line, `advice` where there is something to do."""

    state: State
    verdict: str
    advice: str | None
    began_at: datetime
    ended_at: datetime
    replicas: int
    """Those that showed their metrics."""
    silent: int = 0
    """Ready ones that didn't: what they do is in none of the figures."""
    requests: int
    failed: int
    requests_per_second: float
    planned_requests_per_second: float | None
    prompt_tokens_mean: float | None
    output_tokens_mean: float | None
    running: int
    waiting: int
    kv_cache_usage: float
    latencies: list[LatencyNow]
    held_share_24h: float | None
    """Of the windows of the last 24 hours that had requests, those within the targets."""


class Unseen(CompassError):
    """Nothing can be seen of how the replicas do."""


@dataclass(frozen=True)
class Look:
    """One look at the replicas: what people are told, and what it takes to keep the window that it ends."""

    live: Live
    scrape: Scrape
    started: datetime
    """When the first replica did."""
    approval_id: str | None

    @property
    def held(self) -> bool | None:
        """None where there is nothing to judge by."""
        return HELD.get(self.live.state)


def observe(
    pods: list[Object],
    wanted: int,
    approval_id: str | None,
    expected: Expectation | None,
    cluster: Cluster,
    database: Database | None,
) -> Look:
    """Look at all replicas now, as far as they answer. Leaves everything as it was; `keep` puts the
    window on record. Raises Unseen.
    """
    now = _scrape(pods, cluster)
    started = min(created_at(p) or now.at for p in pods)
    if approval_id is None or database is None:
        latest, ends = window(None, now, started), False
        seen = latest
    else:
        latest, ends = window_so_far(approval_id, now, started, database)
        seen = widened(approval_id, latest, now.at - WINDOW, database)
    latencies = _latencies(seen, expected, database)
    state, verdict, advice = _judged(seen, latencies, expected, len(pods), wanted)
    share = None
    if approval_id is not None and database is not None:
        this = HELD.get(state) if ends and latest.handled else None
        share = _held_share(approval_id, now.at, this, database)
    live = Live(
        state=state,
        verdict=verdict,
        advice=advice,
        began_at=seen.began_at,
        ended_at=seen.ended_at,
        replicas=seen.replicas,
        silent=len(now.silent),
        requests=seen.requests,
        failed=seen.failed,
        requests_per_second=round(seen.requests_per_second, 4),
        planned_requests_per_second=expected.requests_per_second if expected else None,
        prompt_tokens_mean=round(seen.prompt_tokens / seen.requests, 1) if seen.requests else None,
        output_tokens_mean=round(seen.output_tokens / seen.requests, 1) if seen.requests else None,
        running=seen.running,
        waiting=seen.waiting,
        kv_cache_usage=round(seen.kv_cache_usage, 4),
        latencies=latencies,
        held_share_24h=share,
    )
    return Look(live, now, started, approval_id)


def keep(look: Look, database: Database) -> None:
    """Put the window that a look ended on record with its approval, unless it is too short or
    another watcher's look ended it already.
    """
    if look.approval_id is None:
        return
    latest, ends = window_until(look.approval_id, look.scrape, look.started, database)
    if ends:
        record_window(look.approval_id, latest, look.held, database)


def _held_share(approval_id: str, now: datetime, this: bool | None, database: Database) -> float | None:
    """Of the windows of a day that could be judged, the one that ends now among them."""
    day = recorded(approval_id, now - timedelta(hours=24), database)
    held, judged = (day.held, day.judged) if day else (0, 0)
    held, judged = held + bool(this), judged + (this is not None)
    return held / judged if judged else None


def _scrape(pods: list[Object], cluster: Cluster) -> Scrape:
    """What the replicas show, one that doesn't being no reason to hide the others. Raises Unseen where
    none does.
    """
    counters: dict[str, Counters] = {}
    gauges: dict[str, Gauges] = {}
    silent: dict[str, str] = {}
    for pod in pods:
        uid = uid_of(pod)
        try:
            counters[uid], gauges[uid] = parsed(cluster.metrics(name_of(pod), PORT))
        except (CompassError, ValueError) as error:
            silent[uid] = str(error)
    if not counters:
        raise Unseen(next(iter(silent.values()), "No replica is ready."))
    return Scrape(at=datetime.now(UTC), counters=counters, gauges=gauges, silent=tuple(silent))


def _latencies(seen: Window, expected: Expectation | None, database: Database | None) -> list[LatencyNow]:
    predicted = (
        expected.at(seen.requests_per_second, seen.replicas, database)
        if expected and database and seen.requests
        else None
    )
    found = []
    for metric in METRICS:
        histogram = seen.latencies.get(metric)
        quantiles = [histogram.quantile(q) for q in (0.5, 0.95, 0.99)] if histogram else [None]
        p50, p95, p99 = quantiles if len(quantiles) == 3 else (None, None, None)
        if p50 is None or p95 is None or p99 is None:
            continue
        target = p95_of(expected.targets, metric) if expected else None
        found.append(
            LatencyNow(
                metric=metric,
                p50_ms=round(p50.value_ms, 2),
                p95=p95,
                p99_ms=round(p99.value_ms, 2),
                target_ms=target,
                headroom=round(1 - p95.value_ms / target, 4) if target else None,
                predicted_ms=round(predicted[metric], 2) if predicted else None,
            )
        )
    return found


def _judged(
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
            f"{UNITS[n.metric]} p95 {n.p95.value_ms:,.0f} ms of {n.target_ms:,.0f} ms" for n in latencies
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
            f"holding its SLO with {_headroom(worst)} headroom ({UNITS[worst.metric]} p95), {load}",
            advice,
        )
    missed = "; ".join(
        f"{UNITS[n.metric]} p95 {n.p95.value_ms:,.0f} ms against {n.target_ms:,.0f} ms"
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
    return (
        f"It is used at {share:.0%} of the plan: {enough} replicas would do if that stays so, for about"
        f" ${saved:,.0f} a month less."
    )


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
