"""A vLLM server's counters and gauges, from the Prometheus text that it shows at
/metrics; and what happened between two looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from knowledge.catalogue import METRICS, Metric
from tools.contract import Contract

HISTOGRAMS: dict[Metric, tuple[str, ...]] = {
    "ttft": ("vllm:time_to_first_token_seconds",),
    # The first is each request's mean, as the targets mean it; servers before vLLM 0.11 only have
    # single gaps, by either name.
    "itl": (
        "vllm:request_time_per_output_token_seconds",
        "vllm:inter_token_latency_seconds",
        "vllm:time_per_output_token_seconds",
    ),
    "e2e": ("vllm:e2e_request_latency_seconds",),
}
RUNNING, WAITING = "vllm:num_requests_running", "vllm:num_requests_waiting"
KV_CACHE = ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")
FINISHED = "vllm:request_success_total"
PROMPT, OUTPUT = "vllm:prompt_tokens_total", "vllm:generation_tokens_total"
HTTP = "http_requests_total"
PREEMPTIONS = "vllm:num_preemptions_total"
READ = tuple(
    [f"{name}_bucket" for names in HISTOGRAMS.values() for name in names]
    + [RUNNING, WAITING, *KV_CACHE, FINISHED, PROMPT, OUTPUT, HTTP, PREEMPTIONS]
)


class Quantile(Contract):
    """In ms, interpolated within a bucket; the true one lies between `low_ms` and
    `high_ms`, whose None is beyond the last bound.
    """

    value_ms: float
    low_ms: float
    high_ms: float | None


class Histogram(Contract):
    """`counts` has one entry for each of `bounds_s` (upper bounds) and one for what
    lies above; not cumulative.
    """

    bounds_s: list[float]
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)

    def plus(self, other: Histogram) -> Histogram:
        """Both together. Those of unlike bounds can't be added: the one with more
        observations stands for both.
        """
        if self.bounds_s != other.bounds_s:
            return max(self, other, key=lambda h: h.total)
        return Histogram(
            bounds_s=self.bounds_s, counts=[a + b for a, b in zip(self.counts, other.counts, strict=True)]
        )

    def since(self, earlier: Histogram | None) -> Histogram:
        """What was observed after `earlier`; all of it if the server started anew in between."""
        if earlier is None or self.bounds_s != earlier.bounds_s:
            return self
        gained = [a - b for a, b in zip(self.counts, earlier.counts, strict=True)]
        return self if min(gained) < 0 else Histogram(bounds_s=self.bounds_s, counts=gained)

    def quantile(self, q: float) -> Quantile | None:
        """None of nothing."""
        if not self.total:
            return None
        rank, below = q * self.total, 0
        for n, count in enumerate(self.counts):
            if count and below + count >= rank:
                low = self.bounds_s[n - 1] if n else 0.0
                if n == len(self.bounds_s):
                    return Quantile(value_ms=low * 1000, low_ms=low * 1000, high_ms=None)
                high = self.bounds_s[n]
                return Quantile(
                    value_ms=(low + (high - low) * (rank - below) / count) * 1000,
                    low_ms=low * 1000,
                    high_ms=high * 1000,
                )
            below += count
        return None


class Counters(Contract):
    """Since the server started. `failed` are requests that ended in an error, or that
    it refused with HTTP 429 or 5xx.
    """

    latencies: dict[Metric, Histogram]
    finished: int
    failed: int
    prompt_tokens: int
    output_tokens: int
    preemptions: int

    def since(self, earlier: Counters | None) -> Counters:
        """What came after `earlier`; all of it if the server started anew in between."""
        numbers = ("finished", "failed", "prompt_tokens", "output_tokens", "preemptions")
        if earlier is None or any(getattr(self, n) < getattr(earlier, n) for n in numbers):
            return self
        gained = {n: getattr(self, n) - getattr(earlier, n) for n in numbers}
        return Counters(
            latencies={m: h.since(earlier.latencies.get(m)) for m, h in self.latencies.items()}, **gained
        )


class Gauges(Contract):
    """At one moment; `kv_cache_usage` is a share of 1."""

    running: int
    waiting: int
    kv_cache_usage: float


class Scrape(Contract):
    """All replicas at one moment; `counters` by what identifies a replica for as
    long as its process lives.
    """

    at: datetime
    counters: dict[str, Counters]
    gauges: dict[str, Gauges]
    silent: tuple[str, ...] = ()
    """Replicas that are there and whose metrics couldn't be had."""

    def to_keep(self, earlier: Scrape | None) -> Scrape:
        """For the next look: of the silent ones what was known, or all that they ever did
        would count as new once they answer.
        """
        known = earlier.counters if earlier else {}
        return self.model_copy(
            update={
                "counters": {**{r: known[r] for r in self.silent if r in known}, **self.counters},
                "gauges": {},
            }
        )


class Window(Contract):
    """What all replicas did between two moments; gauges are of its end, the fullest KV
    cache among the replicas counts.
    """

    began_at: datetime
    ended_at: datetime
    replicas: int
    requests: int
    failed: int
    prompt_tokens: int
    output_tokens: int
    preemptions: int
    running: int
    waiting: int
    kv_cache_usage: float
    latencies: dict[Metric, Histogram]

    @property
    def handled(self) -> bool:
        """Whether there was a request in it at all."""
        return bool(self.requests or self.failed)

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()

    @property
    def requests_per_second(self) -> float:
        return self.requests / self.seconds if self.seconds > 0 else 0.0

    def p95_ms(self, metric: Metric) -> float | None:
        found = self.latencies[metric].quantile(0.95) if metric in self.latencies else None
        return None if found is None else found.value_ms


def parsed(text: str) -> tuple[Counters, Gauges]:
    """Counters and gauges of one server. Raises ValueError for what is no exposition, or none of vLLM's."""
    sums: dict[str, float] = defaultdict(float)
    buckets: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    # A server shows hundreds of series more, which needn't be read.
    ours = "\n".join(line for line in text.splitlines() if line.startswith(READ))
    for family in text_string_to_metric_families(f"{ours}\n"):
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                buckets[sample.name.removesuffix("_bucket")][float(sample.labels["le"])] += sample.value
            elif sample.name == HTTP:
                sums[f"{HTTP} failed"] += sample.value if _is_failure(sample.labels) else 0
            elif sample.name == FINISHED:
                sums[f"{FINISHED} {sample.labels.get('finished_reason', '')}"] += sample.value
            elif sample.name in KV_CACHE:
                sums[sample.name] = max(sums[sample.name], sample.value)
            else:
                sums[sample.name] += sample.value
    if RUNNING not in sums:
        raise ValueError("these are no metrics of a vLLM server")
    latencies = {}
    for metric in METRICS:
        name = next((n for n in HISTOGRAMS[metric] if n in buckets), None)
        if name is not None:
            latencies[metric] = _histogram(buckets[name])
    ended = {r: sums[f"{FINISHED} {r}"] for r in ("stop", "length", "abort", "error")}
    counters = Counters(
        latencies=latencies,
        finished=int(ended["stop"] + ended["length"]),
        failed=int(ended["error"] + sums[f"{HTTP} failed"]),
        prompt_tokens=int(sums[PROMPT]),
        output_tokens=int(sums[OUTPUT]),
        preemptions=int(sums[PREEMPTIONS]),
    )
    kv = next((sums[n] for n in KV_CACHE if n in sums), 0.0)
    return counters, Gauges(running=int(sums[RUNNING]), waiting=int(sums[WAITING]), kv_cache_usage=kv)


def window(earlier: Scrape | None, later: Scrape, began_at: datetime) -> Window:
    """What lies between two scrapes; without an earlier one, all since `began_at`,
    when the replicas started.
    """
    before: Mapping[str, Counters] = earlier.counters if earlier else {}
    gained = [c.since(before.get(replica)) for replica, c in later.counters.items()]
    return Window(
        began_at=earlier.at if earlier else began_at,
        ended_at=later.at,
        replicas=len(later.counters),
        requests=sum(c.finished for c in gained),
        failed=sum(c.failed for c in gained),
        prompt_tokens=sum(c.prompt_tokens for c in gained),
        output_tokens=sum(c.output_tokens for c in gained),
        preemptions=sum(c.preemptions for c in gained),
        running=sum(g.running for g in later.gauges.values()),
        waiting=sum(g.waiting for g in later.gauges.values()),
        kv_cache_usage=max((g.kv_cache_usage for g in later.gauges.values()), default=0.0),
        latencies=added(c.latencies for c in gained),
    )


def added(many: Iterable[Mapping[Metric, Histogram]]) -> dict[Metric, Histogram]:
    """The histograms of several together."""
    found: dict[Metric, Histogram] = {}
    for latencies in many:
        for metric, histogram in latencies.items():
            found[metric] = found[metric].plus(histogram) if metric in found else histogram
    return found


def _histogram(cumulative: dict[float, float]) -> Histogram:
    bounds = sorted(cumulative)
    counts = [int(cumulative[b]) for b in bounds]
    single = [a - b for a, b in zip(counts, [0, *counts], strict=False)]
    finite = [b for b in bounds if b != float("inf")]
    return Histogram(bounds_s=finite, counts=single if len(single) > len(finite) else [*single, 0])


def _is_failure(labels: Mapping[str, Any]) -> bool:
    status = str(labels.get("status", ""))
    return status.startswith("5") or status == "429"
