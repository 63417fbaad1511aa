"""Where scenarios are played: a database, a simulated cluster and a runtime, all of
their own and gone afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

from agent.models.choose import ChosenModel
from agent.runtime import Runtime
from knowledge.settings import Settings
from simulator.cluster.control import heal, order_failure
from simulator.cluster.orders import Order
from tools.clusters.simulated import simulator_address

FASTER = "0.001"
"""Models load a thousand times faster than real ones."""


class Stage:
    """One worker's. Nothing of the person's own Compass is touched but the settings that choose a model."""

    def __init__(self, settings: Settings, database_url: str) -> None:
        os.environ["COMPASS_SIMULATOR_TIME_SCALE"] = FASTER
        self._home = Path(tempfile.mkdtemp(prefix="compass-eval-"))
        self._settings = Settings(
            home=self._home,
            DATABASE_URL=database_url,
            model=settings.model,
            OLLAMA_HOST=settings.ollama_host,
            cluster="sim",
            ready_timeout_s=20,
            watch_interval_s=0.05,
        )
        self._first = Runtime(self._settings)

    def runtime(
        self, read_only: bool = False, probe_s: float = 0.0, model: ChosenModel | None = None
    ) -> Runtime:
        """A runtime that shares the stage's database, with nothing else in memory.
        `model` reads in place of the one evaluated.
        """
        settings = self._settings.model_copy(update={"read_only": read_only, "probe_s": probe_s})
        return Runtime(settings, beside=self._first, chosen=model or self._first.chosen)

    def strike(self, failure: Order, names: str) -> None:
        """From now on this failure strikes what has one of these names: shell patterns."""
        order_failure(simulator_address(self._home), failure, names)

    def heal(self) -> None:
        heal(simulator_address(self._home))

    def close(self) -> None:
        self._first.close()
        with suppress(OSError, ValueError, KeyError):
            os.kill(int(json.loads((self._home / "simulator.json").read_text())["pid"]), signal.SIGKILL)
        shutil.rmtree(self._home, ignore_errors=True)
