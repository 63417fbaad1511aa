"""The shipped p95s under bursts: of everything in the table, as computed, and worse the burstier."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from knowledge.burst_curves import burst_curves, levels_for
from knowledge.catalogue import models, traffic_profiles
from knowledge.estimator.bursts import LEVELS, model_rows, shipped_bursts
from knowledge.judging import targets_in_order
from tests.planning import Tables, made_table, specify
from tools.planning.estimates import Estimates, thinned


def test_every_configuration_of_the_table_is_there_at_every_level() -> None:
    rows = list(shipped_bursts())
    keys = {
        (r["model_id"], r["gpu_type"], r["gpu_count"], r["prompt_tokens"], r["output_tokens"]) for r in rows
    }
    assert len(rows) == len(LEVELS) * len(keys)
    assert {r["model_id"] for r in rows} == set(models())
    assert {float(r["burstiness"]) for r in rows} == set(LEVELS)


@pytest.mark.slow
def test_the_shipped_rows_of_a_model_are_what_comes_out() -> None:
    model_id = "deepseek-ai/DeepSeek-V3"
    shipped = [r for r in shipped_bursts() if r["model_id"] == model_id]
    computed = [{name: str(value) for name, value in row.items()} for row in model_rows(model_id, 0)]
    assert shipped == computed


def test_bursts_never_help_and_more_replicas_thin_them(tables: Tables) -> None:
    targets = targets_in_order(specify(1000).slo_targets)
    for profile in traffic_profiles():
        table = tables[profile]
        by_burstiness = [
            Estimates(table, profile, b).capacities(targets).of_one_of(np.ones(len(table)))
            for b in (1.0, 1.5, 2.0, 4.0, 9.0, 16.0)
        ]
        for calmer, burstier in pairwise(by_burstiness):
            assert np.all(burstier <= calmer * (1 + 1e-9))
        assert np.all(
            Estimates(table, profile, 17.0).capacities(targets).of_one_of(np.ones(len(table))) == 0
        )  # nobody simulated that
        of_many = Estimates(table, profile, 17.0).capacities(targets)
        assert np.all(
            of_many.of_one_of(np.full(len(table), 9.0)) >= of_many.of_one_of(np.full(len(table), 3.0))
        )


def test_what_was_not_simulated_holds_nothing_under_bursts() -> None:
    rows = [(1.0, 50.0, 10.0, 3000.0), (9.0, 60.0, 10.0, 3000.0)]
    table = made_table({("meta-llama/Llama-3.1-8B-Instruct", "H100", 3): rows})
    profile = traffic_profiles()[0]
    curves = burst_curves(table, profile, LEVELS)
    assert np.all(curves.capacity(np.array([1e9, 1e9, 1e9])) == 0)
    assert levels_for(1.0) == ()
    assert levels_for(2.5) == (2.0, 4.0)
    assert levels_for(200.0) == LEVELS


def test_a_split_at_random_thins_bursts() -> None:
    assert thinned(4.0, np.array([1.0, 3.0, 30.0])).tolist() == [4.0, 2.0, 1.1]


def test_replicas_are_the_fewest_that_carry_the_rate(tables: Tables) -> None:
    targets = targets_in_order(specify(1000).slo_targets)
    profile = traffic_profiles()[0]
    table = tables[profile]
    counts = table.gpu_counts.astype(float)
    for burstiness in (1.0, 2.0, 4.0, 12.0, 50.0):
        capacities = Estimates(table, profile, burstiness).capacities(targets)
        for rate in (0.5, 20.0, 900.0):
            found = capacities.replicas(rate, counts)
            some = np.flatnonzero(np.isfinite(found))
            assert len(some)
            assert np.all(capacities.of(some).enough(found[some], rate))
            fewer = capacities.of(some).enough(np.maximum(found[some] - 1, 1), rate)
            assert not np.any(fewer & (found[some] > 1))
