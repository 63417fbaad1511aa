"""`compass traffic` in the terminal and as JSON."""

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli import app
from knowledge.traffic.summary import TrafficSummary
from tests.knowledge.traffic.written import csv_of, json_lines, poisson


def told(*arguments: str, width: int = 100, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["traffic", *arguments], env={"COLUMNS": str(width)})
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """Thirty hours of sessions, and a line that is bad."""
    random_ = random.Random(1)
    rows = [
        (1_777_593_600 + 20.0 * n, random_.randrange(100, 9000), random_.randrange(1, 900), f"s{n % 400}")
        for n in range(30 * 180)
    ]
    path = csv_of(tmp_path, rows, "time,prompt_tokens,answer_tokens,session_id")
    with path.open("a") as file:
        file.write("oops\n")
    return path


@pytest.mark.parametrize("width", [40, 60, 100])
def test_it_fits_and_shows_what_matters(day: Path, width: int) -> None:
    shown = told(str(day), width=width)
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= max(width, 57)
    said = " ".join(shown.split())
    for wanted in (
        "5,400 requests in 30 hours",
        "p95",
        "Burstiness",
        "Prefix cache",
        "Sessions",
        "Think time",
    ):
        assert wanted in said
    assert "█" in said
    assert "5,402" in said  # the line left out


def test_a_trace_of_minutes_shows_these_in_place_of_a_day(tmp_path: Path) -> None:
    shown = told(str(csv_of(tmp_path, poisson(500))))
    assert "Over its time" in shown
    assert "A day" not in shown


def test_as_json_it_is_the_tool_s_own_record(day: Path) -> None:
    found = TrafficSummary.model_validate_json(told(str(day), "--json"))
    assert found.requests == 5400
    assert found.name == day.name
    assert found.daily is not None
    assert found.traced


def test_the_size_of_the_cache_and_the_unit_of_the_times_are_its_person_s(tmp_path: Path) -> None:
    rows = [
        {"timestamp": 10 * n, "input_length": 1025, "output_length": 9, "hash_ids": [n % 3, 10 + n % 3, n]}
        for n in range(300)
    ]
    path = str(json_lines(tmp_path, rows))
    found = [
        TrafficSummary.model_validate_json(told(path, "--json", *options))
        for options in ([], ["--cache-tokens", "1024"], ["--time-unit", "s"])
    ]
    assert [each.prefix.hit_share > 0.5 for each in found if each.prefix] == [True, False, True]
    assert [round(each.span_s, 2) for each in found] == [2.99, 2.99, 2990]


def test_what_can_t_be_read_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    assert json.loads(told(str(path), "--json", code=1))["event"] == "error"
    assert "“h” isn't" in told(str(path), "--time-unit", "h", code=1)
