"""Demand by hand, edits, and what stays as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from knowledge.catalogue import use_cases
from tools.specification import (
    MIN_RATE,
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_specification,
)


def chatbot(users: int = 1000) -> Specification:
    return build_specification(Intent(use_case="chatbot_conversational", user_count=users), Overrides())


def test_the_chatbot_for_1000_users_worked_by_hand() -> None:
    spec = chatbot()
    # 1000 users x 0.2 active x 0.4 requests/min / 60 x 2.0 peak
    assert spec.demand.peak_requests_per_second == pytest.approx(2.6667, abs=1e-3)
    assert (spec.slo_targets.ttft_p95_ms, spec.slo_targets.itl_p95_ms, spec.slo_targets.e2e_p95_ms) == (
        150,
        25,
        7000,
    )
    assert (spec.traffic_profile.prompt_tokens, spec.traffic_profile.output_tokens) == (512, 256)


def test_every_factor_of_the_rate_is_an_assumption_with_an_origin() -> None:
    named = {a.name: a for a in chatbot().assumptions}
    assert {
        "active_fraction",
        "requests_per_active_user_per_minute",
        "peak_factor",
        "peak_requests_per_second",
    } <= set(named)
    assert all(a.origin for a in named.values())
    assert (
        "1,000 users × 20% active × 0.4 requests/min ÷ 60 × 2 peak = 2.67 requests/s"
        in named["peak_requests_per_second"].text
    )


def test_an_edited_assumption_says_so() -> None:
    changed = change_specification(chatbot(), SpecificationChange(active_fraction=0.5))
    assert {a.name: a.origin for a in changed.assumptions}["active_fraction"] == "your edit"
    assert changed.demand.peak_requests_per_second == pytest.approx(2.6667 * 2.5, rel=1e-3)


@pytest.mark.parametrize("use_case", list(use_cases()))
@given(users=st.integers(1, 10**9))
def test_demand_is_proportional_to_users_in_every_use_case(use_case: str, users: int) -> None:
    one = build_specification(Intent(use_case=use_case, user_count=users), Overrides())
    d = use_cases()[use_case].demand
    expected = users * d.active_fraction * d.requests_per_active_user_per_minute / 60 * d.peak_factor
    assert one.demand.peak_requests_per_second == pytest.approx(expected, abs=1e-6)


def test_a_rate_given_directly_is_taken_as_it_is_and_replaces_users() -> None:
    changed = change_specification(chatbot(), SpecificationChange(requests_per_second=20))
    assert changed.demand.peak_requests_per_second == 20
    assert changed.intent.user_count is None
    assert change_specification(
        changed, SpecificationChange(user_count=1000)
    ).demand.peak_requests_per_second == pytest.approx(2.6667, abs=1e-3)


@pytest.mark.parametrize(
    "more", [{"requests_per_second": 1e-300}, {"active_fraction": 1e-300}, {"requests_per_day": 1e-9}]
)
def test_no_peak_is_so_small_that_nothing_can_be_divided_by_it(more: dict[str, float]) -> None:
    found = change_specification(chatbot(1), SpecificationChange.model_validate(more))
    assert found.demand.peak_requests_per_second == MIN_RATE


def test_an_edit_leaves_the_old_specification_and_all_other_values() -> None:
    spec = chatbot()
    changed = change_specification(spec, SpecificationChange(ttft_p95_ms=300))
    assert spec.slo_targets.ttft_p95_ms == 150
    assert changed.slo_targets.ttft_p95_ms == 300
    assert changed.slo_targets.itl_p95_ms == 25
    assert changed.intent == spec.intent


def test_another_use_case_brings_its_template_but_keeps_what_was_set() -> None:
    edited = change_specification(chatbot(), SpecificationChange(ttft_p95_ms=300))
    other = change_specification(edited, SpecificationChange(use_case="translation"))
    assert other.slo_targets.ttft_p95_ms == 300
    assert other.slo_targets.itl_p95_ms == 35
    assert other.traffic_profile.output_tokens == 1024


def test_wanting_a_gpu_lifts_its_exclusion_and_the_other_way_round() -> None:
    without = change_specification(chatbot(), SpecificationChange(excluded_gpu_types=["H100", "L4"]))
    wanted = change_specification(without, SpecificationChange(preferred_gpu_types=["H100"]))
    assert wanted.intent.excluded_gpu_types == ["L4"]
    assert (
        change_specification(
            wanted, SpecificationChange(excluded_gpu_types=["H100"])
        ).intent.preferred_gpu_types
        == []
    )
    no_phi = change_specification(chatbot(), SpecificationChange(excluded_models=["microsoft/phi-4"]))
    assert (
        change_specification(
            no_phi, SpecificationChange(preferred_models=["microsoft/phi-4"])
        ).intent.excluded_models
        == []
    )


@pytest.mark.parametrize(
    "values",
    [
        {"user_count": 0},
        {"user_count": -5},
        {"user_count": 10**15},
        {"ttft_p95_ms": 0},
        {"budget_usd_per_month": -1},
        {"requests_per_second": -3},
        {"preferred_gpu_types": ["H900"]},
        {"preferred_models": ["openai/gpt-4"]},
        {"use_case": "mind reading"},
        {"active_fraction": 1.5},
        {"invented": 1},
    ],
)
def test_what_can_not_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SpecificationChange.model_validate(values)


@given(
    st.builds(
        SpecificationChange,
        user_count=st.none() | st.integers(1, 10**9),
        ttft_p95_ms=st.none() | st.floats(0.1, 1e6),
        peak_factor=st.none() | st.floats(1, 100),
        budget_usd_per_month=st.none() | st.floats(1, 1e9),
    )
)
def test_a_specification_survives_json(change: SpecificationChange) -> None:
    spec = change_specification(chatbot(), change)
    assert Specification.model_validate_json(spec.model_dump_json()) == spec


LOADS = {
    "requests_per_second": (20.0, 20.0),
    # 64 in flight, each within the chatbot's 7 s
    "concurrent_requests": (64.0, 64 / 7),
    # 100,000 a day in 8 busy hours, twice the mean at peak
    "requests_per_day": (100_000.0, 100_000 / 8 / 3600 * 2),
}


@pytest.mark.parametrize("name", list(LOADS))
def test_a_load_given_directly_worked_by_hand_and_its_formula_shown(name: str) -> None:
    given, expected = LOADS[name]
    changed = change_specification(chatbot(), SpecificationChange.model_validate({name: given}))
    assert changed.demand.peak_requests_per_second == pytest.approx(expected)
    assert changed.intent.user_count is None
    assert changed.intent.complete
    shown = {a.name: a for a in changed.assumptions}["peak_requests_per_second"]
    assert "requests/s at peak" in shown.text
    assert shown.origin in ("computed", "your words")
    for other in LOADS:
        if other != name:
            later = change_specification(
                changed, SpecificationChange.model_validate({other: LOADS[other][0]})
            )
            assert later.demand.peak_requests_per_second == pytest.approx(LOADS[other][1])


def test_a_days_requests_come_in_the_hours_said_and_a_slower_target_keeps_more_in_flight() -> None:
    daily = change_specification(
        chatbot(), SpecificationChange(requests_per_day=86_400, busy_hours_per_day=24, peak_factor=1)
    )
    assert daily.demand.peak_requests_per_second == pytest.approx(1)
    flight = change_specification(chatbot(), SpecificationChange(concurrent_requests=70))
    assert flight.demand.peak_requests_per_second == pytest.approx(10)
    slower = change_specification(flight, SpecificationChange(e2e_p95_ms=14_000))
    assert slower.demand.peak_requests_per_second == pytest.approx(5)


def test_every_use_case_says_how_its_requests_arrive() -> None:
    for use_case in use_cases().values():
        spec = build_specification(Intent(use_case=use_case.id, user_count=100), Overrides())
        named = {a.name: a.text for a in spec.assumptions}
        assert {"burstiness", "trough_fraction", "minute_peak", "headroom"} <= set(named)
        assert (f"burstiness {use_case.demand.burstiness:g}" in named["burstiness"]) == (
            use_case.demand.burstiness != 1
        )
    calm = change_specification(
        build_specification(Intent(use_case="code_completion", user_count=100), Overrides()),
        SpecificationChange(burstiness=1),
    )
    assert "Poisson" in {a.name: a.text for a in calm.assumptions}["burstiness"]


def test_constraints_are_lifted_one_by_one() -> None:
    tight = change_specification(
        chatbot(),
        SpecificationChange(
            licenses=["permissive"], min_quality=70, providers=["aws"], available_gpus={"H100": 8}, headroom=0
        ),
    )
    assert tight.headroom == 0
    lifted = change_specification(
        tight, SpecificationChange(clear=["licenses", "min_quality", "available_gpus"])
    )
    assert (lifted.intent.licenses, lifted.intent.min_quality, lifted.intent.available_gpus) == ([], None, {})
    assert lifted.intent.providers == ["aws"]
