"""`compass benchmarks` as a person runs it."""

import gzip
import json
from pathlib import Path

import pytest

from knowledge.database import Database
from knowledge.settings import Settings
from knowledge.shipped import packed_bytes, unpack
from tests.acceptance.test_cli import run
from tests.knowledge.test_importer import planner_row, write_json

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(home: Path, settings: Settings, database: Database) -> dict[str, str]:
    """A filled database of its own."""
    import os

    assert settings.database_url
    return {
        **os.environ,
        "COMPASS_HOME": str(home),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "COLUMNS": "100",
    }


def fits(text: str, width: int = 100) -> bool:
    return max(map(len, text.splitlines())) <= width


def test_stats_cover_what_they_promise(environment: dict[str, str]) -> None:
    shown = run(["benchmarks", "stats"], environment)
    assert shown.returncode == 0
    assert fits(shown.stdout)
    assert "Every configuration that fits has every traffic profile" in shown.stdout
    found = json.loads(run(["benchmarks", "stats", "--json"], environment).stdout)
    assert found["rows"] >= 20_000
    assert found["models"] >= 40
    assert len([gpu for gpu in found["gpus"] if gpu["configurations"]]) >= 8
    assert len(found["profiles"]) == 4
    assert found["missing"] == []


def test_list_filters_and_shows_the_most_trusted_first(environment: dict[str, str]) -> None:
    shown = run(["benchmarks", "list", "--gpu", "h100", "--limit", "3"], environment)
    assert fits(shown.stdout)
    assert shown.stdout.count("measured") == 3
    rows = json.loads(
        run(["benchmarks", "list", "--model", "phi-4", "--profile", "512/256", "--json"], environment).stdout
    )
    assert len(rows) == 20
    assert {(r["prompt_tokens"], r["output_tokens"]) for r in rows} == {(512, 256)}
    assert all("phi-4" in r["model_id"].lower() for r in rows)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--gpu", "H1000"], "There is no GPU 'H1000'"),
        (["--profile", "long"], "'long' is not a traffic profile"),
        (["--provenance", "guessed"], "'guessed' is no provenance"),
    ],
)
def test_a_filter_that_can_not_match_is_said(
    arguments: list[str], reason: str, environment: dict[str, str]
) -> None:
    done = run(["benchmarks", "list", *arguments], environment)
    assert done.returncode == 1
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_an_import_changes_what_is_recommended_and_a_wrong_one_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    good = write_json(tmp_path / "good.json", [planner_row(requests_per_second=r) for r in (1.0, 4.0, 400.0)])
    done = run(["benchmarks", "import", str(good)], environment)
    said = (
        "good.json (benchmark JSON): 3 rows imported, of which 0 replace earlier ones.\nPlans use all of"
        " them.\n"
    )
    assert (done.returncode, done.stdout) == (0, said)
    plan = json.loads(
        run(
            ["recommend", "a chatbot for 500 users with phi-4 on H100", "--json", "--limit", "50"],
            environment,
        ).stdout
    )
    phi = next(
        o for o in plan["recommendations"] if o["model_id"] == "microsoft/phi-4" and o["gpu_count"] == 1
    )
    assert "measured" in phi["provenance"]
    bad = write_json(
        tmp_path / "bad.json", [planner_row(ttft_p95=0.026, ttft_p90=0.02, ttft_mean=0.02, ttft_p99=0.03)]
    )
    refused = run(["benchmarks", "import", str(bad)], environment)
    assert refused.returncode == 1
    assert "row 1: a TTFT of 0.02 ms is probably in seconds: 20 ms?" in refused.stderr


def test_an_import_says_what_plans_use_and_what_not(environment: dict[str, str], tmp_path: Path) -> None:
    report = tmp_path / "sweep.json"
    report.write_bytes(
        gzip.decompress(
            (Path(__file__).parents[1] / "knowledge" / "guidellm" / "sweep-0.8.1.json.gz").read_bytes()
        )
    )
    stated = ["--gpu", "H100", "--gpu-count", "1", "--model", "microsoft/phi-4"]
    done = run(["benchmarks", "import", str(report), *stated], environment)
    assert done.returncode == 0, done.stderr
    assert "sweep.json (GuideLLM report): 3 rows imported" in done.stdout
    assert (
        "Taken: model microsoft/phi-4, as you say, and not 'Qwen/Qwen3-8B', which the file says of 4 rows."
        in done.stdout
    )
    assert "Left out, 1:\n  row 2" in done.stdout
    assert "all at once" in done.stdout
    assert "Plans use all of them." in done.stdout
    means = planner_row(prompt_tokens=525, requests_per_second=2.0)
    done = run(
        ["benchmarks", "import", str(write_json(tmp_path / "o.json", [planner_row(), means])), "--json"],
        environment,
    )
    found = json.loads(done.stdout)
    assert (found["rows"], found["used"], found["left_out"]) == (2, 1, [])
    assert list(found["unused"].values()) == [1]


def test_validate_prints_the_report(environment: dict[str, str]) -> None:
    done = run(["benchmarks", "validate", "--json"], environment)
    groups = {group["group"]: group for group in json.loads(done.stdout)["groups"]}
    assert groups["unseen"]["itl"]["median"] <= 0.15
    assert groups["unseen"]["ttft"]["median"] <= 0.35
    assert {"unseen, H100", "unseen, gpt-oss-120b", "unseen, by roofline"} <= groups.keys()


def test_generate_goes_on_where_it_was_and_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On three models, since all take minutes: interrupted after one, it computes the other two only."""
    from knowledge.catalogue import models
    from knowledge.estimator import building, table

    chosen = [
        "deepseek-ai/DeepSeek-V3",
        "moonshotai/Kimi-K2-Instruct",
        "RedHatAI/Kimi-K2-Instruct-quantized.w4a16",
    ]
    monkeypatch.setattr(building, "models", lambda: {m: models()[m] for m in chosen})
    target, done = tmp_path / "table.csv.gz", list[str]()

    class Stop(Exception):
        pass

    def stop_after_one(model_id: str) -> None:
        done.append(model_id)
        raise Stop

    with pytest.raises(Stop):
        table.generate(target, 0, 1, stop_after_one)
    assert not target.exists()
    table.generate(target, 0, 1, done.append)
    assert sorted(done) == sorted([done[0], *chosen])
    whole = {tuple(row.items()) for row in unpack(packed_bytes("benchmarks.csv.gz"))}
    rows = [tuple(row.items()) for row in unpack(target.read_bytes())]
    assert {dict(row)["model_id"] for row in rows} == set(chosen)
    assert set(rows) <= whole
    assert not list(tmp_path.glob("*.parts"))
