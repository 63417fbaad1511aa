"""The few hundred requests that a workload keeps have the figures of all."""

import random
from collections.abc import Sequence
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from knowledge.traffic.reading import read_trace
from knowledge.traffic.sample import sample
from knowledge.traffic.summary import TrafficSummary, summarised
from knowledge.traffic.trace import Ints
from knowledge.workload import MOST_SEEN, SeenRequest
from tests.knowledge.traffic.written import csv_of, poisson
from tests.present import present
from tests.soak import examples


def lengths(count: int, seed: int, spread: float, joint: float, hits: float) -> tuple[Ints, Ints, Ints]:
    """Lognormal prompts and answers that go together as much as `joint` says; some prompts mostly cached."""
    random_ = np.random.default_rng(seed)
    one, other = random_.normal(size=count), random_.normal(size=count)
    prompts = np.maximum(1, np.exp(6 + spread * one)).astype(np.int64)
    together = joint * one + (1 - joint**2) ** 0.5 * other
    outputs = np.maximum(1, np.exp(4 + spread * together)).astype(np.int64)
    cached = np.where(random_.random(count) < hits, (prompts * 0.9).astype(np.int64), 0)
    return prompts, outputs, cached


def columns(seen: Sequence[SeenRequest]) -> tuple[Ints, Ints, Ints]:
    prompts, outputs, cached = np.array(seen, dtype=np.int64).T
    return prompts, outputs, cached


@pytest.mark.parametrize("count", [513, 700, 5_000, 200_000])
@pytest.mark.parametrize(("spread", "joint", "hits"), [(0.5, 0.0, 0.5), (1.0, 0.9, 0.3), (1.2, -0.6, 0.05)])
def test_means_percentiles_and_what_goes_together_stay(
    count: int, spread: float, joint: float, hits: float
) -> None:
    whole = lengths(count, 5, spread, joint, hits)
    seen = sample(*whole)
    assert len(seen) == MOST_SEEN
    drawn = columns(seen)
    for all_, few in zip(whole[:2], drawn[:2], strict=True):
        assert few.mean() == pytest.approx(all_.mean(), rel=0.05)
        for percent, within in ((50, 0.05), (90, 0.05), (95, 0.05), (99, 0.08)):
            assert np.percentile(few, percent) == pytest.approx(np.percentile(all_, percent), rel=within)
    assert drawn[2].sum() / drawn[0].sum() == pytest.approx(whole[2].sum() / whole[0].sum(), abs=0.03)
    of_all = np.corrcoef(np.log(whole[0]), np.log(whole[1]))[0, 1]
    assert np.corrcoef(np.log(drawn[0]), np.log(drawn[1]))[0, 1] == pytest.approx(of_all, abs=0.08)


def test_every_stretch_of_it_is_one_by_itself() -> None:
    whole = lengths(20_000, 7, 1.0, 0.5, 0.4)
    seen = sample(*whole)
    for begins in range(0, MOST_SEEN, 128):
        prompts, outputs, _ = columns(seen[begins : begins + 128])
        assert np.median(prompts) == pytest.approx(np.median(whole[0]), rel=0.1)
        assert np.median(outputs) == pytest.approx(np.median(whole[1]), rel=0.3)


def test_it_is_of_requests_that_were_there() -> None:
    whole = lengths(3_000, 3, 1.0, 0.2, 0.5)
    there = set(zip(*(values.tolist() for values in whole), strict=True))
    assert {tuple(each) for each in sample(*whole)} <= there


@hypothesis.given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50), st.integers(0, 50)), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
    st.integers(1, 50),
)
def test_few_requests_all_stay_and_their_order_is_nothing(
    rows: list[tuple[int, int, int]], random_: random.Random, most: int
) -> None:
    shuffled = rows.copy()
    random_.shuffle(shuffled)
    first, again = (sample(*columns([SeenRequest(*r) for r in each]), most) for each in (rows, shuffled))
    assert first == again
    assert len(first) == min(most, len(rows))
    if most >= len(rows):
        assert sorted(first) == sorted(rows)


@hypothesis.settings(max_examples=examples(20))
@hypothesis.given(st.integers(0, 100), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_of_a_file_is_nothing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, random_: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    rows = poisson(700, seed=seed)
    rows = [row for n, row in enumerate(rows) if n == 0 or row[0] > rows[n - 1][0]]
    shuffled = rows.copy()
    random_.shuffle(shuffled)
    first, again = (summarised(read_trace(csv_of(folder, each)), "t") for each in (rows, shuffled))
    assert first == again


@pytest.fixture
def summary(tmp_path: Path) -> TrafficSummary:
    return summarised(read_trace(csv_of(tmp_path, poisson(3000))), "mine.csv")


def test_a_plan_takes_what_the_summary_tells(summary: TrafficSummary) -> None:
    traced = present(summary.traced)
    assert traced.prompt_tokens == round(summary.prompt_tokens.mean)
    assert traced.output_spread == pytest.approx(summary.output_tokens.spread, rel=0.005)
    assert traced.burstiness == pytest.approx(max(1, present(summary.burstiness)), rel=0.005)
    assert traced.cached_share is None
    assert traced.trough_fraction is None
    assert len(traced.seen) == MOST_SEEN
    assert traced.longest_tokens >= max(prompt + output for prompt, output, _ in traced.seen)


def test_a_summary_is_the_same_after_json(summary: TrafficSummary) -> None:
    assert TrafficSummary.model_validate_json(summary.model_dump_json()) == summary


def test_what_isn_t_known_is_none_with_a_note(summary: TrafficSummary) -> None:
    assert summary.daily is None
    assert summary.prefix is None
    assert summary.sessions is None
    assert sum("daily curve" in note for note in summary.notes) == 1
    assert sum("prefixes" in note for note in summary.notes) == 1
