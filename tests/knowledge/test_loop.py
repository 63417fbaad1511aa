"""The compiled scheduler against the same in plain Python, and prompts that are partly in a prefix cache."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals import plain_scheduler
from knowledge.catalogue import gpus, models
from knowledge.estimator.replica import Replica, replica_of
from knowledge.estimator.scheduler import simulate
from knowledge.estimator.steps import StepTimes
from knowledge.estimator.workload import requests_of
from knowledge.workload import SeenRequest, Workload
from tests.present import present
from tests.soak import examples


def replica(workload: Workload) -> Replica:
    return present(replica_of(models()["meta-llama/Llama-3.1-8B-Instruct"], gpus()["H100"], 1, workload))


STEPS = replica(Workload(512, 256)).steps
REQUESTS = st.lists(
    st.tuples(st.floats(0, 500), st.integers(1, 4000), st.integers(1, 300)), min_size=1, max_size=60
)


@settings(max_examples=examples(300), deadline=None)
@given(REQUESTS, st.integers(4300, 20_000), st.integers(1, 64), st.sampled_from([64, 512, 2048, 8192]))
def test_it_is_bit_for_bit_what_plain_python_gives(
    requests: list[tuple[float, int, int]], kv_tokens: int, seats: int, batched: int
) -> None:
    steps = StepTimes(STEPS.grid, STEPS.overheads, seats, batched)
    gaps, prompts, outputs = zip(*requests, strict=True)
    arrivals = list(accumulate(gaps))
    theirs = plain_scheduler.simulate(steps, kv_tokens, arrivals, prompts, outputs)
    ours = simulate(steps, kv_tokens, arrivals, prompts, outputs)
    assert ours.preemptions == theirs.preemptions
    for metric in ("ttft_ms", "itl_ms", "e2e_ms", "finished_ms"):
        assert list(getattr(ours, metric)) == getattr(theirs, metric)


@settings(max_examples=examples(100), deadline=None)
@given(REQUESTS, st.integers(1, 40))
def test_the_same_in_a_closed_loop(requests: list[tuple[float, int, int]], concurrency: int) -> None:
    _, prompts, outputs = zip(*requests, strict=True)
    theirs = plain_scheduler.simulate(STEPS, 50_000, [], prompts, outputs, concurrency=concurrency)
    ours = simulate(STEPS, 50_000, [], prompts, outputs, concurrency=concurrency)
    assert list(ours.e2e_ms) == theirs.e2e_ms


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 200), st.integers(1, 9000), st.integers(1, 200), st.floats(0, 1)),
        min_size=1,
        max_size=60,
    ),
    st.integers(9300, 40_000),
)
def test_whatever_is_cached_every_request_is_answered_and_a_lone_one_sooner(
    requests: list[tuple[float, int, int, float]], kv_tokens: int
) -> None:
    gaps, prompts, outputs, shares = zip(*requests, strict=True)
    cached = [int(p * share) for p, share in zip(prompts, shares, strict=True)]
    arrivals = list(accumulate(gaps))
    seen = simulate(STEPS, kv_tokens, arrivals, prompts, outputs, cached=cached)
    assert len(seen.e2e_ms) == len(requests)
    assert np.isfinite(seen.e2e_ms).all()
    assert (np.asarray(seen.ttft_ms) > 0).all()
    alone = simulate(STEPS, kv_tokens, [0.0], prompts[:1], outputs[:1])
    hit = simulate(STEPS, kv_tokens, [0.0], prompts[:1], outputs[:1], cached=cached[:1])
    assert hit.ttft_ms[0] <= alone.ttft_ms[0]


def test_attention_still_reaches_over_what_is_cached() -> None:
    def first_token_ms(prompt: int, cached: int) -> float:
        return float(simulate(STEPS, 200_000, [0.0], [prompt], [2], cached=[cached]).ttft_ms[0])

    assert first_token_ms(5_000, 0) < first_token_ms(100_000, 95_000) < 0.2 * first_token_ms(100_000, 0)
    assert first_token_ms(100_000, 100_000) == first_token_ms(100_000, 99_999)  # the last is always computed


@pytest.mark.parametrize("spread", [0.25, 0.5, 1.0, 2.0])
def test_lengths_have_the_mean_and_the_spread_that_they_were_given(spread: float) -> None:
    of = requests_of(Workload(2000, 300, prompt_spread=spread, output_spread=spread), 10_000)
    for lengths, mean in ((of.prompts, 2000), (of.outputs, 300)):
        assert lengths.mean() == pytest.approx(mean, rel=0.002)
        assert lengths.std() / lengths.mean() == pytest.approx(spread, rel=0.08)
        assert lengths.min() >= 1
    assert abs(np.corrcoef(of.prompts, of.outputs)[0, 1]) < 0.05


def test_requests_as_seen_come_as_often_as_they_were_seen() -> None:
    seen = (SeenRequest(100, 10, 50), SeenRequest(100, 10, 50), SeenRequest(4000, 1, 0))
    of = requests_of(Workload(1400, 7, seen=seen), 3000)
    assert sorted(set(zip(*map(np.ndarray.tolist, of), strict=True))) == [(100, 10, 50), (4000, 1, 0)]
    assert (of.prompts == 4000).sum() == 1000
