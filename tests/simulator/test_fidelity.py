"""How true the simulated servers are to the benchmark table, as a load generator sees them. `make
fidelity`, on an idle machine.

The server runs in a process of its own, at time scale 1, and gets the same Poisson
arrivals that the table was made with.
"""

import asyncio
import csv
import gzip
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge.catalogue import gpus, models, traffic_profiles
from knowledge.estimator.replica import replica_of
from knowledge.estimator.scheduler import simulate
from knowledge.estimator.table import percentile
from knowledge.estimator.workload import arrivals_ms, seeded, unit_gaps
from knowledge.workload import workload_of
from tests import web
from tests.conftest import free_port
from tests.pace import until
from tests.present import present
from tests.simulator.load import Request, load

TABLE = Path(__file__).parents[2] / "knowledge" / "data" / "benchmarks.csv.gz"
PROFILE = next(p for p in traffic_profiles() if (p.prompt_tokens, p.output_tokens) == (512, 256))
REQUESTS, WARM_UP = 900, 100
POINTS = [
    ("meta-llama/Llama-3.1-8B-Instruct", "H100", 1),
    ("RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic", "L40S", 1),
    ("meta-llama/Llama-3.2-1B-Instruct", "L4", 1),
    ("meta-llama/Llama-3.3-70B-Instruct", "H100", 8),
    ("Qwen/Qwen3-4B", "A100-40", 1),
    ("Qwen/Qwen3-14B", "B200", 1),
    ("Qwen/Qwen3-30B-A3B", "H200", 1),
    ("openai/gpt-oss-20b", "RTX-PRO-6000", 1),
    ("openai/gpt-oss-120b", "H200", 2),
    ("microsoft/phi-4", "H200", 2),
    ("mistralai/Mistral-7B-Instruct-v0.3", "A100-80", 1),
    ("ibm-granite/granite-3.1-8b-instruct", "MI300X", 1),
]
"""Each at its busiest rate up to 20 requests/s and up to two thirds of what it can serve."""


def row_of(model_id: str, gpu: str, gpu_count: int) -> dict[str, float]:
    """The table's rate and p95s."""
    wanted = {
        "model_id": model_id,
        "gpu_type": gpu,
        "gpu_count": str(gpu_count),
        "prompt_tokens": "512",
        "output_tokens": "256",
    }
    with gzip.open(TABLE, "rt") as file:
        rows = [r for r in csv.DictReader(file) if wanted.items() <= r.items()]
    rows.sort(key=lambda r: float(r["requests_per_second"]))
    busiest = [r for r in rows[:6] if float(r["requests_per_second"]) <= 20][-1]
    return {name: float(busiest[name]) for name in ("requests_per_second", "ttft_p95_ms", "itl_p95_ms")}


@pytest.mark.fidelity
@pytest.mark.parametrize(("model_id", "gpu", "gpu_count"), POINTS)
def test_measured_latencies_are_those_of_the_table(
    model_id: str, gpu: str, gpu_count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    row, port = row_of(model_id, gpu, gpu_count), free_port()
    rate = row["requests_per_second"]
    at = arrivals_ms(unit_gaps(seeded(f"0 {PROFILE}"), REQUESTS), rate)
    command = [
        "simulate",
        "vllm",
        "--model",
        model_id,
        "--gpu",
        gpu,
        "--gpu-count",
        str(gpu_count),
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "agent.cli", *command, "--max-model-len", "2048"], stdout=subprocess.DEVNULL
    )
    try:
        if (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(process.pid, {0})
            os.sched_setaffinity(0, set(range(1, os.cpu_count() or 1)))
        until(lambda: web.answers(f"http://127.0.0.1:{port}/health"))
        requests = [Request(ms / 1000, PROFILE.prompt_tokens, PROFILE.output_tokens) for ms in at]
        seen = asyncio.run(load(f"http://127.0.0.1:{port}", model_id, requests))[WARM_UP:]
    finally:
        process.kill()
        process.wait()
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))
    assert {s.tokens for s in seen} == {PROFILE.output_tokens}
    ttft = percentile([s.ttft_ms for s in seen], 0.95) / row["ttft_p95_ms"]
    itl = percentile([s.itl_ms for s in seen], 0.95) / row["itl_p95_ms"]
    with capsys.disabled():
        figures = (
            f"TTFT p95 {row['ttft_p95_ms']:7.1f} ms × {ttft:.3f}   ITL p95 {row['itl_p95_ms']:6.2f} ms ×"
            f" {itl:.3f}"
        )
        print(f"\n{model_id:<52} {gpu_count} {gpu:<13} {rate:5.1f} req/s   {figures}", end="")
    assert ttft == pytest.approx(1, abs=0.1)
    assert itl == pytest.approx(1, abs=0.1)


@pytest.mark.fidelity
def test_256_streams_at_once_keep_their_pace_on_one_core(capsys: pytest.CaptureFixture[str]) -> None:
    """Slowed down so that a token is due every 20 ms; the median over the streams of each one's mean."""
    model_id, port, streams, due_ms = "openai/gpt-oss-20b", free_port(), 256, 20.0
    plain = simulate_alone(model_id, "B200", streams, PROFILE.output_tokens)
    command = [
        "simulate",
        "vllm",
        "--model",
        model_id,
        "--gpu",
        "B200",
        "--port",
        str(port),
        "--time-scale",
        str(due_ms / plain),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "agent.cli", *command, "--max-model-len", "2048"], stdout=subprocess.DEVNULL
    )
    try:
        if (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(process.pid, {0})
            os.sched_setaffinity(0, set(range(1, os.cpu_count() or 1)))
        until(lambda: web.answers(f"http://127.0.0.1:{port}/health"))
        requests = [Request(0.0, 16, PROFILE.output_tokens)] * streams
        seen = asyncio.run(load(f"http://127.0.0.1:{port}", model_id, requests))
    finally:
        process.kill()
        process.wait()
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))
    itl = statistics.median(s.itl_ms for s in seen)
    with capsys.disabled():
        print(
            f"\n{streams} streams on one core: median ITL {itl:.2f} ms, {itl / due_ms:.4f} of what was due",
            end="",
        )
    assert {s.tokens for s in seen} == {PROFILE.output_tokens}
    assert itl == pytest.approx(due_ms, rel=0.05)


def simulate_alone(model_id: str, gpu: str, streams: int, tokens: int) -> float:
    """Median over the streams of the mean ITL in ms that the model of the scheduler
    has when all come at once.
    """
    replica = present(replica_of(models()[model_id], gpus()[gpu], 1, workload_of(PROFILE)))
    seen = simulate(replica.steps, replica.kv_tokens, [0.0] * streams, [16] * streams, [tokens] * streams)
    return float(statistics.median(seen.itl_ms))
