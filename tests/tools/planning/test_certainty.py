"""What figures are worth: those in doubt aren't planned with, and what only the
roofline estimates is no fastest.
"""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.catalogue import SloTargets, gpus, use_cases
from knowledge.database import Database
from knowledge.estimator.withheld import withheld
from knowledge.prices import prices
from knowledge.settings import Settings
from tests.planning import CHATBOT, Tables, key, made_table, planned, specify
from tests.present import present
from tools.plan_capacity import PlanRequest, plan
from tools.planning.plan import Plan
from tools.planning.provenance import estimate_error_of
from tools.planning.ranking import pick
from tools.query_benchmarks import BenchmarkQuery, query_benchmarks
from tools.specification import SpecificationChange, change_specification
from tools.traffic import map_to_benchmark_profile
from tools.why_not import WhyNotRequest, place

SCOUT = "RedHatAI/Llama-4-Scout-17B-16E-Instruct-FP8-dynamic"


@pytest.mark.parametrize("use_case", list(use_cases()))
def test_nothing_in_doubt_is_offered_or_suggested(tables: Tables, use_case: str) -> None:
    for specification in (
        specify(2000, use_case),
        specify(2000, use_case, ttft_p95_ms=30),
        specify(2000, use_case, preferred_models=[SCOUT]),
    ):
        found = planned(tables, specification, simulate=0)
        assert not {key(o) for o in [*found.recommendations, *found.near_misses]} & withheld().keys()


def test_what_is_in_doubt_is_counted_and_why_not_tells(tables: Tables) -> None:
    specification = specify(
        200, "research_legal_analysis", preferred_models=[SCOUT], preferred_gpu_types=["H100", "H200"]
    )
    found = planned(tables, specification, limit=5)
    assert found.recommendations == []
    assert any("the estimate is in doubt" in why for why in found.excluded)
    assert found.near_misses == [] or not {key(m) for m in found.near_misses} & withheld().keys()
    profile = map_to_benchmark_profile(specification.traffic_profile)
    asked = PlanRequest(specification=specify(200, "research_legal_analysis"), benchmark_profile=profile)
    told = place(
        WhyNotRequest(plan=asked, gpu_types=["H100"], model_ids=[SCOUT]), tables.__getitem__, prices()
    )
    if told.considered:
        assert any("the estimate is in doubt" in why for why in told.excluded)


def marked(found: Plan, mark: str) -> list[int]:
    return [o.rank for o in found.recommendations if mark in o.marks]


@pytest.mark.parametrize("use_case", list(use_cases()))
@pytest.mark.parametrize("users", [300, 20_000])
def test_an_unmeasured_roofline_is_never_the_fastest(tables: Tables, use_case: str, users: int) -> None:
    """A 3B model on a GPU type where nothing was measured was “fastest” with an ITL
    below all that was ever measured.
    """
    found = planned(tables, specify(users, use_case), limit=8)
    sure = [o for o in found.recommendations if not o.by_roofline]
    fastest = marked(found, "fastest")
    assert len(fastest) == (1 if sure else 0)
    for rank in fastest:
        first = found.recommendations[rank - 1]
        assert first.estimate_error is None or first.estimate_error.steps != "the roofline"
        assert found.views["lowest_latency"][0] == rank
        assert pick(found.recommendations, "fastest") == first
        assert rank == 1 or first.reasons[0].split(", ").count("fastest") == 1
    order = [found.recommendations[rank - 1].by_roofline for rank in found.views["lowest_latency"]]
    assert order == sorted(order)


def test_where_all_rest_on_the_roofline_none_is_the_fastest_and_the_cheapest_says_so(tables: Tables) -> None:
    found = planned(tables, specify(1000, preferred_gpu_types=["MI300X"]), limit=5)
    assert found.recommendations
    assert marked(found, "fastest") == []
    assert len(marked(found, "cheapest (roofline)")) == 1
    assert marked(found, "cheapest") == []
    assert pick(found.recommendations, "fastest") in found.recommendations


def test_measured_rows_take_any_mark() -> None:
    rows = [(1.0, 50.0, 10.0, 3000.0), (9.0, 60.0, 11.0, 3200.0)]
    table = made_table({("meta-llama/Llama-3.1-8B-Instruct", "H100", 1): rows})
    assert not table.by_roofline.any()
    assert estimate_error_of(table, 0) is None
    specification = specify(200)
    profile = map_to_benchmark_profile(specification.traffic_profile)
    found = plan(PlanRequest(specification=specification, benchmark_profile=profile), table, prices())
    assert found.recommendations[0].marks == ["cheapest", "fastest", "best quality", "fewest GPUs"]


def test_the_error_of_an_estimate_is_that_of_its_kind(tables: Tables) -> None:
    for table in tables.values():
        some = np.linspace(0, len(table) - 1, 40).astype(int).tolist()
        for n in some:
            error = present(estimate_error_of(table, n))
            assert (error.steps == "the roofline") == bool(table.by_roofline[n])
    assert set(gpus())


def test_a_wish_for_the_model_does_not_bring_back_what_is_in_doubt(tables: Tables) -> None:
    narrowed = change_specification(specify(200), SpecificationChange(preferred_models=["Qwen/Qwen3-8B-FP8"]))
    found = planned(tables, narrowed, simulate=0)
    assert {o.gpu_type for o in found.recommendations}.isdisjoint({"H100", "H200"})


def test_models_that_hold_the_targets_are_counted_without_what_is_in_doubt(settings: Settings) -> None:
    database, targets = Database(settings), SloTargets(ttft_p95_ms=3e6, itl_p95_ms=5e5, e2e_p95_ms=8e7)
    try:
        query = BenchmarkQuery(
            model_ids=[SCOUT], gpu_types=["H100"], traffic_profile=CHATBOT, slo_targets=targets
        )
        assert query_benchmarks(query, database).models_within_slo == 0
        assert (
            query_benchmarks(
                query.model_copy(update={"gpu_types": ["H100", "B200"]}), database
            ).models_within_slo
            == 1
        )
    finally:
        database.close()
