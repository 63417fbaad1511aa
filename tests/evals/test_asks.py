"""What forty people asked for: each is played, and every line that waits for nothing holds.

Lines that wait are counted by the report; see `evals/musts.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evals.graders import grade
from evals.lines import lines_of
from evals.matching import MISSING, same
from evals.play import Conversation, play
from evals.report import report_of
from evals.scenario import Scenario, load_scenarios
from evals.stage import Stage
from knowledge.settings import Settings
from tests.conftest import copied_database

ASKS = load_scenarios([Path(__file__).parents[2] / "evals" / "scenarios" / "asks"])


@pytest.fixture(scope="module")
def stage(server_url: str) -> Iterator[Stage]:
    with copied_database(server_url) as url:
        made = Stage(Settings(model="builtin"), url)
        yield made
        made.close()


@pytest.mark.parametrize("scenario", ASKS, ids=lambda scenario: scenario.case)
def test_every_line_that_waits_for_nothing_holds(stage: Stage, scenario: Scenario) -> None:
    made = grade(play(scenario, 0, stage))
    assert made.findings == []
    assert [line.name for line in made.lines if line.outcome == "fails"] == []


def test_each_case_is_told_once_and_has_lines() -> None:
    assert len({s.case for s in ASKS}) == len(ASKS) == 40
    assert all(s.musts for s in ASKS)
    assert sum(must.about == "planning" for s in ASKS for must in s.musts) == 70


def made_of(*musts: dict[str, Any], written: dict[str, Any] | None = None) -> Conversation:
    """A conversation that never began, and what a specification without a word in it shows."""
    scenario = Scenario.model_validate(
        {
            "name": "made",
            "category": "asks",
            "case": "m",
            "about": "Made for a test.",
            "turns": [{"say": "hi"}],
            "musts": [{"must": "It is so.", "about": "planning"} | must for must in musts],
        }
    )
    return Conversation(scenario, 0, "thread", written={"{}": written or {}})


def test_a_line_holds_fails_or_waits() -> None:
    seen = [{"specification": {}, "shows": {"plan.replicas": 2}}]
    right, wrong = {"plan": {"replicas": 2}}, {"plan": {"replicas": 3}}
    [line] = lines_of(made_of({"seen": seen}, written=right))
    assert (line.name, line.outcome) == ("m.1", "holds")
    [line] = lines_of(made_of({"seen": seen}, written=wrong))
    assert (line.outcome, line.found) == ("fails", "3")
    for written, by_now in ((right, True), (wrong, False)):
        [line] = lines_of(made_of({"seen": seen, "waits_for": "volumes"}, written=written))
        assert (line.outcome, line.holds_by_now) == ("waits", by_now)
    [line] = lines_of(made_of({"seen": [{"turn": 1, "shows": {"state": "x"}}]}))
    assert line.outcome == "fails", "the conversation ended before"


def test_a_line_that_fails_is_a_finding_and_one_that_waits_is_counted() -> None:
    musts: tuple[dict[str, Any], ...] = (
        {"seen": [{"specification": {}, "shows": {"replicas": 2}}]},
        {"seen": [{"specification": {}, "shows": {"replicas": 3}}]},
        {"waits_for": "volumes"},
        {"waits_for": "volumes", "about": "words"},
    )
    made = grade(made_of(*musts, written={"replicas": 2}))
    assert [f.found for f in made.findings if "It is so." in f.check] == ["2"]
    report = report_of([made], "builtin", 1, 1.0)
    planning = report.lines["planning"]
    assert (planning.lines, planning.hold, planning.waiting) == (3, 1, {"volumes": ["m.3"]})
    assert report.lines["words"].hold == 0
    assert "serving" not in report.lines


@pytest.mark.parametrize(
    ("wanted", "found", "is_same"),
    [
        ({"at_least": 2}, 2, True),
        ({"at_least": 2}, 1, False),
        ({"at_least": 2, "at_most": 4}, 5, False),
        ({"at_most": 4}, [3, 4], True),
        ({"at_most": 4}, [3, 5], False),
        ({"at_most": 4}, [], False),
        ({"at_least": 0}, MISSING, False),
        ({"has": "/8B/"}, ["a 7B", "an 8B"], True),
        ({"has": "/8B/"}, [], False),
        ({"has": {"at_least": 250}}, [None, 300], True),
        ({"has_not": "/8B/"}, ["a 7B", "an 8B"], False),
        ({"has_not": "/8B/"}, ["a 7B"], True),
        ({"has_not": "/8B/"}, MISSING, False),
        ({"at_least": 2, "replicas": 2}, {"at_least": 2, "replicas": 2}, True),
    ],
)
def test_bounds_and_what_a_list_has(wanted: Any, found: Any, is_same: bool) -> None:
    assert same(wanted, found) is is_same
