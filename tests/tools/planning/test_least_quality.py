"""A model that isn't known to be good enough is an option, is said to be weaker or unknown, and is never
first unasked.
"""

from __future__ import annotations

import itertools
import math
from statistics import quantiles
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import models, use_cases
from knowledge.thinking import MODES, ThinkingMode
from tests.planning import Tables, planned, specify
from tests.present import present
from tests.soak import examples
from tools.planning.least_quality import lesser, quality_for, shortfall
from tools.planning.plan import VIEWS, Plan, Recommendation
from tools.planning.quality import catalogued_quality, quality_against, quality_of, ranked_quality
from tools.planning.ranking import pick

USE_CASES = list(use_cases())
QUARTILE = {"lower quartile": 0, "median": 1}


# The figure
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("use_case", USE_CASES)
@pytest.mark.parametrize("mode", list(MODES))
def test_the_least_quality_is_what_its_rule_makes_of_the_published_scores(
    use_case: str, mode: ThinkingMode
) -> None:
    """Where this fails the catalogue has changed: write the new figure into use_cases.json."""
    least = use_cases()[use_case].least_quality
    known = [q for m in models() if (q := catalogued_quality(m, use_case, mode).score) is not None]
    assert least.of(mode) == math.floor(quantiles(known, n=4)[QUARTILE[least.rule]])
    assert least.why


@pytest.mark.parametrize("use_case", USE_CASES)
def test_no_figure_of_one_mode_rests_on_a_score_of_the_other(use_case: str) -> None:
    """Over the whole catalogue: a model without its scores of the other mode is worth the same."""
    case = use_cases()[use_case]
    compared = 0
    for model, mode in itertools.product(models().values(), MODES):
        alone = {mode: model.quality[mode]} if mode in model.quality else {}
        without = quality_of(model.model_copy(update={"quality": alone}), case, mode)
        assert without == quality_of(model, case, mode)
        assert not without.scores or without.scores.startswith(MODES[mode])
        compared += without.known is not None
    assert compared > 50
    for one, wanted in itertools.product(models(), MODES):
        served = models()[one].mode(wanted)
        known = ranked_quality(one, use_case, wanted)[1]
        assert not known or (served == wanted and catalogued_quality(one, use_case, wanted).known is not None)
        quality = quality_for(one, specify(10, use_case, thinking=wanted))
        assert quality.least == case.least_quality.of(served or wanted)


def test_one_point_is_no_points() -> None:
    base = catalogued_quality("Qwen/Qwen3-8B", USE_CASES[0], "off")
    for points, words in (
        (1.0, "1 point higher"),
        (1.6, "2 points higher"),
        (-1.2, "1 point lower"),
        (0.3, "0.3 points higher"),
    ):
        other = base.model_copy(update={"score": present(base.score) - points})
        assert quality_against(base, other) == f"quality {words}"
    assert quality_against(base, base) is None


# The order
# --------------------------------------------------------------------------------


def is_sound(found: Plan) -> None:
    """What is said of each option is true, and the balanced view heeds it."""
    by_rank = {o.rank: o for o in found.recommendations}
    balanced = [by_rank[rank].quality.enough for rank in found.views["balanced"]]
    if found.weaker_first is None:
        assert balanced == sorted(balanced, reverse=True)
        assert balanced[0]
    good = [o for o in found.recommendations if o.quality.enough]
    assert (found.weaker_first == "none enough") <= (not good)
    for option in found.recommendations:
        known, least = option.quality.known, present(option.quality.least)
        assert option.quality.enough == (known is not None and known >= least)
        assert (option.offered_as is None) == option.quality.enough == (shortfall(option) is None)
        if option.offered_as:
            cheaper = bool(good) and option.cost_usd_per_month < good[0].cost_usd_per_month
            assert option.offered_as.startswith("cheaper") == cheaper
            assert ("unknown" in option.offered_as) == (known is None)


@pytest.mark.parametrize("use_case", USE_CASES)
@pytest.mark.parametrize("thinking", list(MODES))
def test_the_first_option_is_good_enough_unasked(tables: Tables, use_case: str, thinking: str) -> None:
    """For many users of a chat the first was a model of 3 billion parameters."""
    found = planned(tables, specify(10_000, use_case, thinking=thinking), limit=5)
    is_sound(found)
    first = found.recommendations[0]
    assert first.quality.enough or found.weaker_first == "none enough"
    assert found.weaker_first in (None, "none enough")


def test_what_is_said_of_options_is_true_of_any_plan(tables: Tables) -> None:
    levels = st.sampled_from(["low", "medium", "high"])

    @settings(max_examples=examples(60), deadline=None)
    @given(
        users=st.integers(1, 50_000),
        use_case=st.sampled_from(USE_CASES),
        view=st.sampled_from(VIEWS),
        asked=st.fixed_dictionaries(
            {},
            optional={
                "thinking": st.sampled_from(list(MODES)),
                "cost_priority": levels,
                "accuracy_priority": levels,
                "budget_usd_per_month": st.floats(400, 50_000),
                "min_quality": st.floats(10, 80),
                "preferred_models": st.lists(st.sampled_from(list(models())), min_size=1, max_size=9),
            },
        ),
    )
    def holds(users: int, use_case: str, view: Any, asked: dict[str, Any]) -> None:
        spec = specify(users, use_case, **asked)
        found = planned(tables, spec, limit=6, view=view, simulate=0)
        if not found.recommendations:
            return
        is_sound(found)
        if "min_quality" in asked:
            assert all(o.quality.least == asked["min_quality"] for o in found.recommendations)
            assert not any(o.offered_as for o in found.recommendations)
        if "preferred_models" in asked:
            assert found.weaker_first == "named"

    holds()


def by_score(found: Plan) -> list[float]:
    return [found.recommendations[rank - 1].score for rank in found.views["balanced"]]


def test_who_names_a_model_or_wants_low_cost_above_all_gets_it_first(tables: Tables) -> None:
    small = "meta-llama/Llama-3.2-3B-Instruct"
    asked = planned(tables, specify(10_000), limit=5)
    assert all(o.model_id != small or o.offered_as for o in asked.recommendations)
    named = planned(tables, specify(10_000, preferred_models=[small, "Qwen/Qwen3-32B"]), limit=5)
    assert (named.recommendations[0].model_id, named.weaker_first) == (small, "named")
    cheap = planned(tables, specify(10_000, cost_priority="high"), limit=5)
    assert (bool(cheap.recommendations[0].offered_as), cheap.weaker_first) == (True, "cost")
    for found in (named, cheap):
        assert by_score(found) == sorted(by_score(found), reverse=True)
    both = planned(tables, specify(10_000, cost_priority="high", accuracy_priority="high"), limit=5)
    assert both.recommendations[0].quality.enough


@pytest.mark.parametrize(("size", "good"), [("3B", False), ("8B", True), ("<=14B", True)])
def test_of_a_size_those_that_are_good_enough_come_first_where_there_are_any(
    tables: Tables, size: str, good: bool
) -> None:
    found = planned(tables, specify(10_000, model_sizes=[size]), limit=5, simulate=0)
    is_sound(found)
    assert found.recommendations[0].quality.enough == good
    assert found.weaker_first == (None if good else "none enough")


def test_the_cheapest_of_all_is_shown_and_what_it_lacks_is_said_before_it_is_chosen(tables: Tables) -> None:
    by_cost = planned(tables, specify(1000), limit=5, view="lowest_cost")
    cheapest = pick(by_cost.recommendations, "cheapest")
    assert by_cost.recommendations[0] == cheapest
    assert cheapest.offered_as == "cheaper, weaker"
    said = present(lesser(cheapest, by_cost.recommendations))
    instead = next(o for o in by_cost.recommendations if o.quality.enough)
    for figure in (f"{present(cheapest.quality.known):g} %", "70 %", instead.model_id):
        assert figure in said
    assert lesser(instead, by_cost.recommendations) is None


def test_where_none_that_fits_is_good_enough_the_weaker_come_first_and_that_is_said(tables: Tables) -> None:
    poor = planned(tables, specify(1000, budget_usd_per_month=600), limit=5)
    assert poor.weaker_first == "none enough"
    assert {o.offered_as for o in poor.recommendations} <= {"weaker", "quality unknown"}
    [why] = poor.recommendations[0].reasons
    assert present(shortfall(poor.recommendations[0])) in why


# The reason
# --------------------------------------------------------------------------------


def rival_in(found: Plan) -> Recommendation:
    """The option that the reason of the first names."""
    [why] = found.recommendations[0].reasons
    [rival] = [o for o in found.recommendations if f"option {o.rank}, {o.model_id} on " in why]
    return rival


@pytest.mark.parametrize("use_case", USE_CASES)
@pytest.mark.parametrize("view", VIEWS)
def test_the_reason_of_the_first_is_one_sentence_of_the_plans_own_figures(
    tables: Tables, use_case: str, view: Any
) -> None:
    found = planned(tables, specify(5000, use_case), limit=5, view=view, simulate=0)
    first, rival = found.recommendations[0], rival_in(found)
    [why] = first.reasons
    assert ". " not in why
    if view == "balanced":
        assert f"score {first.score:g} against {rival.score:g}" in why
        assert rival.score <= first.score
    gap = first.cost_usd_per_month - rival.cost_usd_per_month
    assert (f"${abs(gap):,.0f} a month {'more' if gap > 0 else 'less'}" in why) or abs(gap) < 0.5
    shorter = rival.predicted.e2e_ms.p95 - first.predicted.e2e_ms.p95
    assert ("shorter" in why) == (shorter >= 50)
    assert ("longer" in why) == (shorter <= -50)


def test_what_would_be_first_if_it_were_good_enough_is_named_with_its_figures(tables: Tables) -> None:
    found = planned(tables, specify(10_000, "code_generation_detailed"), limit=5)
    first = found.recommendations[0]
    passed = next(o for o in found.recommendations if o.score > first.score)
    [why] = first.reasons
    assert f"option {passed.rank} scores {passed.score:g}, but {shortfall(passed)}" in why
