"""Targets at the mean, p50, p90, p95 or p99, several of one metric, or none: planned, simulated and told at
what was asked, and nothing else.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import METRICS, STATISTICS, Metric, Statistic
from knowledge.errors import CompassError
from knowledge.judging import judging_of
from tests.planning import Tables, planned
from tools.planning.plan import Plan
from tools.planning.targets import every_target
from tools.specification import (
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_specification,
    difference,
    targets_asked,
    told,
)

MODELS = ["meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-32B"]
NO_HIGHER: list[tuple[Statistic, Statistic]] = [("p50", "p90"), ("p90", "p95"), ("p95", "p99")]
"""The first of each is never above the second."""


def need(rate: float = 8.0, **figures: object) -> Specification:
    intent = Intent(use_case="chatbot_conversational", requests_per_second=rate, preferred_models=MODELS)
    return build_specification(intent, Overrides.model_validate(figures))


def with_targets(*typed: str, **figures: object) -> Specification:
    return change_specification(need(**figures), targets_asked(typed))  # type: ignore[arg-type]


def plan_of(tables: Tables, specification: Specification) -> Plan:
    return planned(tables, specification, view="lowest_cost", limit=2)


def least(plan: Plan) -> float:
    first = plan.recommendations[:1]
    return first[0].cost_usd_per_month if first else float("inf")


def test_a_target_at_another_statistic_takes_the_place_of_the_default_p95() -> None:
    targets = with_targets("ttft_p90=500ms", "itl_mean=40ms").slo_targets
    assert targets.of("ttft") == {"p90": 500.0}
    assert targets.of("itl") == {"mean": 40.0}
    assert list(targets.of("e2e")) == ["p95"]


def test_several_statistics_of_one_metric_are_held_together(tables: Tables) -> None:
    specification = with_targets("ttft_p50=100ms", "ttft_p99=300ms")
    first = plan_of(tables, specification).recommendations[0].predicted.ttft_ms
    assert specification.slo_targets.of("ttft") == {"p50": 100.0, "p99": 300.0}
    assert (first.p50 or 1e9) <= 100
    assert (first.p99 or 1e9) <= 300


def test_a_metric_without_a_target_is_told_so_and_never_costs() -> None:
    specification = with_targets("ttft=none", "e2e=none")
    rows = {row.label: row.text for row in told(specification)}
    assert rows["TTFT p95"] == rows["E2E p95"] == "no target"
    assert rows["ITL p95"] == "25 ms"
    assert specification.default_targets == ("itl",)
    assert [target.ms for target in every_target(specification.slo_targets)] == [None, 25.0, None]


def test_a_target_takes_back_that_there_is_none_and_lifting_it_gives_the_template() -> None:
    without = with_targets("ttft=none")
    again = change_specification(without, SpecificationChange(ttft_p90_ms=400))
    assert again.slo_targets.of("ttft") == {"p90": 400.0}
    assert change_specification(again, targets_asked(["ttft=none"])).slo_targets.of("ttft") == {}
    lifted = change_specification(again, SpecificationChange(clear=["ttft_p90_ms"]))
    assert lifted == change_specification(without, SpecificationChange(clear=["ttft_p95_ms"])) == need()
    unlike = change_specification(without, SpecificationChange(e2e_p95_ms=9000))
    assert unlike.slo_targets.of("ttft") == {}


def test_what_changed_is_told_of_every_statistic() -> None:
    said = difference(need(), with_targets("ttft_p90=500ms"))
    assert "TTFT p90 no target → 500 ms" in said
    assert "TTFT p95 150 ms → no target" in said


def test_tokens_per_second_of_a_user_are_an_itl_target() -> None:
    assert with_targets("tokens_per_s_per_user=20").slo_targets.of("itl") == {"p95": 50.0}
    assert with_targets("tokens_per_s_per_user=20 tokens/s").slo_targets.of("itl") == {"p95": 50.0}


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("ttft_p90=fast", ("ttft_p90", "ms", "3,600 s")),
        ("ttft_p90=0", ("ttft_p90", "ms", "3,600 s")),
        ("e2e_mean=2 days", ("e2e_mean", "ms", "86,400 s")),
        ("itl=20 min", ("itl_p95", "ms", "600 s")),
        ("tokens_per_s_per_user=0", ("tokens_per_s_per_user", "tokens/s", "100,000")),
        ("ttft_p75=100ms", ("ttft_p75", "p90", "tokens_per_s_per_user")),
        ("500ms", ("500ms", "ttft_p90")),
    ],
)
def test_a_bad_target_names_the_field_its_unit_and_its_range(typed: str, named: tuple[str, ...]) -> None:
    with pytest.raises(CompassError) as raised:
        targets_asked([typed])
    assert all(part in str(raised.value) for part in named)


@settings(max_examples=6, deadline=None)
@given(
    st.sampled_from(METRICS),
    st.sampled_from(NO_HIGHER),
    st.floats(0.4, 3.0),
    st.sampled_from([None, 700]),
    st.floats(1.0, 25.0),
)
def test_a_lower_statistic_never_costs_more_at_the_same_figure(
    tables: Tables,
    metric: Metric,
    of: tuple[Statistic, Statistic],
    looseness: float,
    prompt: int | None,
    rate: float,
) -> None:
    ms = round(need(rate).slo_targets.loosest_ms(metric) * looseness, 3)
    plain = {"prompt_tokens": prompt} if prompt else {}
    lower, higher = (plan_of(tables, need(rate, **plain | {f"{metric}_{s}_ms": ms})) for s in of)
    if not higher.relaxed and not lower.relaxed:
        assert least(lower) <= least(higher)


@settings(max_examples=6, deadline=None)
@given(st.sampled_from(METRICS), st.sampled_from(STATISTICS), st.floats(0.4, 3.0), st.floats(1.05, 4.0))
def test_a_looser_target_never_costs_more_and_what_was_asked_is_never_relaxed(
    tables: Tables, metric: Metric, statistic: Statistic, looseness: float, factor: float
) -> None:
    ms = need().slo_targets.loosest_ms(metric) * looseness
    field = f"{metric}_{statistic}_ms"
    tight, loose = (need(**{field: round(figure, 3)}) for figure in (ms, ms * factor))
    plans = plan_of(tables, tight), plan_of(tables, loose)
    if not plans[0].relaxed and not plans[1].relaxed:
        assert least(plans[1]) <= least(plans[0])
    for specification, plan in zip((tight, loose), plans, strict=True):
        assert metric not in {d.metric for d in (*plan.relaxed, *plan.defaults_cost)}
        made_for = plan.made_for or specification
        assert made_for.slo_targets.of(metric) == specification.slo_targets.of(metric)
        for option in plan.recommendations:
            seen = option.predicted.of(metric).at(statistic)
            assert (seen or 0.0) <= specification.slo_targets.of(metric)[statistic] + 0.05


def test_without_targets_nothing_costs_more_than_with_any(tables: Tables) -> None:
    without = plan_of(tables, with_targets("ttft=none", "itl=none", "e2e=none"))
    assert least(without) <= least(plan_of(tables, need()))
    assert not [miss for miss in without.near_misses if miss.stretch is not None]


def test_a_near_miss_loosens_what_was_asked_at_its_own_statistic(tables: Tables) -> None:
    specification = with_targets("ttft_p90=12ms", "ttft_p50=10ms")
    plan = plan_of(tables, specification)
    assert not plan.recommendations
    miss = next(miss for miss in plan.near_misses if miss.change.ttft_p90_ms is not None)
    assert miss.change.ttft_p95_ms is None
    assert miss.change.ttft_p50_ms is not None
    after = plan_of(tables, change_specification(specification, miss.change))
    assert least(after) <= miss.cost_usd_per_month


def test_only_the_kinds_of_targets_are_what_a_plan_depends_on() -> None:
    assert judging_of(need().slo_targets).plain
    assert judging_of(with_targets("ttft_p90=1").slo_targets) == judging_of(
        with_targets("ttft_p90=9").slo_targets
    )
