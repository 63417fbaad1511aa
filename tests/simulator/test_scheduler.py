"""The simulator's scheduler, step by step, is the benchmarks' scheduler model."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.catalogue import gpus
from knowledge.estimator.calibration import calibration
from knowledge.estimator.grids import shipped_grid
from knowledge.estimator.scheduler import Latencies, simulate
from knowledge.estimator.steps import StepTimes
from simulator.vllm.scheduler import Scheduler, Sequence
from tests.present import present

MODEL, GPU = "openai/gpt-oss-20b", "H100"


def steps_of(seats: int, batched: int) -> StepTimes:
    grid = present(shipped_grid(MODEL, GPU, 1))
    return StepTimes(grid, calibration().overheads(gpus()[GPU].architecture), seats, batched)


def stepped(
    steps: StepTimes, kv_tokens: int, arrivals_ms: list[float], prompts: list[int], outputs: list[int]
) -> Latencies:
    """The same requests through the scheduler that works in steps, by a clock of its own."""
    scheduler, now, upcoming = Scheduler(steps, kv_tokens), 0.0, 0
    sequences = [Sequence(p, o) for p, o in zip(prompts, outputs, strict=True)]
    number = {id(s): n for n, s in enumerate(sequences)}
    first: dict[int, float] = {}
    seen: list[tuple[float, float, float]] = []
    while True:
        while upcoming < len(sequences) and arrivals_ms[upcoming] <= now:
            scheduler.add(sequences[upcoming])
            upcoming += 1
        step = scheduler.step()
        if step is None:
            if upcoming == len(sequences):
                break
            now = arrivals_ms[upcoming]
            continue
        now += step.duration_ms
        for sequence in step.made:
            i = number[id(sequence)]
            first.setdefault(i, now)
            if sequence.done:
                sent = arrivals_ms[i] - steps.overheads.request_ms
                seen.append((first[i] - sent, (now - first[i]) / max(1, outputs[i] - 1), now - sent))
    assert scheduler.context == 0
    return Latencies(*np.array(seen).T)


@given(
    st.lists(st.tuples(st.floats(0, 200), st.integers(1, 600), st.integers(1, 60)), min_size=1, max_size=30),
    st.integers(1, 8),
    st.sampled_from([64, 256, 2048]),
    st.integers(700, 4000),
)
def test_step_by_step_it_is_the_model_of_the_benchmarks(
    requests: list[tuple[float, int, int]], seats: int, batched: int, kv_tokens: int
) -> None:
    arrivals = list(itertools.accumulate(gap for gap, _, _ in requests))
    prompts, outputs = [p for _, p, _ in requests], [o for _, _, o in requests]
    steps = steps_of(seats, batched)
    expected = simulate(steps, kv_tokens, arrivals, prompts, outputs)
    seen = stepped(steps, kv_tokens, arrivals, prompts, outputs)
    for name in ("ttft_ms", "itl_ms", "e2e_ms"):
        assert sorted(getattr(seen, name)) == pytest.approx(
            sorted(getattr(expected, name)), rel=1e-6, abs=1e-6
        )


def test_an_aborted_sequence_gives_its_room_back() -> None:
    scheduler = Scheduler(steps_of(4, 256), 4000)
    running, half, waiting = Sequence(100, 50), Sequence(400, 5), Sequence(100, 5)
    for sequence in (running, half, waiting):
        scheduler.add(sequence)
    scheduler.step()
    assert scheduler.running == [running]
    assert half.prefilled == 156
    for sequence in (half, waiting, running, running):
        scheduler.abort(sequence)
    assert (scheduler.context, list(scheduler.waiting), scheduler.running) == (0, [], [])
    assert scheduler.step() is None


def test_what_can_never_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="more tokens of context"):
        Scheduler(steps_of(4, 256), 1000).add(Sequence(900, 101))
