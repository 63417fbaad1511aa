"""Relative wishes and exclusions, as changes of a specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import CompassError
from tools.specification import (
    Intent,
    NothingToStartFrom,
    Overrides,
    SpecificationChange,
    build_specification,
    change_need,
    change_specification,
)

NEED = Intent(use_case="chatbot_conversational", user_count=1000)


def changed(intent: Intent = NEED, **values: object) -> Intent:
    return change_specification(
        build_specification(intent, Overrides()), SpecificationChange.model_validate(values)
    ).intent


@given(st.floats(1, 1e6), st.floats(0.1, 10), st.floats(0, 1e6))
def test_what_is_added_and_multiplied_starts_from_what_there_is(
    base: float, factor: float, more: float
) -> None:
    intent = NEED.model_copy(update={"budget_usd_per_month": base})
    assert changed(intent, factors={"budget_usd_per_month": factor}).budget_usd_per_month == pytest.approx(
        base * factor, abs=1e-5
    )
    assert changed(intent, added={"budget_usd_per_month": more}).budget_usd_per_month == pytest.approx(
        base + more, abs=1e-5
    )


def test_a_target_of_the_template_is_something_to_start_from_and_a_budget_that_isnt_set_is_not() -> None:
    spec = build_specification(NEED, Overrides())
    lower = change_specification(spec, SpecificationChange(added={"ttft_p95_ms": -20}))
    assert lower.slo_targets.ttft_p95_ms == spec.slo_targets.ttft_p95_ms - 20
    with pytest.raises(NothingToStartFrom, match="budget isn't set"):
        changed(added={"budget_usd_per_month": 500})
    with pytest.raises(CompassError, match="would leave nothing"):
        change_specification(spec, SpecificationChange(added={"ttft_p95_ms": -spec.slo_targets.ttft_p95_ms}))
    with pytest.raises(CompassError, match="isn't given as a number of users"):
        changed(Intent(use_case="chatbot_conversational", requests_per_second=5), users_added=100)


def test_before_there_is_a_specification_the_template_is_what_there_is() -> None:
    change = SpecificationChange(added={"ttft_p95_ms": 50}, user_count=200)
    intent, overrides = change_need(Intent(use_case="chatbot_conversational"), Overrides(), change)
    template = build_specification(intent, Overrides()).slo_targets.ttft_p95_ms
    assert (intent.user_count, overrides.ttft_p95_ms) == (200, template + 50)
    with pytest.raises(CompassError, match="before I know what it is for"):
        change_need(Intent(), Overrides(), change)
    with pytest.raises(CompassError, match="How many users"):
        change_need(Intent(), Overrides(), SpecificationChange(users_added=50))


def test_what_is_allowed_again_is_no_longer_excluded_and_not_the_only_one() -> None:
    without = NEED.model_copy(update={"excluded_gpu_types": ["H100", "B200"], "excluded_providers": ["aws"]})
    assert changed(without, allowed={"gpu_types": ["H100"]}).excluded_gpu_types == ["B200"]
    assert changed(without, allowed={"gpu_types": ["H100"]}).preferred_gpu_types == []
    assert changed(without, allowed={"providers": ["aws"]}).excluded_providers == []
    only = NEED.model_copy(
        update={"preferred_gpu_types": ["L4"], "providers": ["gcp"], "licenses": ["permissive"]}
    )
    assert changed(only, allowed={"gpu_types": ["H100"]}).preferred_gpu_types == ["L4", "H100"]
    assert changed(only, allowed={"providers": ["aws"]}).providers == ["gcp", "aws"]
    assert changed(only, allowed={"licenses": ["community"]}).licenses == ["permissive", "community"]


def test_what_is_wanted_isnt_excluded_and_the_other_way_round_and_some_licence_is_left() -> None:
    assert changed(
        NEED.model_copy(update={"excluded_providers": ["aws", "gcp"]}), providers=["aws"]
    ).excluded_providers == ["gcp"]
    assert changed(NEED.model_copy(update={"regions": ["eastus"]}), excluded_regions=["eastus"]).regions == []
    assert changed(excluded_licenses=["community"]).licenses == ["permissive", "non-commercial"]
    with pytest.raises(CompassError, match="No licence would be left"):
        changed(NEED.model_copy(update={"licenses": ["permissive"]}), excluded_licenses=["permissive"])
