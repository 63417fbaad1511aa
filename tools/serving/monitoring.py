"""How the replicas of a deployment do against what was planned: figures of the last
window, a verdict, and what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from knowledge.catalogue import METRICS
from knowledge.database import Database
from knowledge.errors import CompassError
from tools.clusters.cluster import Cluster
from tools.clusters.objects import Object, created_at, name_of, uid_of
from tools.contract import Contract
from tools.manifests.expectation import Expectation
from tools.serving.outcomes import record_window, recorded, widened, window_so_far, window_until
from tools.serving.scrape import Counters, Gauges, Scrape, Window, parsed, window
from tools.serving.verdict import HELD, LatencyNow, State, judged

PORT = 8080
"""Of KServe's containers."""
WINDOW = timedelta(minutes=5)
"""What is judged, however often somebody looks; longer where nobody looked for longer."""


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
    state, verdict, advice = judged(seen, latencies, expected, len(pods), wanted)
    if expected and expected.without_p95_target and latencies:
        verdict += f"; {expected.without_p95_target}"
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
        target = expected.p95_to_hold(metric) if expected else None
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
