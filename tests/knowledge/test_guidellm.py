"""Reports that GuideLLM's own versions wrote: taken with the right units, shape, rate and
date, and never as more than they are.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from knowledge.benchmarks import Benchmark
from knowledge.catalogue import TrafficProfile
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.importer.formats import Stated, read_file
from knowledge.importer.rows import check
from knowledge.importer.write import import_file

REPORTS = Path(__file__).parent / "guidellm"
VERSIONS = sorted(p.name.removeprefix("sweep-").removesuffix(".json.gz") for p in REPORTS.glob("sweep-*"))
H100 = Stated(gpu_type="H100", gpu_count=1, engine="vLLM 0.24.0")
MODEL = "Qwen/Qwen3-8B"
CHAT = TrafficProfile(prompt_tokens=512, output_tokens=256)


def report(name: str) -> dict[str, Any]:
    return dict(json.loads(gzip.decompress((REPORTS / f"{name}.json.gz").read_bytes())))


def write(folder: Path, content: dict[str, Any]) -> Path:
    path = folder / "report.json"
    path.write_text(json.dumps(content))
    return path


def strategies(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [(b.get("config") or {}).get("strategy") or b["args"]["strategy"] for b in content["benchmarks"]]


def arrival_rates(content: dict[str, Any]) -> list[float]:
    """What was offered; what was achieved where the client, on a busy machine, couldn't send as much."""
    found = []
    for benchmark, strategy in zip(content["benchmarks"], strategies(content), strict=True):
        if offered := strategy.get("rate"):
            totals = benchmark["metrics"].get("request_totals") or benchmark["request_totals"]
            behind = totals["total"] < 0.8 * offered * benchmark["duration"]
            achieved = benchmark["metrics"]["requests_per_second"]["successful"]["mean"]
            found.append(round(achieved if behind else offered, 4))
    return found


def ttft_p95(benchmark: dict[str, Any]) -> float:
    return float(benchmark["metrics"]["time_to_first_token_ms"]["successful"]["percentiles"]["p95"])


def imported(database: Database) -> list[Benchmark]:
    columns = ", ".join(Benchmark.COLUMNS)
    with database.connect() as connection:
        found = connection.execute(
            f"SELECT {columns} FROM benchmarks WHERE NOT shipped ORDER BY requests_per_second"
        ).fetchall()
    return [Benchmark.from_values(list(row.values())) for row in found]


def capacity(database: Database) -> float:
    """Within 300 ms to a first token, by the curve of one H100."""
    import numpy as np

    table = database.curves(CHAT)
    at = [
        n
        for n, (m, g) in enumerate(zip(table.model_ids, table.gpu_types, strict=True))
        if (m, g) == (MODEL, "H100")
    ]
    one = next(n for n in at if table.gpu_counts[n] == 1)
    return float(table.curves.select(np.array([one])).capacity(np.array([300.0, 30.0, 10_000.0]))[0])


def test_each_version_is_there() -> None:
    assert [v.rpartition(".")[0] for v in VERSIONS] == ["0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sweep_of_each_version_is_taken_as_what_it_is(
    version: str, tmp_path: Path, database: Database
) -> None:
    content = report(f"sweep-{version}")
    done = import_file(write(tmp_path, content), H100, database)
    rows = imported(database)
    assert done.kind == "GuideLLM report"
    assert done.rows + len(done.left_out) == len(content["benchmarks"]) == 4
    assert any("all at once" in text for text in done.left_out)
    assert (done.unused, done.used) == ({}, done.rows)
    for row in rows:
        assert (row.model_id, row.gpu_type, row.gpu_count, row.engine) == (MODEL, "H100", 1, "vLLM 0.24.0")
        assert (row.prompt_tokens, row.output_tokens) == (512, 256)  # as asked, although fewer were counted
        assert row.date == "2026-11-28"
        for metric, least, most in (
            ("ttft_ms", 20, 3000),
            ("itl_ms", 2, 60),
            ("e2e_ms", 1000, 15_000),
        ):  # all in ms
            seen = getattr(row, metric)
            assert least < seen.p50 <= seen.p90 <= seen.p95 <= seen.p99 < most, (metric, seen)
    assert {r.requests_per_second for r in rows if r.concurrency is None} <= set(arrival_rates(content))
    assert [r.concurrency for r in rows].count(1) == 1  # the synchronous one


@pytest.mark.parametrize("version", VERSIONS)
def test_p50_is_the_median(version: str, tmp_path: Path) -> None:
    content = report(f"sweep-{version}")
    _, rows = read_file(write(tmp_path, content), H100)
    for (_, raw), benchmark in zip(rows, content["benchmarks"], strict=True):
        assert raw["ttft_p50_ms"] == benchmark["metrics"]["time_to_first_token_ms"]["successful"]["median"]
        assert raw["e2e_p50_ms"] == pytest.approx(
            1000 * benchmark["metrics"]["request_latency"]["successful"]["median"]
        )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sweep_takes_nothing_from_what_is_known_beyond_it(
    version: str, tmp_path: Path, database: Database
) -> None:
    """All requests at once, and rates that were more than it serves, are no latencies at
    a rate: the estimates beyond stay.
    """
    before, content = capacity(database), report(f"sweep-{version}")
    slow = {n for n, b in enumerate(content["benchmarks"]) if ttft_p95(b) > 300}
    kept = [n for n in range(4) if n not in slow or strategies(content)[n]["type_"] == "throughput"]
    content["benchmarks"] = [
        content["benchmarks"][n] for n in kept
    ]  # a rate at which it really was slow counts
    import_file(write(tmp_path, content), H100, database)
    assert capacity(database) == pytest.approx(before, rel=0.02)


def test_the_asked_shape_is_read_where_more_was_counted(tmp_path: Path, database: Database) -> None:
    """A real server counts its chat template and begin-of-text tokens as well."""
    content = report("sweep-0.8.1")
    for benchmark in content["benchmarks"]:
        benchmark["metrics"]["prompt_token_count"]["successful"]["mean"] = 525.0
    assert import_file(write(tmp_path, content), H100, database).unused == {}
    assert {(r.prompt_tokens, r.output_tokens) for r in imported(database)} == {(512, 256)}


def test_rows_of_a_shape_that_no_plan_has_are_said_and_a_person_can_say_what_was_asked(
    tmp_path: Path, database: Database
) -> None:
    content = report("sweep-0.8.1")
    content["config"]["spec"]["data"] = [{"kind": "huggingface", "path": "somebody/prompts"}]
    path = write(tmp_path, content)
    done = import_file(path, H100, database)
    assert done.used == 0
    assert "512→256" in next(iter(done.unused))
    assert "--prompt-tokens" in next(iter(done.unused))
    said = Stated(gpu_type="H100", gpu_count=1, prompt_tokens=512, output_tokens=256)
    done = import_file(path, said, database)
    assert done.used == done.rows == 3
    assert any("prompt tokens 512, as you say" in text for text in done.replaced)


@pytest.mark.parametrize("alias", ["llama3", "/mnt/models", "e2e-mock-model"])
def test_what_a_person_says_wins_over_an_alias(alias: str, tmp_path: Path, database: Database) -> None:
    content = report("sweep-0.6.1")
    for benchmark in content["benchmarks"]:
        benchmark["config"]["backend"]["model"] = alias
    path = write(tmp_path, content)
    with pytest.raises(
        CompassError, match=f"'{alias}' is no model's id .* say which model it is with --model"
    ):
        import_file(path, H100, database)
    done = import_file(path, Stated(MODEL, "H100", 1), database)
    assert {r.model_id for r in imported(database)} == {MODEL}
    assert done.replaced == [f"model {MODEL}, as you say, and not {alias!r}, which the file says of 4 rows"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("prefix-0.8.1", "share 1,024 tokens"),
        ("prefix-0.5.4", "share 1,024 tokens"),
        ("errors-0.8.1", "20 of 36"),
    ],
)
def test_what_plans_could_be_misled_by_is_refused_by_its_reason(
    name: str, why: str, tmp_path: Path, database: Database
) -> None:
    with pytest.raises(CompassError, match=f"no row says what plans could use.*\n(?s:.*){why}"):
        import_file(write(tmp_path, report(name)), H100, database)
    assert imported(database) == []


def test_requests_in_flight_are_kept_and_the_same_again_is_an_update(
    tmp_path: Path, database: Database
) -> None:
    content = report("concurrent-0.8.1")
    assert import_file(write(tmp_path, content), H100, database).updated == 0
    content["benchmarks"][0]["metrics"]["requests_per_second"]["successful"]["mean"] *= 1.01
    assert import_file(write(tmp_path, content), H100, database).updated == 1
    assert [r.concurrency for r in imported(database)] == [4]


def test_a_rate_that_was_run_again_replaces_the_run_before_whatever_was_achieved(
    tmp_path: Path, database: Database
) -> None:
    content = report("sweep-0.5.4")
    first = import_file(write(tmp_path, content), H100, database)
    for benchmark in content["benchmarks"]:
        benchmark["metrics"]["requests_per_second"]["successful"]["mean"] *= 0.997
    again = import_file(write(tmp_path, content), H100, database)
    assert again.updated == first.rows == len(imported(database))
    content["benchmarks"] *= 2  # both runs in one file
    twice = import_file(write(tmp_path, content), H100, database)
    assert twice.rows == first.rows
    assert sum("the later one stands" in text for text in twice.left_out) == first.rows


def test_a_row_without_a_success_is_left_out_and_named_and_the_rest_is_taken(
    tmp_path: Path, database: Database
) -> None:
    content = report("sweep-0.8.1")
    dead = content["benchmarks"][2]["metrics"]
    dead["request_totals"] = {"successful": 0, "errored": 3, "incomplete": 5, "total": 8}
    for name in list(dead):
        if name != "request_totals":
            dead[name] = {"successful": {"mean": 0.0, "median": 0.0, "percentiles": {"p50": 0.0, "p95": 0.0}}}
    done = import_file(write(tmp_path, content), H100, database)
    assert done.rows == 2
    assert [t for t in done.left_out if t.startswith("row 3")] == [
        "row 3 (0.8 requests/s): none of its 8 requests succeeded."
    ]


@pytest.mark.parametrize(
    ("totals", "taken"),
    [
        ((480, 20, 0), True),
        ((470, 30, 0), False),
        ((100, 0, 90), True),
        ((100, 0, 110), False),
        ((1, 0, 0), True),
        ((0, 0, 9), False),
    ],
)
def test_rows_that_failed_or_were_cut_off_too_often_are_no_measurement(
    totals: tuple[int, int, int], taken: bool, tmp_path: Path
) -> None:
    content = report("sweep-0.8.1")
    content["benchmarks"] = content["benchmarks"][2:3]
    content["benchmarks"][0]["metrics"]["request_totals"] = dict(
        zip(("successful", "errored", "incomplete"), totals, strict=True)
    )
    _, raw = read_file(write(tmp_path, content), H100)
    found = check(raw, "x")
    assert (len(found.good), len(found.left_out), found.wrong) == ((1, 0, []) if taken else (0, 1, []))


def test_a_client_that_could_not_send_its_rate_is_filed_by_what_it_did(tmp_path: Path) -> None:
    content = report("sweep-0.8.1")
    row = content["benchmarks"] = content["benchmarks"][2:3]
    row[0]["config"]["strategy"]["rate"] = 100.0  # of which 8 were sent in 10 s
    _, raw = read_file(write(tmp_path, content), H100)
    assert [r.requests_per_second for r in check(raw, "x").good] == [0.7]
