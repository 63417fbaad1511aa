"""Importing measurements: several formats, all or nothing, and a reason in words for whatever is wrong."""

import csv
import json
import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from knowledge.benchmarks import Benchmark
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.importer.formats import MAX_MEGABYTES, Stated
from knowledge.importer.write import Imported, import_file
from knowledge.settings import Settings
from tests.pace import until

PHI = "microsoft/phi-4"


def planner_row(**changes: Any) -> dict[str, Any]:
    """One row as the planner's benchmark JSON has it, latencies in ms."""
    row = {
        "model_hf_repo": PHI,
        "hardware": "NVIDIA-H100-80GB-HBM3",
        "hardware_count": 1,
        "framework": "vllm",
        "framework_version": "0.24.0",
        "prompt_tokens": 512,
        "output_tokens": 256,
        "requests_per_second": 3.5,
        **{"ttft_mean": 40.0, "ttft_p90": 52.0, "ttft_p95": 60.0, "ttft_p99": 90.0},
        **{"itl_mean": 9.0, "itl_p90": 10.5, "itl_p95": 11.0, "itl_p99": 12.0},
        **{"e2e_mean": 2335.0, "e2e_p90": 2700.0, "e2e_p95": 2900.0, "e2e_p99": 3200.0},
        "tokens_per_second": 896.0,
        "config_id": "not ours",
    }
    return {k: v for k, v in (row | changes).items() if v is not None}


def write_json(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"_metadata": {"version": "1"}, "benchmarks": rows}), encoding="utf-8")
    return path


def guidellm_report(rate: float = 4.2) -> dict[str, Any]:
    """As GuideLLM writes it: latencies of successful requests, request latency in seconds."""

    def seen(mean: float, p50: float, p90: float, p95: float, p99: float) -> dict[str, Any]:
        return {
            "successful": {
                "mean": mean,
                "median": p50,
                "percentiles": {"p50": p50, "p90": p90, "p95": p95, "p99": p99},
            },
            "errored": {},
        }

    return {
        "metadata": {"version": 1, "guidellm_version": "0.8.1"},
        "args": {"data": ["prompt_tokens=512,output_tokens=256"], "model": PHI},
        "benchmarks": [
            {
                "type_": "generative_benchmark",
                "config": {"strategy": {"type_": "constant", "rate": rate}, "backend": {"model": PHI}},
                "start_time": 1790000000.0,
                "metrics": {
                    "requests_per_second": {"successful": {"mean": rate}},
                    "prompt_token_count": {"successful": {"mean": 519.4}},
                    "output_token_count": {"successful": {"mean": 256.0}},
                    "output_tokens_per_second": {"successful": {"mean": rate * 256}},
                    "time_to_first_token_ms": seen(44.0, 41.0, 55.0, 61.0, 88.0),
                    "inter_token_latency_ms": seen(9.1, 9.0, 10.0, 11.2, 13.0),
                    "request_latency": seen(2.36, 2.33, 2.7, 2.95, 3.4),
                },
            }
        ],
    }


def rows_of(database: Database, model: str = PHI) -> list[tuple[float, str, float | None]]:
    with database.connect() as connection:
        found = connection.execute(
            "SELECT requests_per_second, provenance, ttft_p95_ms FROM benchmarks WHERE model_id = %s AND"
            " gpu_type = 'H100' AND gpu_count = 1 AND prompt_tokens = 512 AND output_tokens = 256 AND"
            " ttft_p95_ms IS NOT NULL ORDER BY requests_per_second",
            [model],
        )
        return [tuple(row.values()) for row in found]


def everything(database: Database) -> list[Any]:
    with database.connect() as connection:
        return connection.execute(
            "SELECT count(*) AS n, sum(hashtext(b::text)::bigint) AS digest FROM benchmarks b"
        ).fetchall()


def test_planner_json_is_imported_and_used_by_plans(tmp_path: Path, database: Database) -> None:
    done = import_file(
        write_json(tmp_path / "b.json", [planner_row(), planner_row(requests_per_second=7.0)]),
        Stated(),
        database,
    )
    assert done == Imported("benchmark JSON", 2, 0, [])
    assert [r for r in rows_of(database) if r[1] == "measured"] == [
        (3.5, "measured", 60.0),
        (7.0, "measured", 60.0),
    ]


def test_a_second_import_of_the_same_is_an_update(tmp_path: Path, database: Database) -> None:
    import_file(write_json(tmp_path / "b.json", [planner_row()]), Stated(), database)
    done = import_file(write_json(tmp_path / "c.json", [planner_row(ttft_p95=58.0)]), Stated(), database)
    assert (done.rows, done.updated) == (1, 1)
    assert [r for r in rows_of(database) if r[1] == "measured"] == [(3.5, "measured", 58.0)]


def test_a_mean_never_stands_for_a_percentile(tmp_path: Path, database: Database) -> None:
    only_means = planner_row(
        **{f"{m}_{p}": None for m in ("ttft", "itl", "e2e") for p in ("p90", "p95", "p99")}
    )
    import_file(write_json(tmp_path / "b.json", [only_means]), Stated(), database)
    assert all(provenance == "estimated" for _, provenance, _ in rows_of(database))
    with database.connect() as connection:
        kept = connection.execute(
            "SELECT ttft_mean_ms, ttft_p95_ms FROM benchmarks WHERE provenance = 'measured' AND NOT shipped"
        ).fetchall()
    assert kept == [{"ttft_mean_ms": 40.0, "ttft_p95_ms": None}]


def test_what_a_person_says_wins_and_is_said_where_it_differs(tmp_path: Path, database: Database) -> None:
    path = write_json(tmp_path / "b.json", [planner_row(requests_per_second=r) for r in (1.0, 2.0)])
    done = import_file(path, Stated("Qwen/Qwen3-8B", "h100", 1, "vLLM 0.25.1"), database)
    assert done.replaced == [
        f"model Qwen/Qwen3-8B, as you say, and not '{PHI}', which the file says of 2 rows",
        "engine vLLM 0.25.1, as you say, and not 'vllm 0.24.0', which the file says of 2 rows",
    ]  # the GPU is the same, by another name
    assert [r for r in rows_of(database, "Qwen/Qwen3-8B") if r[1] == "measured"] == [
        (1.0, "measured", 60.0),
        (2.0, "measured", 60.0),
    ]


def test_guidellm_says_neither_gpu_nor_count_so_a_person_does(tmp_path: Path, database: Database) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(guidellm_report()))
    with pytest.raises(CompassError, match="row 1: gpu_type is missing"):
        import_file(path, Stated(), database)
    done = import_file(path, Stated(gpu_type="h100", gpu_count=1, engine="vLLM 0.24.0"), database)
    assert done.kind == "GuideLLM report"
    with database.connect() as connection:
        row = connection.execute(
            "SELECT * FROM benchmarks WHERE provenance = 'measured' AND NOT shipped"
        ).fetchone()
    assert row is not None
    assert (row["prompt_tokens"], row["output_tokens"], row["requests_per_second"]) == (512, 256, 4.2)
    assert (row["ttft_p95_ms"], row["itl_p99_ms"], row["e2e_p95_ms"]) == (61.0, 13.0, 2950.0)
    assert (row["date"], row["engine"], row["model_id"]) == ("2026-09-21", "vLLM 0.24.0", PHI)


def test_csv_by_our_names_or_others(tmp_path: Path, database: Database) -> None:
    path = tmp_path / "b.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(planner_row()))
        writer.writeheader()
        writer.writerow(planner_row())
    assert import_file(path, Stated(), database) == Imported("CSV", 1, 0, [])


def test_a_model_that_nobody_catalogued_is_kept_and_named(tmp_path: Path, database: Database) -> None:
    done = import_file(
        write_json(tmp_path / "b.json", [planner_row(model_hf_repo="acme/own-7b")]), Stated(), database
    )
    assert done.unknown_models == ["acme/own-7b"]
    assert done.unused == {"the catalogue doesn't have acme/own-7b": 1}
    assert done.used == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"ttft_p95": 0.026, "ttft_p90": 0.02, "ttft_mean": 0.01, "ttft_p99": 0.1},
            r"probably in seconds: 10 ms\?|probably in seconds: 20 ms\?",
        ),
        (
            {"itl_p95": 0.011, "itl_p90": None, "itl_mean": None, "itl_p99": None},
            r"ITL of 0\.011 ms is probably in seconds: 11 ms\?",
        ),
        (
            {"e2e_p90": None, "e2e_p95": 2.9, "e2e_mean": None, "e2e_p99": 3.2},
            r"E2E \(2\.9 ms\) is below that of TTFT.*in seconds",
        ),
        ({"e2e_mean": 400_000.0, "e2e_p90": None, "e2e_p95": 500_000.0, "e2e_p99": None}, "in other units"),
        ({"ttft_p95": -60.0}, r"ttft_p95_ms: input should be greater than 0 \(found '-60\.0'\)"),
        ({"ttft_p95": float("nan")}, "ttft_p95_ms: .*finite"),
        ({"ttft_p95": "soon"}, "ttft_p95_ms: .*valid number"),
        ({"ttft_p99": 55.0}, r"ttft_p99_ms \(55\) is below ttft_p95_ms \(60\)"),
        ({"hardware": "H1000"}, "unknown GPU 'H1000'; known are L4"),
        ({"hardware_count": 0}, "gpu_count: .*greater than 0"),
        ({"requests_per_second": None}, "requests_per_second is missing"),
        ({"prompt_tokens": None}, "prompt_tokens is missing"),
        ({"ttft_p95": None, "ttft_mean": None}, "ttft_p95_ms is missing"),
        ({"model_hf_repo": None}, "model_id is missing"),
        ({"model_hf_repo": "/mnt/models"}, "'/mnt/models' is no model's id on the hub .* --model"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_changes(
    changes: dict[str, Any], reason: str, tmp_path: Path, database: Database
) -> None:
    before = everything(database)
    path = write_json(tmp_path / "b.json", [planner_row(requests_per_second=1.0), planner_row(**changes)])
    with pytest.raises(
        CompassError, match=rf"(?s)1 of 2 rows are wrong, and nothing was changed\.\nrow 2: .*(?:{reason})"
    ):
        import_file(path, Stated(), database)
    assert everything(database) == before


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"benchmarks": [{"model_hf_repo": "micro', r"not complete JSON: .* at line 1, column 35"),
        (b'{"benchmarks": []}', "holds no rows"),
        (b'{"results": [1]}', "no list named `benchmarks`.*vllm bench serve"),
        (b'{"a": 1}\n{"b": 2}\n', "no list named|probably|is missing"),
        (b'{"a": 1}\n{"b": 2\n', "not complete JSON"),
        (b"[1, 2]", "no list named `benchmarks`"),
        (b"[" * 100_000, "nested too deeply|not complete JSON"),
        (b"hello there, this is a letter", "neither JSON nor CSV"),
        (b"", "neither JSON nor CSV"),
        (b"model_id,ttft_p95_ms\n", "holds no rows"),
        (b"model_id,ttft_p95_ms\nmicrosoft/phi-4,1,2,3\n", "line 2: it has more fields than the header"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe\x00", "is not text"),
    ],
)
def test_a_wrong_file_is_refused_in_words(
    content: bytes, reason: str, tmp_path: Path, database: Database
) -> None:
    before = everything(database)
    path = tmp_path / "b.json"
    path.write_bytes(content)
    with pytest.raises(CompassError, match=reason):
        import_file(path, Stated(), database)
    assert everything(database) == before


def test_the_same_row_twice_in_a_file_is_refused(tmp_path: Path, database: Database) -> None:
    path = write_json(tmp_path / "b.json", [planner_row(), planner_row(ttft_p95=61.0)])
    with pytest.raises(CompassError, match="row 2: the same configuration and rate as row 1"):
        import_file(path, Stated(), database)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, database: Database) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(CompassError, match=rf"200 MB; at most {MAX_MEGABYTES} MB"):
        import_file(path, Stated(), database)


def test_a_missing_file_is_said(tmp_path: Path, database: Database) -> None:
    with pytest.raises(CompassError, match="can't be read: No such file"):
        import_file(tmp_path / "none.json", Stated(), database)


def many_rows(path: Path, count: int = 10_000) -> Path:
    return write_json(
        path, [planner_row(requests_per_second=round(0.01 * n, 2)) for n in range(1, count + 1)]
    )


def test_ten_thousand_rows_go_in_whole(tmp_path: Path, database: Database) -> None:
    assert import_file(many_rows(tmp_path / "b.json"), Stated(), database).rows == 10_000


def _import_slowly(path: Path, home: Path, url: str) -> None:
    plain = Benchmark.values

    def slow(self: Any) -> Any:
        time.sleep(0.0005)
        return plain(self)

    Benchmark.values = slow  # type: ignore[method-assign]
    os.environ["DATABASE_URL"] = url
    import_file(path, Stated(), Database(Settings(home=home)))


@pytest.mark.slow
def test_killed_in_the_middle_it_leaves_the_table_as_it_was(
    tmp_path: Path, settings: Settings, database: Database
) -> None:
    before = everything(database)
    assert settings.database_url
    work = multiprocessing.get_context("spawn").Process(
        target=_import_slowly,
        args=(many_rows(tmp_path / "b.json"), tmp_path, settings.database_url.get_secret_value()),
    )
    work.start()

    def copying() -> bool:
        with database.connect() as connection:
            active = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY"
                " incoming%' AND state = 'active'"
            ).fetchone()
        return active is not None

    until(copying)
    os.kill(work.pid or 0, signal.SIGKILL)
    work.join()
    assert everything(database) == before
