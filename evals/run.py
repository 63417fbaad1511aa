"""Running scenarios: several processes side by side, each with a stage of its own."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path

from agent.models.choose import choose_model
from evals.graders import Grade, grade
from evals.play import play
from evals.report import Report, report_of
from evals.scenario import Scenario
from evals.stage import Stage
from knowledge.database import Database
from knowledge.settings import Settings

_stage: Stage | None = None


def default_jobs(settings: Settings) -> int:
    """A conversation waits for the cluster about as long as it computes; a model that
    runs here is one thing at a time.
    """
    return 1 if settings.model.startswith(("gguf:", "ollama:")) else 2 * (os.cpu_count() or 1)


def run(
    scenarios: list[Scenario], settings: Settings, trials: int, jobs: int, on_grade: Callable[[Grade], None]
) -> Report:
    """Play every scenario so many times. Raises CompassError if the model can't be used."""
    model = choose_model(settings).name
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="compass-eval-", ignore_cleanup_errors=True) as home:
        database = Database(Settings(home=Path(home)))  # one server for all; it fills its table once
        try:
            grades = _played(scenarios, settings, database.address.conninfo, trials, jobs, on_grade)
        finally:
            database.close()
    order = {scenario.name: position for position, scenario in enumerate(scenarios)}
    grades.sort(key=lambda g: (order[g.conversation.scenario.name], g.conversation.trial))
    return report_of(grades, model, trials, time.perf_counter() - began)


def _played(
    scenarios: list[Scenario],
    settings: Settings,
    database_url: str,
    trials: int,
    jobs: int,
    on_grade: Callable[[Grade], None],
) -> list[Grade]:
    work = [
        (scenario, trial)
        for trial in range(trials)
        for scenario in sorted(scenarios, key=lambda s: -len(s.turns))
    ]
    grades: list[Grade] = []
    with ProcessPoolExecutor(
        min(jobs, len(work)), get_context("spawn"), initializer=_open, initargs=(settings, database_url)
    ) as pool:
        for done in as_completed([pool.submit(_one, scenario, trial) for scenario, trial in work]):
            grades.append(done.result())
            on_grade(grades[-1])
    return grades


def _open(settings: Settings, database_url: str) -> None:
    global _stage
    logging.disable(logging.CRITICAL)  # what goes wrong is in the findings
    _stage = Stage(settings, database_url)
    Finalize(_stage, _stage.close, exitpriority=100)


def _one(scenario: Scenario, trial: int) -> Grade:
    if _stage is None:
        raise RuntimeError("this process has no stage")
    return grade(play(scenario, trial, _stage))
