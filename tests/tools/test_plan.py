"""What a plan promises, as properties over the shipped table: demand, targets,
budget, prices, order, worse rows.
"""

import itertools
import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import TrafficProfile, gpus, models, use_cases
from knowledge.curves import CurveTable, table_of
from knowledge.prices import prices
from knowledge.thinking import MODES
from tests.planning import CHATBOT, Tables, key, made_table, planned, specify
from tests.present import present
from tests.soak import examples
from tools.planning.plan import VIEWS, Plan, Recommendation, View
from tools.planning.quality import quality_of
from tools.planning.ranking import pick
from tools.planning.reasons import worth
from tools.specification import SpecificationChange, change_specification
from tools.traffic import map_to_benchmark_profile

USE_CASES = list(use_cases())
USE_CASE = use_cases()["chatbot_conversational"]
SIMULATING = settings(max_examples=examples(12))
BY_TABLE = settings(max_examples=examples(60))


def lowest_cost(found: Plan) -> float:
    return min((o.cost_usd_per_month for o in found.recommendations), default=math.inf)


@pytest.mark.parametrize("use_case", USE_CASES)
def test_every_use_case_gets_options_that_hold_its_targets(tables: Tables, use_case: str) -> None:
    spec = specify(1000, use_case)
    found = planned(tables, spec, limit=5)
    assert found.recommendations
    assert [o.rank for o in found.recommendations] == list(range(1, len(found.recommendations) + 1))
    for option in found.recommendations:
        assert option.simulated
        assert option.meets_slo
        assert option.predicted.ttft_ms.p95 <= spec.slo_targets.ttft_p95_ms
        assert option.predicted.itl_ms.p95 <= spec.slo_targets.itl_p95_ms
        assert option.predicted.e2e_ms.p95 <= spec.slo_targets.e2e_p95_ms
        assert (
            option.max_requests_per_second
            >= spec.demand.peak_requests_per_second / (1 - spec.headroom) * 0.999
        )
        assert 1 <= option.autoscaling.min_replicas <= option.autoscaling.max_replicas == option.replicas
        for latency in (option.predicted.ttft_ms, option.predicted.itl_ms, option.predicted.e2e_ms):
            assert latency.p50 is not None
            assert latency.p99 is not None
            assert latency.p50 <= latency.p95 <= latency.p99
        assert option.provenance.startswith("estimated: ")
        assert option.estimate_error is not None
    assert set(found.views) == set(VIEWS)
    assert all(
        sorted(ranks) == list(range(1, len(found.recommendations) + 1)) for ranks in found.views.values()
    )


@pytest.mark.parametrize("simulate", [0, 10])
def test_more_demand_never_costs_less(tables: Tables, simulate: int) -> None:
    @settings(BY_TABLE if simulate == 0 else SIMULATING)
    @given(
        users=st.integers(1, 300_000),
        more=st.one_of(st.integers(0, 50), st.integers(0, 300_000)),
        use_case=st.sampled_from(USE_CASES),
    )
    def holds(users: int, more: int, use_case: str) -> None:
        few, many = (
            planned(tables, specify(n, use_case), limit=5, simulate=simulate) for n in (users, users + more)
        )
        assert lowest_cost(many) >= lowest_cost(few)
        cost = {key(o): o.cost_usd_per_month for o in few.recommendations if o.simulated == (simulate > 0)}
        for option in many.recommendations:
            if option.simulated == (simulate > 0):
                assert option.cost_usd_per_month >= cost.get(key(option), 0.0)

    holds()


@pytest.mark.parametrize("simulate", [0, 10])
def test_a_looser_target_never_costs_more(tables: Tables, simulate: int) -> None:
    @settings(BY_TABLE if simulate == 0 else SIMULATING)
    @given(
        factor=st.floats(1, 5),
        metric=st.sampled_from(["ttft_p95_ms", "itl_p95_ms", "e2e_p95_ms"]),
        users=st.integers(1, 100_000),
        use_case=st.sampled_from(USE_CASES),
    )
    def holds(factor: float, metric: str, users: int, use_case: str) -> None:
        spec = specify(users, use_case)
        loose = change_specification(
            spec, SpecificationChange.model_validate({metric: getattr(spec.slo_targets, metric) * factor})
        )
        assert lowest_cost(planned(tables, loose, limit=5, simulate=simulate)) <= lowest_cost(
            planned(tables, spec, limit=5, simulate=simulate)
        )

    holds()


def test_a_bigger_budget_never_removes_an_option(tables: Tables) -> None:
    @settings(max_examples=examples(20))
    @given(budget=st.floats(300, 20_000), factor=st.floats(1, 10), users=st.integers(1, 20_000))
    def holds(budget: float, factor: float, users: int) -> None:
        small, large = (
            planned(tables, specify(users, budget_usd_per_month=b), simulate=0)
            for b in (budget, budget * factor)
        )
        assert {key(o) for o in small.recommendations} <= {key(o) for o in large.recommendations}

    holds()


@pytest.mark.parametrize("use_case", USE_CASES)
def test_a_row_that_is_worse_in_everything_never_changes_the_first_rank(
    tables: Tables, use_case: str
) -> None:
    spec = specify(5000, use_case)
    profile = spec.traffic_profile
    first = planned(tables, spec, limit=5).recommendations[0]
    table = tables[profile]
    taken = {
        (m, g, int(c)) for m, g, c in zip(table.model_ids, table.gpu_types, table.gpu_counts, strict=True)
    }
    # On hardware no cheaper, ten times slower: a model with the first one's quality or less.
    worse = next(
        (first.model_id, first.gpu_type, n)
        for n in range(first.gpu_count, 64)
        if (first.model_id, first.gpu_type, n) not in taken
    )
    rows = [(r, 10 * t, 10 * i, 10 * e) for r, t, i, e in curve_of(table, key(first))]
    idle = [(rows[0][0], first.predicted.ttft_ms.p95, first.predicted.itl_ms.p95, first.predicted.e2e_ms.p95)]
    for bad in (rows, idle):
        with_it = joined(table, made_table({worse: bad}))
        assert key(planned({profile: with_it}, spec, limit=5).recommendations[0]) == key(first)


def curve_of(table: CurveTable, wanted: tuple[str, str, int]) -> list[tuple[float, float, float, float]]:
    [n] = [
        i
        for i in range(len(table))
        if (table.model_ids[i], table.gpu_types[i], int(table.gpu_counts[i])) == wanted
    ]
    first, count = int(table.curves.starts[n]), int(table.curves.counts[n])
    rows = range(first, first + count)
    p95s = [[float(p95) for p95 in table.curves.p95_ms[:, k]] for k in rows]
    return [
        (float(table.curves.rates[k]), ttft, itl, e2e) for k, (ttft, itl, e2e) in zip(rows, p95s, strict=True)
    ]


def rows_of(table: CurveTable) -> list[tuple[Any, ...]]:
    """As the query gives them."""
    found = []
    for n in range(len(table)):
        for k in range(int(table.curves.starts[n]), int(table.curves.starts[n] + table.curves.counts[n])):
            figures = [*table.p50_ms[:, k], *table.curves.p95_ms[:, k], *table.p99_ms[:, k]]
            origin = table.origins[table.origin_codes[k]]
            place = (
                table.model_ids[n],
                table.gpu_types[n],
                int(table.gpu_counts[n]),
                float(table.curves.rates[k]),
            )
            found.append(
                (*place, *map(float, figures), origin.provenance, origin.source, origin.engine, origin.date)
            )
    return found


def joined(*some: CurveTable) -> CurveTable:
    rows = sorted((row for table in some for row in rows_of(table)), key=lambda row: row[:4])
    return table_of(rows)


def test_scaling_all_prices_scales_costs_and_keeps_the_order(tables: Tables) -> None:
    spec = specify(20_000)
    dearer = [p.model_copy(update={"usd_per_gpu_hour": p.usd_per_gpu_hour * 3.7}) for p in prices()]
    one, other = planned(tables, spec, limit=8), planned(tables, spec, dearer, limit=8)
    assert [key(o) for o in one.recommendations] == [key(o) for o in other.recommendations]
    assert one.views == other.views
    for a, b in zip(one.recommendations, other.recommendations, strict=True):
        assert b.cost_usd_per_month == pytest.approx(3.7 * a.cost_usd_per_month, abs=0.02)
        assert a.score == b.score


def test_the_order_of_the_prices_is_irrelevant(tables: Tables) -> None:
    spec = specify(20_000)
    assert planned(tables, spec, limit=5) == planned(tables, spec, prices()[::-1], limit=5)


def test_the_same_request_gives_the_same_plan(tables: Tables) -> None:
    spec = specify(3000, "document_analysis_rag")
    assert planned(tables, spec, limit=5) == planned(tables, spec, limit=5)


def test_a_view_ranks_by_its_one_thing(tables: Tables) -> None:
    spec = specify(5000)
    figures: dict[View, Callable[[Recommendation], float]] = {
        "lowest_cost": lambda o: o.cost_usd_per_month,
        "simplest": lambda o: o.gpu_count * o.replicas,
        "best_quality": lambda o: -(o.quality.score or o.quality.base_score or 0),
        "balanced": lambda o: 1000 * (not o.quality.enough) - o.score,
        "lowest_latency": lambda o: (
            3 * o.by_roofline
            + sum(
                getattr(o.predicted, f"{m}_ms").p95 / getattr(spec.slo_targets, f"{m}_p95_ms")
                for m in ("ttft", "itl", "e2e")
            )
        ),
    }
    for view in VIEWS:
        found = planned(tables, spec, limit=5, view=view)
        values = [figures[view](o) for o in found.recommendations]
        assert all(a - b <= 1e-3 * abs(b) + 1e-3 for a, b in pairwise(values)), view
        by_view = [figures[view](found.recommendations[rank - 1]) for rank in found.views[view]]
        assert by_view == pytest.approx(values, rel=1e-3, abs=1e-2)


def test_the_cheapest_of_all_is_shown_whatever_the_limit(tables: Tables) -> None:
    spec = specify(1000)
    few, every = planned(tables, spec, limit=1), planned(tables, spec)
    assert lowest_cost(few) == lowest_cost(every)
    assert pick(few.recommendations, "cheapest").simulated


def test_the_pareto_mark_is_true(tables: Tables) -> None:
    found = planned(tables, specify(1000), simulate=0).recommendations

    def figures(o: object) -> tuple[float, float, float]:
        slo = USE_CASE.slo_targets
        p = o.predicted  # type: ignore[attr-defined]
        used = p.ttft_ms.p95 / slo.ttft_p95_ms + p.itl_ms.p95 / slo.itl_p95_ms + p.e2e_ms.p95 / slo.e2e_p95_ms
        quality = o.quality.score if o.quality.score is not None else o.quality.base_score or 0.0  # type: ignore[attr-defined]
        return o.cost_usd_per_month, used, -quality  # type: ignore[attr-defined]

    points = [(figures(o), o.pareto) for o in found if o.quality.score or o.quality.base_score]
    marked = [p for p, pareto in points if pareto]
    assert marked
    for cost, used, quality in marked:  # rounding of what is shown leaves a hair's breadth
        assert not any(c < cost - 0.01 and u < used * 0.97 and q <= quality for (c, u, q), _ in points)


def test_priorities_move_the_first_rank(tables: Tables) -> None:
    cheap = planned(
        tables, specify(1000, cost_priority="high", latency_priority="low"), limit=5
    ).recommendations[0]
    fast = planned(
        tables, specify(1000, cost_priority="low", latency_priority="high"), limit=5
    ).recommendations[0]
    best = planned(
        tables, specify(1000, cost_priority="low", accuracy_priority="high"), limit=5
    ).recommendations[0]
    assert cheap.cost_usd_per_month < fast.cost_usd_per_month
    assert fast.predicted.e2e_ms.p95 < cheap.predicted.e2e_ms.p95
    assert (best.quality.score or best.quality.base_score or 0) > (
        cheap.quality.score or cheap.quality.base_score or 0
    )


def test_a_list_shows_a_model_at_most_twice_besides_the_firsts_of_each_view(tables: Tables) -> None:
    found = planned(tables, specify(1000), limit=5)
    firsts = {ranks[0] for ranks in found.views.values()}
    rest = [o.model_id for o in found.recommendations if o.rank not in firsts]
    assert max(rest.count(m) for m in rest) <= 2


# Constraints
# --------------------------------------------------------------------------------

FILTERS: dict[str, tuple[Any, Callable[[Recommendation], bool]]] = {
    "preferred_gpu_types": (["H100", "L40S"], lambda o: o.gpu_type in ("H100", "L40S")),
    "excluded_gpu_types": (["B200", "H200"], lambda o: o.gpu_type not in ("B200", "H200")),
    "excluded_models": (["Qwen/Qwen3-4B"], lambda o: o.model_id != "Qwen/Qwen3-4B"),
    "preferred_models": (
        ["meta-llama/Llama-3.3-70B-Instruct"],
        lambda o: o.model_id == "meta-llama/Llama-3.3-70B-Instruct",
    ),
    "model_sizes": (
        ["7B", "27-31B"],
        lambda o: models()[o.model_id].size_b == 7 or 27 <= models()[o.model_id].size_b <= 31,
    ),
    "weight_formats": (["int8", "w4a16"], lambda o: models()[o.model_id].weight_format in ("int8", "w4a16")),
    "licenses": (["permissive"], lambda o: models()[o.model_id].license in ("Apache-2.0", "MIT")),
    "min_context_tokens": (
        200_000,
        lambda o: models()[o.model_id].context_tokens >= 200_000 and o.memory.max_context_tokens >= 200_000,
    ),
    "min_quality": (80, lambda o: (o.quality.score or o.quality.base_score or 0) >= 80),
    "providers": (["azure"], lambda o: "azure" in o.price),
    "excluded_providers": (["azure", "crusoe"], lambda o: "azure" not in o.price and "crusoe" not in o.price),
    "excluded_regions": (["eastus"], lambda o: "eastus" not in o.price),
    "regions": (["us-east-1"], lambda o: "us-east-1" in o.price or " any" in o.price),
    "available_gpus": (
        {"H100": 2, "L4": 1},
        lambda o: o.gpu_count * o.replicas <= {"H100": 2, "L4": 1}.get(o.gpu_type, 0),
    ),
    "budget_usd_per_month": (2000.0, lambda o: o.cost_usd_per_month <= 2000),
}


@pytest.mark.parametrize("name", list(FILTERS))
def test_a_constraint_lets_only_through_what_meets_it_and_counts_the_rest(tables: Tables, name: str) -> None:
    value, met = FILTERS[name]
    spec = specify(2000, **{name: value})
    found = planned(tables, spec, simulate=0)
    assert found.recommendations
    assert all(met(o) for o in found.recommendations)
    everything = planned(tables, specify(2000), simulate=0)
    if name == "preferred_models":  # other models are considered then, and not excluded ones
        return
    meeting = {key(o) for o in everything.recommendations if met(o)}
    assert meeting <= {key(o) for o in found.recommendations}
    assert found.considered == len(found.recommendations) + sum(found.excluded.values())


def test_nothing_for_research_only_unless_it_is_asked_for_by_name(tables: Tables) -> None:
    research = [m.id for m in models().values() if m.license_kind == "non-commercial"]
    assert research
    assert not {o.model_id for o in planned(tables, specify(100), simulate=0).recommendations} & set(research)
    assert planned(tables, specify(100, preferred_models=research), simulate=0).recommendations


def test_an_unknown_quality_is_said_to_be_unknown_and_never_zero(tables: Tables) -> None:
    unknown = [
        o for o in planned(tables, specify(1000), simulate=0).recommendations if o.quality.score is None
    ]
    assert unknown
    for option in unknown:
        base = option.quality.base_score
        assert (
            "quality unknown" if base is None else f"quality {base:g} %* (no scores published for this format"
        ) in worth(option.quality)
    for model, use_case, mode in itertools.product(models().values(), use_cases().values(), MODES):
        quality = quality_of(model, use_case, mode)
        assert quality.score is None or quality.score > 0
        assert quality.source


def test_quality_is_the_weighted_mean_where_all_is_published_and_gains_nothing_by_what_is_left_out() -> None:
    llama = models()["meta-llama/Llama-3.1-8B-Instruct"]
    assert quality_of(llama, USE_CASE, "off").score == pytest.approx(
        0.5 * 80.4 + 0.35 * 48.3 + 0.15 * 30.4, abs=0.06
    )
    only_easy = llama.model_copy(update={"quality": {"off": {"ifeval": llama.quality["off"]["ifeval"]}}})
    left_out = present(quality_of(only_easy, USE_CASE, "off").score)
    assert left_out < 80.4  # the plain mean of what is left


def test_a_quantised_checkpoint_does_not_inherit_a_score_but_names_its_bases() -> None:
    quantised = quality_of(models()["RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic"], USE_CASE, "off")
    assert quantised.score is None
    assert (
        quantised.base_score
        == quality_of(models()["meta-llama/Llama-3.1-8B-Instruct"], USE_CASE, "off").score
    )
    assert "its base meta-llama/Llama-3.1-8B-Instruct" in quantised.source


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ((512, 256), (512, 256)),
        ((513, 300), (512, 256)),
        ((3000, 30), (4096, 512)),
        ((60_000, 800), (10_240, 1536)),
    ],
)
def test_traffic_is_mapped_to_the_nearest_profile(wanted: tuple[int, int], nearest: tuple[int, int]) -> None:
    asked = TrafficProfile(prompt_tokens=wanted[0], output_tokens=wanted[1])
    found = map_to_benchmark_profile(asked)
    assert (found.prompt_tokens, found.output_tokens) == nearest


def test_rows_of_an_unknown_gpu_or_model_are_no_options_and_no_error() -> None:
    rows = [(1.0, 50.0, 10.0, 3000.0), (9.0, 60.0, 10.0, 3000.0)]
    table = made_table(
        {("meta-llama/Llama-3.1-8B-Instruct", "H900", 1): rows, ("no/such-model", "H100", 1): rows}
    )
    found = planned({CHATBOT: table}, specify(1000))
    assert found.recommendations == []
    assert found.excluded == {"no price listed for unknown GPU type (yours: COMPASS_PRICES)": 1}


def test_an_empty_table_gives_an_empty_plan() -> None:
    found = planned({CHATBOT: table_of([])}, specify(1000))
    assert (found.recommendations, found.near_misses, found.considered) == ([], [], 0)


def test_reasons_say_what_is_held_what_it_costs_and_what_it_trades_against_the_next(tables: Tables) -> None:
    found = planned(tables, specify(1000), limit=5).recommendations
    for option, following in pairwise(found[1:]):
        said = " ; ".join(option.reasons)
        assert "holds TTFT p95" in said
        assert "costs" in said
        assert f"against option {following.rank}, {following.model_id}" in said


def test_gpu_names_of_the_catalogue_have_a_code_of_their_own(tables: Tables) -> None:
    table = tables[CHATBOT]
    codes = table.codes(list(gpus()), "gpu_types")
    assert [list(gpus())[c] for c in codes.tolist()] == table.gpu_types
