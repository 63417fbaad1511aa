"""Results of other benchmarkers, in the shapes that they publish: units, rates, and what
isn't a measurement of latencies at a rate.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.benchmarks import Benchmark
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.importer.formats import Stated, read_file
from knowledge.importer.rows import Checked, check
from knowledge.importer.write import import_file, unused_because
from tests.knowledge.test_guidellm import report
from tests.soak import examples

MODEL = "Qwen/Qwen3-8B"
H100 = Stated(gpu_type="H100", gpu_count=1)


def serving(**changes: Any) -> dict[str, Any]:
    """Of `vllm bench serve --percentile-metrics ttft,tpot,itl,e2el
    --metric-percentiles 50,90,95,99 --save-result`.
    """
    result: dict[str, Any] = {
        "date": "20261102-101500",
        "endpoint_type": "openai-chat",
        "model_id": MODEL,
        "tokenizer_id": MODEL,
    }
    result |= {
        "num_prompts": 200,
        "request_rate": 4.0,
        "burstiness": 1.0,
        "max_concurrency": None,
        "duration": 50.4,
        "completed": 200,
    }
    result |= {
        "total_input_tokens": 102_400,
        "total_output_tokens": 51_200,
        "request_throughput": 3.97,
        "output_throughput": 1016.0,
    }
    for name, figures in (
        ("ttft", (40, 38, 50, 55, 70)),
        ("tpot", (9, 8.8, 10, 10.5, 12)),
        ("itl", (9, 8.7, 9, 9.5, 40)),
        ("e2el", (2335, 2300, 2600, 2700, 2900)),
    ):
        result |= dict(
            zip((f"{s}_{name}_ms" for s in ("mean", "median", "p90", "p95", "p99")), figures, strict=True)
        )
    return result | changes


def metric(unit: str, avg: float, **more: float) -> dict[str, Any]:
    return {"unit": unit, "avg": avg} | more


def aiperf(unit: str = "ms", per: float = 1.0, **changes: Any) -> dict[str, Any]:
    """Of AIPerf's and genai-perf's `profile_export_*.json`; `per` is how many ms are one of the unit."""
    latencies = {
        "time_to_first_token": (40, 38, 50, 55, 70),
        "inter_token_latency": (9, 8.8, 10, 10.5, 12),
        "request_latency": (2335, 2300, 2600, 2700, 2900),
    }
    found: dict[str, Any] = {
        name: (
            {"unit": unit}
            | dict(zip(("avg", "p50", "p90", "p95", "p99"), (f / per for f in figures), strict=True))
        )
        for name, figures in latencies.items()
    }
    found |= {
        "request_throughput": metric("requests/sec", 3.97),
        "output_token_throughput": metric("tokens/sec", 1016.0),
    }
    found |= {
        "input_sequence_length": metric("tokens", 512.2),
        "output_sequence_length": metric("tokens", 256.0),
        "request_count": metric("requests", 200),
    }
    found |= {
        "input_config": {"endpoint": {"model_names": [MODEL]}, "loadgen": {"request_rate": 4.0}},
        "start_time": "2026-11-02T10:15:00",
    }
    return found | changes


def inference_perf(**changes: Any) -> dict[str, Any]:
    """Of `stage_N_lifecycle_metrics.json`, in seconds."""

    def seen(*figures: float) -> dict[str, Any]:
        return dict(zip(("mean", "median", "p90", "p95", "p99"), (f / 1000 for f in figures), strict=True))

    latency = {
        "time_to_first_token": seen(40, 38, 50, 55, 70),
        "time_per_output_token": seen(9, 8.8, 10, 10.5, 12),
        "request_latency": seen(2335, 2300, 2600, 2700, 2900),
    }
    successes = {
        "count": 200,
        "latency": latency,
        "throughput": {"requests_per_sec": 3.97, "output_tokens_per_sec": 1016.0},
    }
    successes |= {"prompt_len": {"mean": 512.1}, "output_len": {"mean": 255.9}}
    return {
        "load_summary": {"count": 200, "requested_rate": 4.0},
        "successes": successes,
        "failures": {"count": 0},
    } | changes


def checked(folder: Path, content: Any, stated: Stated = H100) -> tuple[str, Checked]:
    path = folder / "result.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    kind, rows = read_file(path, stated)
    return kind, check(rows, "x")


def only(found: Checked) -> Benchmark:
    assert found.wrong == []
    assert found.left_out == []
    return found.good[0]


@pytest.mark.parametrize(
    ("content", "kind", "stated"),
    [
        (serving(), "vllm bench serve", H100),
        ([serving(), serving(request_rate=8.0)], "vllm bench serve", H100),
        (aiperf(), "AIPerf report", H100),
        (aiperf("s", 1000.0), "AIPerf report", H100),
        (aiperf("us", 0.001), "AIPerf report", H100),
        (inference_perf(), "inference-perf report", Stated(MODEL, "H100", 1)),
        (f"{json.dumps(serving())}\n{json.dumps(serving(request_rate=8.0))}\n", "vllm bench serve", H100),
    ],
)
def test_each_tools_figures_arrive_in_ms_at_the_offered_rate(
    content: Any, kind: str, stated: Stated, tmp_path: Path
) -> None:
    name, found = checked(tmp_path, content, stated)
    row = only(found)
    assert name == kind
    assert (row.model_id, row.prompt_tokens, row.output_tokens, row.requests_per_second, row.concurrency) == (
        MODEL,
        512,
        256,
        4.0,
        None,
    )
    for seen, figures in (
        (row.ttft_ms, (38, 50, 55, 70, 40)),
        (row.itl_ms, (8.8, 10, 10.5, 12, 9)),
        (row.e2e_ms, (2300, 2600, 2700, 2900, 2335)),
    ):
        assert (seen.p50, seen.p90, seen.p95, seen.p99, seen.mean) == pytest.approx(figures)
    if kind != "inference-perf report":
        assert row.date == "2026-11-02"
    assert unused_because(row) is None


def test_sglangs_lines_are_read_by_their_own_names(tmp_path: Path) -> None:
    line = {
        k.replace("e2el", "e2e_latency"): v
        for k, v in serving().items()
        if k not in ("model_id", "date", "num_prompts")
    }
    name, found = checked(
        tmp_path,
        f"{json.dumps(line)}\n{json.dumps(line | {'request_rate': 6.0})}\n",
        Stated(MODEL, "H100", 1),
    )
    assert name == "SGLang bench_serving"
    assert [r.requests_per_second for r in found.good] == [4.0, 6.0]
    assert only(found).e2e_ms.p99 == 2900


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (serving(request_rate="inf"), "all at once"),
        (serving(request_rate=float("inf")), "all at once"),
        (serving(completed=0, total_output_tokens=0), "none of its 200 requests succeeded"),
        (serving(completed=100), "100 of 200 requests failed"),
        (aiperf(error_request_count=metric("requests", 60)), "60 of 260 requests failed"),
        (
            aiperf(
                input_config={
                    "loadgen": {"request_rate": 4.0},
                    "input": {"prompt": {"prefix_prompt": {"length": 1024}}},
                }
            ),
            "share 1,024 tokens",
        ),
        (inference_perf(failures={"count": 40}), "40 of 240 requests failed"),
    ],
)
def test_what_is_no_measurement_at_a_rate_is_left_out_by_its_reason(
    content: Any, why: str, tmp_path: Path
) -> None:
    _, found = checked(tmp_path, content, Stated(MODEL, "H100", 1))
    assert (found.good, found.wrong) == ([], [])
    assert why in found.left_out[0]


def test_a_limit_of_requests_in_flight_is_a_load_of_its_own(tmp_path: Path) -> None:
    _, found = checked(tmp_path, serving(request_rate="inf", max_concurrency=16))
    assert (only(found).concurrency, only(found).requests_per_second) == (16, 3.97)


def test_a_default_run_has_no_p95_and_that_is_said(tmp_path: Path, database: Database) -> None:
    """`vllm bench serve` states p99 alone unless asked, and no end-to-end latency."""
    default = {
        k: v for k, v in serving().items() if not k.startswith(("p50", "p90", "p95")) and "e2el" not in k
    }
    path = tmp_path / "default.json"
    path.write_text(json.dumps(default))
    done = import_file(path, H100, database)
    assert (done.rows, done.used) == (1, 0)
    assert "there is none of TTFT, ITL, E2E" in next(iter(done.unused))


KINDS = [serving(), aiperf(), inference_perf(), report("sweep-0.2.1"), report("sweep-0.8.1")]


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A result with something else at one of its places."""
    content = json.loads(json.dumps(draw(st.sampled_from(KINDS))))
    inner: Any = content
    for _ in range(draw(st.integers(1, 7))):
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        key = draw(st.sampled_from(keys))
        if not isinstance(inner[key], dict | list) or not inner[key]:
            break
        parent, inner = inner, inner[key]
    else:
        inner, keys = parent, list(parent) if isinstance(parent, dict) else list(range(len(parent)))
    key = draw(st.sampled_from(list(inner) if isinstance(inner, dict) else list(range(len(inner)))))
    inner[key] = draw(
        st.sampled_from(
            [None, True, -1, 0, 1e300, "", "x", [], {}, [[]], {"a": 1}, [1], "1e999", float("nan")]
        )
    )
    return content


@given(spoilt())
@settings(max_examples=examples(400))
def test_whatever_a_result_holds_it_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    try:
        _, found = checked(tmp_path_factory.getbasetemp(), content)
    except CompassError:
        return
    for row in found.good:
        assert row.requests_per_second > 0
