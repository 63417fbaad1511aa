"""Why something isn't first: its place is the place that a plan gives it, and what
keeps it out really does.
"""

from __future__ import annotations

import pytest

from knowledge.catalogue import gpus, models
from knowledge.prices import prices
from tests.planning import Tables, key, planned, specify
from tools.plan_capacity import PlanRequest
from tools.specification import Specification, SpecificationChange, change_specification
from tools.traffic import map_to_benchmark_profile
from tools.why_not import WhyNot, WhyNotRequest, place


def asked(
    tables: Tables,
    specification: Specification,
    gpu_types: list[str] | None = None,
    model_ids: list[str] | None = None,
) -> WhyNot:
    profile = map_to_benchmark_profile(specification.traffic_profile)
    request = WhyNotRequest(
        plan=PlanRequest(specification=specification, benchmark_profile=profile),
        gpu_types=gpu_types or [],
        model_ids=model_ids or [],
    )
    return place(request, tables.__getitem__, prices())


def with_only(specification: Specification, gpu: str) -> Specification:
    return change_specification(specification, SpecificationChange(preferred_gpu_types=[gpu]))


@pytest.mark.parametrize("gpu", list(gpus()))
def test_the_best_of_a_gpu_type_is_what_a_plan_for_it_alone_puts_first(tables: Tables, gpu: str) -> None:
    specification = specify(1000, latency_priority="high")
    found, alone = (
        asked(tables, specification, [gpu]),
        planned(tables, with_only(specification, gpu), limit=1),
    )
    if found.best is None:
        assert alone.recommendations == []
        return
    first = alone.recommendations[0]
    assert key(found.best) == key(first)
    assert (found.best.replicas, found.best.cost_usd_per_month) == (first.replicas, first.cost_usd_per_month)
    assert 1 <= found.best.rank <= found.options


def test_the_first_of_a_plan_is_the_first_of_all(tables: Tables) -> None:
    specification = specify(5000, "code_completion")
    first = planned(tables, specification, limit=5).recommendations[0]
    found = asked(tables, specification, [first.gpu_type], [first.model_id])
    assert found.best is not None
    assert (key(found.best), found.best.rank) == (key(first), 1)


def test_places_follow_the_score(tables: Tables) -> None:
    specification = specify(3000)
    found = [best for gpu in gpus() if (best := asked(tables, specification, [gpu]).best) is not None]
    assert len(found) > 3
    assert [o.rank for o in sorted(found, key=lambda o: -o.score)] == sorted(o.rank for o in found)


@pytest.mark.parametrize("gpu", ["H100", "L4", "MI300X"])
def test_what_would_admit_it_admits_it(tables: Tables, gpu: str) -> None:
    specification = specify(1000, ttft_p95_ms=20)
    found = asked(tables, specification, [gpu])
    assert found.best is None
    assert sum(found.excluded.values()) == found.considered > 0
    assert found.near_misses
    for miss in found.near_misses:
        assert miss.gpu_type == gpu
        relaxed = change_specification(with_only(specification, gpu), miss.change)
        assert any(key(o) == key(miss) for o in planned(tables, relaxed, limit=5).recommendations)


def test_a_wish_of_ones_own_is_named_and_lifted(tables: Tables) -> None:
    specification = specify(1000, excluded_gpu_types=["H100"])
    found = asked(tables, specification, ["H100"])
    assert found.best is None
    assert list(found.excluded) == ["not on the GPU types you want"]
    assert found.if_wanted is not None
    assert found.if_wanted.gpu_type == "H100"


def test_a_model_for_other_things_was_not_considered(tables: Tables) -> None:
    other = next(
        m.id
        for m in models().values()
        if "chatbot_conversational" not in m.recommended_for and m.license_kind != "non-commercial"
    )
    found = asked(tables, specify(100), model_ids=[other])
    assert (found.best, found.considered, found.excluded) == (None, 0, {})
    assert found.if_wanted is not None
    assert found.if_wanted.model_id == other
