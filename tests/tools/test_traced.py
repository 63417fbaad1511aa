"""A trace beneath what a person says: what of it counts, what doesn't, and that both are told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agent.api.contracts import RecommendationRequest
from agent.cards.fields import editable
from agent.moves import EditSpecification
from knowledge.traffic.traced import Traced
from knowledge.workload import SeenRequest
from tools.specification import (
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_specification,
    of_a_trace,
    told,
)

SEEN = tuple(SeenRequest(100 * n, 5 * n, 50 * n) for n in range(1, 41))
TRACE = Traced(
    name="mine.csv",
    requests=5000,
    peak_requests_per_second=7.5,
    prompt_tokens=2050,
    output_tokens=102,
    prompt_spread=0.56,
    output_spread=0.57,
    cached_share=0.5,
    burstiness=3.5,
    minute_peak=1.7,
    longest_tokens=4200,
    seen=SEEN,
)


def specified(load: dict[str, Any] | None = None, **overrides: Any) -> Specification:
    intent = {"use_case": "chatbot_conversational"} | (load or {})
    return build_specification(
        Intent.model_validate(intent), Overrides.model_validate({"traffic": TRACE} | overrides)
    )


def origin(specification: Specification, name: str) -> str:
    return next(each.origin for each in specification.assumptions if each.name == name)


def test_a_trace_says_the_load_the_lengths_and_how_requests_come() -> None:
    found = specified()
    assert found.demand.peak_requests_per_second == 7.5
    assert found.demand.burstiness == 3.5
    assert found.demand.minute_peak == 1.7
    assert (found.traffic_profile.prompt_tokens, found.traffic_profile.output_tokens) == (2050, 102)
    assert found.workload.seen == SEEN
    assert found.planned("cached_share") == 0.5
    for name in ("peak_requests_per_second", "burstiness", "minute_peak"):
        assert origin(found, name) == "trace mine.csv"
    assert origin(found, "trough_fraction").startswith("Chatbot / Q&A template")
    assert found.overrides.prompt_tokens is None


LOADS: list[dict[str, Any]] = [{"user_count": 1000}, {"requests_per_day": 1e5}, {"concurrent_requests": 9}]


@pytest.mark.parametrize("load", LOADS)
def test_a_load_that_is_said_counts_and_the_trace_s_is_named_as_unused(load: dict[str, Any]) -> None:
    found = specified(load)
    lengths = Overrides(prompt_tokens=2050, output_tokens=102, cached_share=0.5)
    plain = build_specification(found.intent, lengths)
    assert found.demand.peak_requests_per_second == pytest.approx(plain.demand.peak_requests_per_second)
    assert found.workload.seen == SEEN
    assert origin(found, "peak_requests_per_second") != "trace mine.csv"
    assert "7.50 requests/s" in next(each.text for each in found.assumptions if each.name == "traffic")


@pytest.mark.parametrize(
    ("name", "value"),
    [("prompt_tokens", 900), ("output_tokens", 40), ("prompt_spread", 0.0), ("cached_share", 0.0)],
)
def test_a_length_that_is_said_counts_and_the_requests_seen_no_more(name: str, value: float) -> None:
    figures: dict[str, Any] = {name: value}
    found = specified(**figures)
    assert found.planned(name) == value
    assert found.workload.seen == ()
    assert found.workload.output_spread == 0.57
    assert found.demand.burstiness == 3.5


def test_hits_of_a_prefix_cache_that_a_trace_doesn_t_tell_are_the_person_s() -> None:
    silent = TRACE.model_copy(update={"cached_share": None})
    assert specified(traffic=silent).workload.seen == SEEN
    found = specified(traffic=silent, cached_share=0.3)
    assert found.workload.seen == ()
    assert found.workload.cached_share == 0.3


def test_what_is_said_of_arrivals_leaves_the_requests_seen() -> None:
    found = specified(burstiness=1.0)
    assert found.demand.burstiness == 1.0
    assert origin(found, "burstiness") == "your edit"
    assert found.workload.seen == SEEN


def test_an_edit_that_is_taken_back_gives_back_the_trace_s_figure() -> None:
    edited = change_specification(specified(), SpecificationChange(prompt_tokens=900))
    assert edited.traffic_profile.prompt_tokens == 900
    back = change_specification(edited, SpecificationChange(clear=["prompt_tokens"]))
    assert back == specified()


def test_a_change_to_a_trace_takes_the_place_of_figures_that_were_set() -> None:
    before = specified({"user_count": 1000}, traffic=None, prompt_tokens=9, burstiness=2.0, headroom=0.1)
    after = change_specification(before, of_a_trace(TRACE))
    assert after.traffic_profile.prompt_tokens == 2050
    assert after.demand.burstiness == 3.5
    assert after.headroom == 0.1
    assert after.demand.user_count == 1000


def test_the_longest_request_of_all_must_be_possible_not_only_of_those_that_stand_for_them() -> None:
    assert specified().longest.tokens == 4200
    assert specified(prompt_tokens=90).longest.tokens < 4200


def test_thoughts_come_before_each_answer_seen() -> None:
    found = specified({"thinking": "on"}, thinking_tokens=500)
    assert [each.output_tokens for each in found.workload.seen] == [each.output_tokens + 500 for each in SEEN]
    assert found.traffic_profile.output_tokens == 602


def test_it_is_told_and_the_form_says_whose_figures_they_are() -> None:
    rows = {row.label: row.text for row in told(specified())}
    assert rows["Traffic"].startswith("2050→102 tokens, each as long as in mine.csv, 50% of the prompt")
    fields = {field.name: field for field in editable(specified())}
    assert fields["prompt_tokens"].value == 2050
    assert fields["prompt_tokens"].origin == "trace mine.csv"
    assert fields["burstiness"].origin == "trace mine.csv"


def test_it_is_the_same_after_json() -> None:
    found = specified()
    assert Specification.model_validate_json(found.model_dump_json()) == found
    sent = RecommendationRequest.model_validate_json(
        RecommendationRequest(specification=found, traffic=TRACE).model_dump_json()
    )
    assert sent.traffic == TRACE


IMPOSSIBLE: list[Any] = [(0, 5, 0), (5, 0, 0), (5, 5, 5), (5, 5, -1), (10**9, 5, 0), (5, "x", 0)]


@pytest.mark.parametrize("seen", [*([one] for one in IMPOSSIBLE), [(5, 5, 0)] * 513])
def test_requests_that_can_t_be_are_refused(seen: list[Any]) -> None:
    with pytest.raises(ValidationError):
        Traced.model_validate(TRACE.model_dump() | {"seen": seen})


def test_no_words_and_no_model_s_move_hold_a_trace() -> None:
    assert "traffic" not in EditSpecification.model_json_schema()["properties"]
    with pytest.raises(ValidationError):
        EditSpecification.model_validate({"traffic": TRACE.model_dump()})
