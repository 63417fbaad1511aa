"""What a vLLM server counts, by vLLM's own names and labels (vLLM 0.24), in Prometheus' text format."""

from __future__ import annotations

from typing import Any, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

FIRST_TOKEN_S = (
    0.001,
    0.005,
    0.01,
    0.02,
    0.04,
    0.06,
    0.08,
    0.1,
    0.25,
    0.5,
    0.75,
    1,
    2.5,
    5,
    7.5,
    10,
    20,
    40,
    80,
    160,
    640,
    2560,
)
BETWEEN_TOKENS_S = (
    0.01,
    0.025,
    0.05,
    0.075,
    0.1,
    0.15,
    0.2,
    0.3,
    0.4,
    0.5,
    0.75,
    1,
    2.5,
    5,
    7.5,
    10,
    20,
    40,
    80,
)
REQUEST_S = (0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680)
TOKENS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
"""vLLM's own buckets."""
Finished = Literal["stop", "length", "abort", "error"]


class Metrics:
    """Of one engine."""

    def __init__(self, model_id: str) -> None:
        self._registry = CollectorRegistry()
        self._names = {"model_name": model_id, "engine": "0"}
        histogram, gauge, counter = self._histogram, self._gauge, self._counter
        self.time_to_first_token = histogram(
            "time_to_first_token_seconds", "Time to first token in seconds.", FIRST_TOKEN_S
        )
        self.inter_token_latency = histogram(
            "inter_token_latency_seconds", "Inter-token latency in seconds.", BETWEEN_TOKENS_S
        )
        self.request_time_per_output_token = histogram(
            "request_time_per_output_token_seconds",
            "Mean time per output token of a request in seconds.",
            BETWEEN_TOKENS_S,
        )
        self.e2e_request_latency = histogram(
            "e2e_request_latency_seconds", "End to end request latency in seconds.", REQUEST_S
        )
        self.request_prompt_tokens = histogram(
            "request_prompt_tokens", "Prefill tokens of a request.", TOKENS
        )
        self.request_generation_tokens = histogram(
            "request_generation_tokens", "Generation tokens of a request.", TOKENS
        )
        self.num_requests_running = gauge("num_requests_running", "Requests in execution batches.")
        self.num_requests_waiting = gauge("num_requests_waiting", "Requests waiting to be processed.")
        self.kv_cache_usage = gauge("kv_cache_usage_perc", "KV-cache usage, 1 means all of it.")
        self.prompt_tokens = counter("prompt_tokens", "Prefill tokens processed.")
        self.generation_tokens = counter("generation_tokens", "Generation tokens processed.")
        self._preemptions = counter("num_preemptions", "Preemptions of the engine.")
        self._preempted = 0
        self._success = Counter(
            "vllm:request_success",
            "Requests processed.",
            (*self._names, "finished_reason"),
            registry=self._registry,
        )
        # Of the HTTP server around vLLM, which groups statuses.
        self._http = Counter(
            "http_requests", "HTTP requests.", ("handler", "method", "status"), registry=self._registry
        )
        for reason in ("stop", "length", "abort", "error"):
            self._success.labels(**self._names, finished_reason=reason)

    def answered(self, path: str, status: int) -> None:
        """Count one HTTP answer."""
        self._http.labels(handler=path, method="POST", status=f"{status // 100}xx").inc()

    def finished(self, reason: Finished) -> None:
        """Count one request that is over."""
        self._success.labels(**self._names, finished_reason=reason).inc()

    def preempted(self, in_all: int) -> None:
        """Tell how many preemptions there have been."""
        self._preemptions.inc(in_all - self._preempted)
        self._preempted = in_all

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...]) -> Histogram:
        found: Any = Histogram(
            f"vllm:{name}", about, tuple(self._names), buckets=buckets, registry=self._registry
        )
        return found.labels(**self._names)  # type: ignore[no-any-return]

    def _gauge(self, name: str, about: str) -> Gauge:
        return Gauge(f"vllm:{name}", about, tuple(self._names), registry=self._registry).labels(**self._names)

    def _counter(self, name: str, about: str) -> Counter:
        return Counter(f"vllm:{name}", about, tuple(self._names), registry=self._registry).labels(
            **self._names
        )
