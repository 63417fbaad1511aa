"""Intervals of percentiles hold what they promise."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.serving.confidence import percentile_interval


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=150), st.sampled_from([0.5, 0.9, 0.95]))
def test_an_interval_holds_its_value_and_lies_among_the_samples(values: list[float], q: float) -> None:
    found = percentile_interval(values, q)
    assert found.value in values
    assert found.low is None or (found.low in values and found.low <= found.value)
    assert found.high is None or (found.high in values and found.high >= found.value)
    assert sum(v <= found.value for v in values) >= q * len(values) - 1e-9


@pytest.mark.parametrize("samples", [20, 60, 200])
def test_the_true_percentile_is_in_nearly_all_intervals(samples: int) -> None:
    draw, held, trials = random.Random(samples), 0, 600
    for _ in range(trials):
        found = percentile_interval([draw.expovariate(1) for _ in range(samples)], 0.95)
        true = 2.995732  # of the exponential distribution: -ln(0.05)
        held += (found.low is None or found.low <= true) and (found.high is None or true <= found.high)
    assert held / trials >= 0.94  # at least 0.95, less the noise of 600 trials


def test_few_samples_have_no_upper_bound_and_many_have() -> None:
    assert percentile_interval(range(30), 0.95).high is None
    found = percentile_interval(range(200), 0.95)
    assert found.high is not None
    assert found.low is not None
    assert found.low < 190 < found.high
