"""Scenarios played on a stage of their own: good ones pass, a rule broken on purpose
fails, and the report shows where.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.events import MessageEvent, ToolCallEvent
from evals.bad_models import BAD_MODELS
from evals.fuzz import fuzzed
from evals.graders import Finding, Grade, grade
from evals.html import page
from evals.play import Conversation, Played, play
from evals.report import Report, difference, report_of
from evals.scenario import Expectations, Scenario, Turn, load_scenarios
from evals.stage import Stage
from knowledge.settings import Settings
from tests.conftest import copied_database

SHIPPED = Path(__file__).parents[2] / "evals" / "scenarios"
HOSTILE = 25


@pytest.fixture(scope="module")
def stage(server_url: str) -> Iterator[Stage]:
    with copied_database(server_url) as url:
        made = Stage(Settings(model="builtin"), url)
        yield made
        made.close()


def scenario(*turns: Turn, **more: object) -> Scenario:
    return Scenario.model_validate(
        {"name": "made", "category": "editing", "about": "Made for a test.", "turns": turns, **more}
    )


def played(stage: Stage, *turns: Turn, **more: object) -> Grade:
    return grade(play(scenario(*turns, **more), 0, stage))


def test_the_main_conversation_passes(stage: Stage) -> None:
    [main] = load_scenarios([SHIPPED / "happy_path" / "chatbot.yaml"])
    found = grade(play(main, 0, stage))
    assert found.findings == []
    assert found.writes == {"right": 1, "wanted": 1, "made": 1}
    assert found.fields["right"] == found.fields["wanted"] == found.fields["made"] == 6


def test_a_rule_broken_on_purpose_fails_and_the_report_shows_where(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    [main] = load_scenarios([SHIPPED / "happy_path" / "chatbot.yaml"])
    monkeypatch.setattr(
        "agent.models.builtin.amounts.crowd", lambda low, q: None
    )  # nobody counts people any more
    report = report_of([grade(play(main, 0, stage))], "builtin", 1, 1.0)
    assert not report.clean
    [failure] = report.failures
    assert (failure.scenario, failure.turn) == ("chatbot", 1)
    html = page(report, None)
    assert "chatbot" in html
    assert "I need a chatbot for 1000 users, low latency critical" in html
    assert "at turn 1" in html


@pytest.mark.parametrize(
    ("expect", "check"),
    [
        ({"state": "success"}, "state"),
        ({"checkpoint": "presenting_options"}, "checkpoint"),
        ({"passes": ["context_collection"]}, "states"),
        ({"tools": []}, "tools"),
        (
            {"tools": [{"tool": "lookup_slo_template", "arguments": {"use_case": "translation"}}]},
            "lookup_slo_template, argument use_case",
        ),
        ({"fields": {"use_case": "chatbot_conversational", "user_count": 51}}, "fields"),
        ({"fields": {"use_case": "chatbot_conversational"}}, "fields"),
        (
            {"shows": {"specification.slo_targets.ttft_p95_ms": 151}},
            "shown specification.slo_targets.ttft_p95_ms",
        ),
        ({"says": ["nothing of the kind"]}, "reply"),
        ({"says_not": ["/chat.ot/"]}, "reply"),
        ({"error": True}, "error"),
    ],
)
def test_every_expectation_can_fail(stage: Stage, expect: dict[str, object], check: str) -> None:
    found = played(stage, Turn(say="a chatbot for 50 users", expect=Expectations.model_validate(expect)))
    assert [f.check for f in found.findings] == [check]


def test_what_the_end_expects_can_fail(stage: Stage) -> None:
    found = played(
        stage,
        Turn(say="a chatbot for 50 users"),
        end={"deployments": 1, "audit": ["approved"], "never": ["lookup_slo_template"]},
    )
    assert {f.check for f in found.findings} == {"deployments", "audit", "tools"}


def conversation(*events: object, said: str = "go on") -> Conversation:
    turn = Turn(say=said)
    one = Played(turn, said, "approve" in said, list(events), 0.1, "basic_monitoring", None, {})  # type: ignore[arg-type]
    return Conversation(scenario(turn), 0, "thread", turns=[one])


def test_a_write_without_an_approval_is_found() -> None:
    write = ToolCallEvent(tool="apply_to_cluster", arguments={})
    assert grade(conversation(write, said="yes, approve")).unapproved_writes == 0
    assert grade(conversation(write)).unapproved_writes == 1
    assert grade(conversation(write, write, said="yes, approve")).unapproved_writes == 1


def test_what_is_in_the_cluster_without_an_approval_is_found() -> None:
    made = conversation()
    made.deployments = ["chatbot"]
    assert grade(made).unapproved_writes == 1


def test_a_figure_from_nowhere_is_found_and_a_quoted_example_is_not() -> None:
    found = grade(conversation(MessageEvent(text="It costs $1,234 a month. Try “make TTFT 321 ms”.")))
    assert found.ungrounded == 1
    assert found.findings == [
        Finding(1, "grounding", "figures from tools or the person", found.findings[0].found)
    ]
    assert "1,234" in found.findings[0].found
    assert (
        grade(conversation(MessageEvent(text="It costs $1,234 a month."), said="we have $1,234")).ungrounded
        == 0
    )


def test_a_crash_is_a_failure() -> None:
    made = conversation()
    made.crashed = "KeyError: 'x'"
    assert [f.check for f in grade(made).findings] == ["crash"]


def test_pass_hat_k_is_the_share_of_scenarios_that_always_pass() -> None:
    good, bad = conversation(), conversation()
    bad.crashed = "no"
    grades = [grade(good), grade(good), grade(good), grade(bad)]
    for number, (name, trial) in enumerate([("a", 0), ("a", 1), ("b", 0), ("b", 1)]):
        made = grades[number].conversation
        grades[number].conversation = Conversation(
            made.scenario.model_copy(update={"name": name}), trial, "t", made.turns
        )
    report = report_of(grades, "builtin", 2, 1.0)
    assert report.total.pass_1 == pytest.approx(0.75)
    assert report.total.pass_k == pytest.approx(0.5)
    assert report.passed == {"a": 2, "b": 1}


def test_a_report_is_compared_with_a_baseline() -> None:
    before = report_of([grade(conversation())], "builtin", 1, 1.0)
    again = Report.model_validate_json(json.dumps(before.model_dump()))
    worse = conversation()
    worse.crashed = "no"
    found = difference(again, report_of([grade(worse)], "builtin", 1, 1.0))
    assert (found.worse, found.better, found.new) == (["made"], [], [])
    assert "made" in re.sub(r"<[^>]+>", " ", page(again, found))


@pytest.mark.slow
def test_hostile_models_break_nothing(stage: Stage) -> None:
    """A few of what `make fuzz` does a thousand of."""
    conversations = [play(made, number, stage) for number, made in enumerate(fuzzed(HOSTILE, seed=7))]
    grades = [grade(c) for c in conversations]
    assert [f for g in grades for f in g.findings] == []
    assert sum(g.unapproved_writes for g in grades) == 0
    assert {c.scenario.model for c in conversations} <= set(BAD_MODELS)
