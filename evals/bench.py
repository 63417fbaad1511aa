"""How long the things take that people wait for, on this machine: median, least and most
of some runs. Run by `make bench`.
"""

from __future__ import annotations

import csv
import random
import resource
import statistics
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from evals import plain_scheduler
from evals.timing import timed, told
from knowledge.benchmarks import Benchmark
from knowledge.catalogue import gpus, models, use_cases
from knowledge.database import Database
from knowledge.estimator.replica import replica_of
from knowledge.estimator.scheduler import simulate
from knowledge.estimator.workload import gaps_of, requests_of
from knowledge.importer.formats import Stated
from knowledge.importer.write import import_file
from knowledge.prices import prices
from knowledge.settings import Settings
from knowledge.workload import Workload
from tools.plan_capacity import SIMULATED, PlanRequest, begun, plan, plan_capacity
from tools.planning.simulation import simulated
from tools.specification import (
    Intent,
    Overrides,
    SpecificationChange,
    build_specification,
    change_specification,
)
from tools.traffic import map_to_benchmark_profile

RUNS = 30


def simulated_hour() -> None:
    """One replica of Llama-3.1-8B on one H100 under 5 requests/s of 512→256 tokens
    for an hour, arrivals drawn anew.
    """
    model, gpu = models()["meta-llama/Llama-3.1-8B-Instruct"], gpus()["H100"]
    replica = replica_of(model, gpu, 1, Workload(prompt_tokens=512, output_tokens=256))
    if replica is None:
        raise RuntimeError("the shipped step grids lack Llama-3.1-8B on H100")
    generator, now, arrivals = random.Random(1), 0.0, []  # noqa: S311 - a simulation, no secret
    while now < 3_600_000:
        now += generator.expovariate(0.005)
        arrivals.append(now)
    count = len(arrivals)
    seen = simulate(replica.steps, replica.kv_tokens, arrivals, [512] * count, [256] * count)
    sorted(seen.ttft_ms)


def requests_per_second() -> None:
    """How many requests are simulated in a second of CPU time, compiled and in plain Python, of the same
    runs.
    """
    replica = replica_of(
        models()["meta-llama/Llama-3.1-8B-Instruct"], gpus()["H100"], 1, Workload(512, 256, 0.5, 0.5)
    )
    if replica is None:
        raise RuntimeError("the shipped step grids lack Llama-3.1-8B on H100")
    of = requests_of(replica.workload, 10_000)
    prompts, outputs = of.prompts.tolist(), of.outputs.tolist()
    simulate(replica.steps, replica.kv_tokens, [0.0], [1], [1])  # compiled, or read from its cache
    taken: dict[str, list[float]] = {"compiled": [], "plain Python": []}
    for rate in (2, 5, 8, 11, 14):
        arrivals = np.cumsum(gaps_of("bench", 10_000, 1.0) / rate * 1000)
        start = time.process_time()
        simulate(replica.steps, replica.kv_tokens, arrivals, of.prompts, of.outputs)
        taken["compiled"].append(time.process_time() - start)
        start = time.process_time()
        plain_scheduler.simulate(replica.steps, replica.kv_tokens, arrivals.tolist(), prompts, outputs)
        taken["plain Python"].append(time.process_time() - start)
    for how, times in taken.items():
        told(f"10,000 requests simulated, {how} (CPU time)", times)
    compiled, plain = (statistics.median(times) for times in taken.values())
    print(f"{10_000 / compiled:>12,.0f} requests/s compiled, {plain / compiled:.0f} times plain Python's")


def never_seen(database: Database) -> None:
    """Plans for lengths that nobody asked for before, with at least 100 candidates settled: until the first
    estimate, whole, and again.
    """
    first, whole, again, settled = [], [], [], []
    for number in range(9):
        changed = change_specification(
            request_for("chatbot_conversational", 0).specification,
            SpecificationChange(prompt_tokens=700 + 131 * number, output_tokens=90 + 37 * number),
        )
        profile = map_to_benchmark_profile(changed.traffic_profile)
        request = PlanRequest(specification=changed, benchmark_profile=profile, simulate=100, limit=100)
        table, listed = database.curves(profile), prices(None)
        start = time.perf_counter()
        begun(request, table, listed).ranked("balanced")
        first.append(time.perf_counter() - start)
        plan(request, table, listed)
        whole.append(time.perf_counter() - start)
        start = time.perf_counter()
        plan(request, table, listed)
        again.append(time.perf_counter() - start)
        settling = begun(request, table, listed)
        settling.settle(100, "balanced", 100)
        settled.append(len(settling.sizing.sized))
    told("lengths never seen: until the first estimate", first)
    told(f"lengths never seen: whole, at least {min(settled)} candidates simulated", whole)
    told("the same again", again)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{memory_mb:>12,.0f} MB of memory at most")


def recommendations(database: Database, label: str) -> None:
    """A plan for each use case by the table alone, as a person's next question would ask for it."""
    requests = {use_case: request_for(use_case, 0) for use_case in use_cases()}
    every = []
    for use_case, request in requests.items():
        plan_capacity(request, database)
        taken = []
        for _ in range(RUNS):
            start = time.perf_counter()
            plan_capacity(request, database)
            taken.append(time.perf_counter() - start)
        every += taken
        told(f"recommendation, {label}: {use_case}", taken)
    told(f"recommendation, {label}: all nine use cases", every)


def anew(database: Database) -> None:
    """The same with targets that nobody asked for before, so that nothing about them is kept."""
    taken = []
    for number in range(RUNS):
        changed = change_specification(
            request_for("chatbot_conversational", 0).specification,
            SpecificationChange(ttft_p95_ms=150 + number / 7),
        )
        request = PlanRequest(specification=changed, benchmark_profile=changed.traffic_profile, simulate=0)
        start = time.perf_counter()
        plan_capacity(request, database)
        taken.append(time.perf_counter() - start)
    told("recommendation with targets never asked for before: chatbot", taken)


def at_once(database: Database, threads: int) -> None:
    """Many people at once in one process: each one's wait."""
    request = request_for("chatbot_conversational", 0)
    taken: list[float] = []

    def ask() -> None:
        for _ in range(RUNS // 2):
            start = time.perf_counter()
            plan_capacity(request, database)
            taken.append(time.perf_counter() - start)

    workers = [threading.Thread(target=ask) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    told(f"recommendation, {threads} at once: chatbot", taken)


def simulating(database: Database) -> None:
    """With the ten best simulated at peak, nothing of it kept from before."""
    for use_case in use_cases():
        request = request_for(use_case, SIMULATED)
        taken = []
        for _ in range(3):
            simulated.cache_clear()
            start = time.perf_counter()
            plan_capacity(request, database)
            taken.append(time.perf_counter() - start)
        told(f"recommendation, the ten best simulated: {use_case}", taken)


def request_for(use_case: str, simulate: int) -> PlanRequest:
    specification = build_specification(Intent(use_case=use_case, user_count=1000), Overrides())
    profile = specification.traffic_profile
    return PlanRequest(
        specification=specification, benchmark_profile=profile, simulate=simulate, limit=10 if simulate else 5
    )


def tenfold(database: Database, what: str) -> None:
    """Nine more rows for each: of the same configuration at a hardly higher rate, or of
    another one with more GPUs, a candidate as well.
    """
    values = {
        "requests_per_second": "b.requests_per_second * (1 + n / 1e4)",
        "gpu_count": "b.gpu_count + 10 * n",
    }
    columns = ", ".join(c for c in Benchmark.COLUMNS if c != what)
    with database.connect() as connection:
        connection.execute("DELETE FROM benchmarks WHERE NOT shipped")
        connection.execute(
            f"INSERT INTO benchmarks ({what}, {columns}) SELECT {values[what]}, {columns}"  # noqa: S608 - our own names
            " FROM benchmarks b, generate_series(1, 9) AS n WHERE b.ttft_p95_ms IS NOT NULL"
        )
        connection.execute("ANALYZE benchmarks")


def main() -> None:
    """Print one line a thing."""
    timed(
        "a simulated hour of one replica at 5 requests/s (CPU time)", simulated_hour, clock=time.process_time
    )
    with tempfile.TemporaryDirectory() as folder:
        homes = iter(range(100))

        def empty_database() -> None:
            Database(Settings(home=Path(folder, f"home{next(homes)}"))).close()

        timed("an empty embedded database, until it is ready", empty_database, runs=3)
        settings = Settings(home=Path(folder, "home0"))
        database = Database(settings)
        timed("a later start with that database", lambda: Database(settings).close())
        requests_per_second()
        never_seen(database)
        recommendations(database, "the shipped table")
        anew(database)
        for threads in (1, 4, 16):
            at_once(database, threads)
        simulating(database)
        path = Path(folder, "measured.csv")
        _ten_thousand_rows(path)
        timed("importing 10,000 rows", lambda: import_file(path, Stated(), database))
        tenfold(database, "requests_per_second")
        recommendations(database, "ten times the rows for each configuration")
        tenfold(database, "gpu_count")
        recommendations(database, "ten times the configurations")
        database.close()


def _ten_thousand_rows(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        columns = (
            "model_id",
            "gpu_type",
            "gpu_count",
            "prompt_tokens",
            "output_tokens",
            "requests_per_second",
        )
        writer.writerow([*columns, "ttft_p95_ms", "itl_p95_ms", "e2e_p95_ms"])
        for number in range(1, 10_001):
            writer.writerow(["microsoft/phi-4", "H100", 1, 512, 256, number / 100, 60, 11, 2900])


if __name__ == "__main__":
    main()
