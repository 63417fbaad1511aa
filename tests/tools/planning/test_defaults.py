"""Targets that nobody asked for: they follow the lengths, give way first, and say what they cost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import METRICS, use_cases
from tests.planning import Tables, planned, specify
from tests.present import present
from tests.soak import examples
from tools.planning.defaults_in_words import defaults_in_words, relaxed_in_words
from tools.specification import (
    Intent,
    Overrides,
    SpecificationChange,
    build_specification,
    change_specification,
    difference,
    with_defaults,
)

LOOSEST = {"ttft_p95_ms": 3_600_000.0, "itl_p95_ms": 600_000.0, "e2e_p95_ms": 86_400_000.0}


def few_l4(**targets: float) -> SpecificationChange:
    return SpecificationChange.model_validate(
        {"available_gpus": {"L4": 2}, "preferred_models": ["meta-llama/Llama-3.1-8B-Instruct"]} | targets
    )


def test_a_default_gives_way_where_nothing_holds_it(tables: Tables) -> None:
    specification = change_specification(specify(30), few_l4())
    found = planned(tables, specification, limit=3)
    assert found.recommendations[0].gpu_type == "L4"
    looser = {d.metric: d.looser_ms for d in found.relaxed}
    assert looser["itl"] > specification.slo_targets.itl_p95_ms
    used = present(found.made_for)
    assert {m: getattr(used.slo_targets, f"{m}_p95_ms") for m in looser} == looser
    assert used.default_targets == METRICS  # they are still nobody's wish
    assert relaxed_in_words(found)


def test_what_was_asked_never_gives_way(tables: Tables) -> None:
    specification = change_specification(specify(30), few_l4(itl_p95_ms=25))
    found = planned(tables, specification, limit=3)
    assert not found.recommendations
    assert not found.relaxed
    assert found.near_misses


def test_where_something_holds_the_defaults_they_stay_and_say_what_they_cost(tables: Tables) -> None:
    asked = specify(100, preferred_models=["Qwen/Qwen3-32B"], requests_per_second=2.0)
    found = planned(tables, asked, view="lowest_cost", limit=3)
    assert (found.relaxed, found.made_for) == ([], None)
    cost = next(d for d in found.defaults_cost if d.metric == "itl")
    looser = change_specification(asked, SpecificationChange(itl_p95_ms=cost.looser_ms))
    then = planned(tables, looser, view="lowest_cost", limit=1).recommendations[0]
    saved = found.recommendations[0].cost_usd_per_month - then.cost_usd_per_month
    assert saved == pytest.approx(cost.saves_usd_per_month, abs=0.02)
    assert len(defaults_in_words(found)) == len(found.defaults_cost)


@settings(max_examples=examples(15), deadline=None)
@given(
    st.sampled_from(list(use_cases())),
    st.integers(1, 3000),
    st.sampled_from([["L4"], ["A10G"], ["A100-80"], ["H100"], []]),
    st.sampled_from([None, 300, 4000, 30_000]),
    st.sampled_from([None, 5, 200, 2000]),
    st.dictionaries(st.sampled_from(list(LOOSEST)), st.floats(1.5, 20), max_size=2),
)
def test_a_default_never_hides_what_the_asked_targets_admit(
    tables: Tables,
    use_case: str,
    users: int,
    gpu_types: list[str],
    prompt: int | None,
    answer: int | None,
    asked: dict[str, float],
) -> None:
    own = use_cases()[use_case].slo_targets.model_dump()
    wanted = {name: times * own[name] for name, times in asked.items()}
    intent = Intent(use_case=use_case, user_count=users, preferred_gpu_types=gpu_types)
    lengths = {"prompt_tokens": prompt, "output_tokens": answer}
    specification = build_specification(intent, Overrides.model_validate(lengths | wanted))
    alone = build_specification(intent, Overrides.model_validate(lengths | LOOSEST | wanted))
    if planned(tables, alone, limit=1, simulate=1).recommendations:
        found = planned(tables, specification, limit=1, simulate=1)
        assert found.recommendations
        for name, value in wanted.items():
            assert getattr((found.made_for or specification).slo_targets, name) == pytest.approx(value)


def test_defaults_follow_the_lengths() -> None:
    usual, longer = specify(100), specify(100, prompt_tokens=5120, output_tokens=512)
    assert longer.slo_targets.ttft_p95_ms == 10 * usual.slo_targets.ttft_p95_ms
    assert longer.slo_targets.itl_p95_ms == usual.slo_targets.itl_p95_ms
    assert longer.slo_targets.e2e_p95_ms > 512 * usual.slo_targets.itl_p95_ms + longer.slo_targets.ttft_p95_ms
    assert specify(100, prompt_tokens=5120, cached_share=0.9).slo_targets == usual.slo_targets
    assert specify(100, prompt_tokens=20, output_tokens=5).slo_targets == usual.slo_targets
    assert specify(100, prompt_tokens=5120, ttft_p95_ms=150).slo_targets.ttft_p95_ms == 150


def test_what_a_plan_made_of_defaults_is_no_edit_of_the_persons() -> None:
    relaxed = with_defaults(specify(100), {"ttft": 600.0})
    assert relaxed.slo_targets.ttft_p95_ms == 600
    edited = change_specification(relaxed, SpecificationChange(budget_usd_per_month=5000))
    assert edited.slo_targets.ttft_p95_ms == 150
    assert "budget" in difference(relaxed, edited)
    assert "TTFT" not in difference(relaxed, edited)


def test_requests_in_flight_that_may_take_longer_are_told_as_fewer_a_second(tables: Tables) -> None:
    change = SpecificationChange(
        concurrent_requests=40,
        available_gpus={"L4": 2},
        preferred_models=["meta-llama/Llama-3.1-8B-Instruct"],
    )
    specification = change_specification(specify(30), change)
    found = planned(tables, specification, limit=1)
    assert "e2e" in {d.metric for d in found.relaxed}
    peak = present(found.made_for).demand.peak_requests_per_second
    assert peak < specification.demand.peak_requests_per_second
    assert f"{peak:.2f} requests/s" in relaxed_in_words(found)
