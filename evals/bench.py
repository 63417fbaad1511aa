"""How long the things take that people wait for, on this machine: median, least and most of some runs. Run by `make bench`."""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from agent.recommend import recommendation_for, specification_from_words
from knowledge.catalogue import gpus, models
from knowledge.database import Database
from knowledge.estimator.calibration import calibration
from knowledge.estimator.grids import shipped_grid
from knowledge.estimator.memory import plan_memory
from knowledge.estimator.scheduler import simulate
from knowledge.estimator.steps import StepTimes
from knowledge.importer.formats import Stated
from knowledge.importer.write import import_file
from knowledge.settings import Settings


def timed(name: str, work: Callable[[], object], runs: int = 5, clock: Callable[[], float] = time.perf_counter) -> None:
    taken = []
    for _ in range(runs):
        start = clock()
        work()
        taken.append(clock() - start)
    print(f"{name:<62} {median(taken):7.3f} s   ({min(taken):.3f} to {max(taken):.3f}, {runs} runs)")


def simulated_hour() -> None:
    """One replica of Llama-3.1-8B on one H100 under 5 requests/s of 512→256 tokens for an hour, arrivals drawn anew."""
    model, gpu = models()["meta-llama/Llama-3.1-8B-Instruct"], gpus()["H100"]
    grid = shipped_grid(model.id, gpu.id, 1)
    if grid is None:
        raise RuntimeError("the shipped step grids lack Llama-3.1-8B on H100")
    steps = StepTimes(grid, calibration().overheads(gpu.architecture))
    generator, now, arrivals = random.Random(1), 0.0, []  # noqa: S311 - a simulation, no secret
    while now < 3_600_000:
        now += generator.expovariate(0.005)
        arrivals.append(now)
    count = len(arrivals)
    seen = simulate(steps, plan_memory(model, gpu, 1, 768).kv_tokens, arrivals, [512] * count, [256] * count)
    sorted(seen.ttft_ms)


def main() -> None:
    """Print one line a thing."""
    timed("a simulated hour of one replica at 5 requests/s (CPU time)", simulated_hour, clock=time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        homes = iter(range(100))

        def empty_database() -> None:
            Database(Settings(home=Path(folder, f"home{next(homes)}"))).close()

        timed("an empty embedded database, until it is ready", empty_database, runs=3)
        settings = Settings(home=Path(folder, "home0"))
        database = Database(settings)
        timed("a later start with that database", lambda: Database(settings).close())
        path = Path(folder, "measured.csv")
        _ten_thousand_rows(path)
        timed("importing 10,000 rows", lambda: import_file(path, Stated(), database))
        database.close()
        specification = specification_from_words("a chatbot for 1000 users, low latency critical", settings)
        timed("a plan for a chatbot, database start included", lambda: recommendation_for(specification, settings, 5))


def _ten_thousand_rows(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        columns = ("model_id", "gpu_type", "gpu_count", "prompt_tokens", "output_tokens", "requests_per_second")
        writer.writerow([*columns, "ttft_p95_ms", "itl_p95_ms", "e2e_p95_ms"])
        for number in range(1, 10_001):
            writer.writerow(["microsoft/phi-4", "H100", 1, 512, 256, number / 100, 60, 11, 2900])


if __name__ == "__main__":
    main()
