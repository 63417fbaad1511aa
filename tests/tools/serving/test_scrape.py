"""Reading vLLM's metrics, and what happened between two looks."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import web
from tests.pace import at_some_pace
from tests.present import present
from tests.simulator.load import Request, load
from tests.simulator.serving import MODEL, serving
from tools.serving.scrape import Counters, Gauges, Histogram, Scrape, parsed, window

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COUNTS = st.lists(st.integers(0, 1000), min_size=4, max_size=4)


def histogram(counts: list[int]) -> Histogram:
    return Histogram(bounds_s=[0.1, 0.2, 0.5], counts=counts)


def counters(counts: list[int], finished: int = 0, failed: int = 0) -> Counters:
    latencies = {"ttft": histogram(counts)}
    return Counters.model_validate(
        {
            "latencies": latencies,
            "finished": finished,
            "failed": failed,
            "prompt_tokens": 0,
            "output_tokens": 0,
            "preemptions": 0,
        }
    )


def scrape(at_s: float, **replicas: Counters) -> Scrape:
    gauges = {name: Gauges(running=1, waiting=2, kv_cache_usage=0.5) for name in replicas}
    return Scrape(at=NOW + timedelta(seconds=at_s), counters=replicas, gauges=gauges)


def test_what_a_server_shows_is_what_its_clients_saw() -> None:
    at_some_pace(is_what_clients_saw)


def is_what_clients_saw(pace: float) -> None:
    with serving(time_scale=pace) as server:
        before, _ = parsed(web.get(f"{server.url}/metrics").text)
        seen = asyncio.run(load(server.url, MODEL, [Request(0.05 * pace * n, 100, 60) for n in range(30)]))
        server.wrong = {"500"}
        server.post("/v1/completions", {"model": MODEL, "prompt": "x"})
        after, gauges = parsed(web.get(f"{server.url}/metrics").text)
    gained = after.since(before)
    assert (gained.finished, gained.failed, gained.prompt_tokens, gained.output_tokens) == (30, 1, 3000, 1800)
    assert gauges == Gauges(running=0, waiting=0, kv_cache_usage=0.0)
    for metric in ("ttft", "itl", "e2e"):
        found = present(gained.latencies[metric].quantile(0.95))
        client = sorted(getattr(s, f"{metric}_ms") for s in seen)[28]
        assert found.high_ms is not None
        # A client sees a little more than the server: half a bucket of slack at its lower
        # end for what the socket costs.
        assert 0.8 * found.low_ms <= client <= 1.5 * found.high_ms
        assert gained.latencies[metric].total == 30


@given(COUNTS, COUNTS)
def test_histograms_add_and_subtract(a: list[int], b: list[int]) -> None:
    both = histogram(a).plus(histogram(b))
    assert both.total == sum(a) + sum(b)
    assert both.since(histogram(a)) == histogram(b)


@given(COUNTS, st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_lies_in_its_bucket_and_has_its_share_below(counts: list[int], q: float) -> None:
    if not sum(counts):
        assert histogram(counts).quantile(q) is None
        return
    found = present(histogram(counts).quantile(q))
    assert found.low_ms <= found.value_ms <= (found.high_ms or found.value_ms)
    below = sum(
        c for bound, c in zip([100, 200, 500, None], counts, strict=True) if bound and bound <= found.low_ms
    )
    assert below <= q * sum(counts) or below == 0


def test_a_window_is_what_lies_between_two_looks() -> None:
    first = scrape(0, a=counters([5, 0, 0, 0], 5), b=counters([1, 0, 0, 0], 1))
    second = scrape(60, a=counters([5, 4, 0, 0], 9), b=counters([1, 0, 1, 0], 2, failed=3))
    seen = window(first, second, NOW)
    assert (seen.requests, seen.failed, seen.seconds, seen.replicas) == (5, 3, 60, 2)
    assert seen.latencies["ttft"].counts == [0, 4, 1, 0]
    assert (seen.running, seen.waiting, seen.kv_cache_usage) == (2, 4, 0.5)
    assert seen.requests_per_second == pytest.approx(5 / 60)


def test_a_replica_that_started_anew_counts_from_nothing_and_one_that_is_gone_no_more() -> None:
    first = scrape(0, a=counters([50, 0, 0, 0], 50), gone=counters([7, 0, 0, 0], 7))
    second = scrape(60, a=counters([3, 0, 0, 0], 3), new=counters([0, 2, 0, 0], 2))
    seen = window(first, second, NOW)
    assert seen.requests == 5
    assert seen.latencies["ttft"].counts == [3, 2, 0, 0]


def test_without_an_earlier_look_a_window_begins_with_the_replicas() -> None:
    seen = window(None, scrape(100, a=counters([1, 0, 0, 0], 1)), NOW)
    assert (seen.seconds, seen.requests) == (100, 1)


def test_older_names_are_read_and_other_servers_refused() -> None:
    old = (
        "vllm:num_requests_running 3\nvllm:num_requests_waiting 1\nvllm:gpu_cache_usage_perc"
        ' 0.25\nvllm:time_per_output_token_seconds_bucket{le="0.01"}'
        ' 4\nvllm:time_per_output_token_seconds_bucket{le="+Inf"} 5\n'
    )
    found, gauges = parsed(old)
    assert gauges == Gauges(running=3, waiting=1, kv_cache_usage=0.25)
    assert found.latencies["itl"].counts == [4, 1]
    with pytest.raises(ValueError, match="no metrics of a vLLM server"):
        parsed("go_goroutines 5\n")


def test_a_quantile_beyond_the_last_bound_says_so() -> None:
    found = present(histogram([0, 0, 0, 9]).quantile(0.5))
    assert (found.low_ms, found.high_ms) == (500, None)
