"""Near misses: what is suggested admits what it says, and a tenth less doesn't."""

from __future__ import annotations

import math

import pytest

from knowledge.catalogue import TrafficProfile, models, use_cases
from tests.planning import Tables, key, made_table, planned, specify
from tests.present import present
from tools.planning.looser_targets import round_up
from tools.planning.plan import NearMiss, Plan
from tools.planning.quality import catalogued_quality
from tools.specification import Specification, SpecificationChange, change_specification

INFEASIBLE = {
    "ITL too tight on two GPU types": specify(1000, itl_p95_ms=1.2, preferred_gpu_types=["L4", "L40S"]),
    "TTFT too tight": specify(1000, ttft_p95_ms=22),
    "E2E too tight": specify(1000, e2e_p95_ms=250),
    "E2E too tight for bursts": specify(4000, "code_completion", e2e_p95_ms=150),
    "two targets too tight": specify(1000, ttft_p95_ms=21, itl_p95_ms=1, preferred_gpu_types=["H100"]),
    "all targets absurd": specify(1000, ttft_p95_ms=1, itl_p95_ms=0.01, e2e_p95_ms=5),
    "budget too small": specify(1000, budget_usd_per_month=300),
    "budget too small for bursts": specify(9000, "document_analysis_rag", budget_usd_per_month=6000),
    "quality too high": specify(1000, min_quality=92),
    "context too long on these": specify(1000, min_context_tokens=20_000_000),
    "too few GPUs": specify(100_000, available_gpus={"H100": 4}),
    "too few servers": specify(100_000, owned="2x2xH100"),
    "too few servers at one's own price": specify(100_000, owned="4xH100@2,8xL40S"),
    "GPU too small": specify(1000, "research_legal_analysis", preferred_gpu_types=["A10G"]),
    "licence of the only model": specify(
        1000, preferred_models=["meta-llama/Llama-3.3-70B-Instruct"], licenses=["permissive"]
    ),
    "not sold there": specify(1000, providers=["azure"], preferred_gpu_types=["L40S"]),
    "no model left": specify(1000, excluded_models=list(models())),
    "the small models excluded, and a small budget": specify(
        1000,
        excluded_models=[m.id for m in models().values() if m.parameters_b < 9],
        budget_usd_per_month=700,
    ),
    "no such size": specify(1000, model_sizes=["55B"]),
    "too large for the budget": specify(1000, model_sizes=["70B"], budget_usd_per_month=1500),
    "no such checkpoint": specify(
        1000, preferred_models=["meta-llama/Llama-3.1-8B-Instruct"], weight_formats=["mxfp4"]
    ),
    "budget and TTFT": specify(1000, budget_usd_per_month=300, ttft_p95_ms=26),
}


def offers_it(found: Plan, miss: NearMiss) -> bool:
    """Whether the suggested configuration, with so many replicas at that cost, is a recommendation."""
    return any(
        key(o) == key(miss)
        and o.replicas == miss.replicas
        and abs(o.cost_usd_per_month - miss.cost_usd_per_month) < 0.01
        for o in found.recommendations
    )


def a_tenth_less(specification: Specification, change: SpecificationChange) -> SpecificationChange | None:
    """Nine tenths of the way for every figure of a change; None where none of it is a figure."""
    values = change.model_dump(exclude_defaults=True)
    figures = {}
    for name, value in values.items():
        before = getattr(specification.slo_targets, name, None) or getattr(specification.intent, name, None)
        if isinstance(value, dict):
            owned = before or {}
            figures[name] = {
                gpu: count if count == owned.get(gpu) else count - 1 for gpu, count in value.items()
            }
        elif isinstance(value, int | float) and before is not None:
            less = before + 0.9 * (value - before)
            figures[name] = math.floor(less) + 1 if isinstance(value, int) else less
    return SpecificationChange.model_validate(values | figures) if figures else None


@pytest.mark.parametrize("name", list(INFEASIBLE))
def test_each_suggestion_is_a_real_recomputation(tables: Tables, name: str) -> None:
    specification = INFEASIBLE[name]
    found = planned(tables, specification, limit=5)
    assert found.recommendations == []
    assert found.near_misses, found.excluded
    assert sum(found.excluded.values()) == found.considered
    for miss in found.near_misses:
        relaxed = planned(tables, change_specification(specification, miss.change), limit=5)
        assert offers_it(relaxed, miss), miss
        less = a_tenth_less(specification, miss.change)
        if less is not None:
            assert not offers_it(planned(tables, change_specification(specification, less), limit=5), miss), (
                miss
            )


def test_the_smallest_comes_first_and_every_figure_is_named(tables: Tables) -> None:
    found = planned(tables, INFEASIBLE["TTFT too tight"], limit=5).near_misses
    stretches = [m.stretch for m in found if m.stretch is not None]
    assert stretches == sorted(stretches)
    assert all(
        m.relaxation.startswith("TTFT p95 ") and m.relaxation.endswith(" instead of 22 ms") for m in found
    )
    assert all(set(m.change.model_dump(exclude_defaults=True)) == {"ttft_p95_ms"} for m in found)


def test_nothing_less_than_the_smallest_admits_anything(tables: Tables) -> None:
    """Not only the suggested configuration is missing below it: all are."""
    for name in ("TTFT too tight", "E2E too tight", "budget too small"):
        specification = INFEASIBLE[name]
        smallest = planned(tables, specification, limit=5).near_misses[0]
        less = present(a_tenth_less(specification, smallest.change))
        assert planned(tables, change_specification(specification, less), limit=5).recommendations == []


def test_where_something_fits_only_what_costs_less_is_worth_a_word(tables: Tables) -> None:
    for users, use_case in (
        (1000, "summarization_short"),
        (2000, "long_document_summarization"),
        (20_000, "code_completion"),
    ):
        found = planned(tables, specify(users, use_case), limit=5)
        cheapest = min(o.cost_usd_per_month for o in found.recommendations)
        assert all(m.cost_usd_per_month < cheapest for m in found.near_misses)


def test_by_hand() -> None:
    """Planned are 2.67 / 0.8 = 3.33 requests/s. One replica has there 180 + (3.33 − 1.1) / 8.9 · 89 = 202.3
    ms of TTFT; the least that admits anything is a little above the idle 170 ms: 17 replicas at 0.196
    requests/s each have 170 + 0.096 · 10 = 170.96 ms.
    """
    rows = [(0.1, 170.0, 10.0, 3000.0), (1.1, 180.0, 10.0, 3000.0), (10.0, 269.0, 10.0, 3000.0)]
    table = made_table({("meta-llama/Llama-3.1-8B-Instruct", "L40S", 1): rows})
    specification = specify(1000, ttft_p95_ms=150)
    profile: TrafficProfile = specification.traffic_profile
    found = planned({profile: table}, specification)
    by_replicas = {m.replicas: m for m in found.near_misses}
    assert set(by_replicas) == {1, 17}
    assert by_replicas[17].change.ttft_p95_ms == pytest.approx(171.5, abs=0.55)
    assert by_replicas[1].change.ttft_p95_ms == pytest.approx(203.6, abs=1.35)


@pytest.mark.parametrize(
    ("value", "start", "expected"),
    [(27.13, 25, 27.2), (1043.2, 1000, 1044), (25.003, 25, 25.0031), (540, 250, 540)],
)
def test_a_figure_is_rounded_up_by_little_of_the_step(value: float, start: float, expected: float) -> None:
    rounded = round_up(value, start)
    assert value <= rounded <= value + (value - start) / 20
    assert rounded <= expected


def test_where_no_quality_is_known_a_least_one_can_only_go(tables: Tables) -> None:
    unknown = "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"
    found = planned(tables, specify(1, preferred_models=[unknown], min_quality=50), simulate=0)
    assert not found.recommendations
    assert [miss.change.clear for miss in found.near_misses if miss.change.clear] == [["min_quality"]]


def test_a_near_miss_of_a_model_that_is_not_good_enough_says_so(tables: Tables) -> None:
    found = planned(tables, specify(1000, budget_usd_per_month=400), simulate=0)
    least = use_cases()["chatbot_conversational"].least_quality.off
    assert found.near_misses
    for miss in found.near_misses:
        known = catalogued_quality(miss.model_id, "chatbot_conversational", "off").known
        assert miss.offered_as == (
            "quality unknown" if known is None else "weaker" if known < least else None
        )
    assert any(miss.offered_as == "weaker" for miss in found.near_misses)
