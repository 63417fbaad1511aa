"""Many people at once deploy, watch and delete over the API while the serving process is killed at
random: what must hold in any case.

    python -m evals.chaos [PEOPLE] [KILLS] [SEED]

The cluster is the simulator, without the Prometheus operator. Half of the people go step by step, half hold
a conversation. Whoever loses the connection sends the same request again, as a careful client does. In the
end the cluster is compared with the audit log: nothing lost, doubled, unapproved or half applied; and nobody
was told anything but sentences.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from evals.aftermath import aftermath
from evals.person import PATIENCE_S, Person, Report
from knowledge.database import Database
from knowledge.direct import directly
from knowledge.postgres.embedded import embedded_url
from knowledge.settings import Settings
from simulator.cluster.control import order_failure
from tools.clusters.cluster import Cluster
from tools.clusters.simulated import simulator_address
from tools.deploying.cut import cut_off

PEOPLE, KILLS, SEED = 40, 8, 1


class Server:
    """`compass serve` as a process, which can be killed and started anew at the same address."""

    def __init__(self, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-P", "-m", "compass_llm", "serve", "--port", str(self.port)]
        self._process = subprocess.Popen(  # noqa: S603
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"compass serve ended with {self._process.returncode}")
            try:
                if (
                    httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5, **directly()).status_code
                    == 200
                ):
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise RuntimeError("compass serve doesn't answer")

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


def chaos(settings: Settings, people: int, kills: int, seed: int) -> Report:
    """Play it on this database and home, and compare what is there in the end with what was approved."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    report, began = Report(people), time.monotonic()
    order_failure(simulator_address(settings.home_dir), "no-podmonitor")
    tokens = {f"person-{n}": secrets.token_hex(16) for n in range(people)}
    server = Server(_environment(settings, tokens))
    server.start()
    everybody = [
        Person(n, tokens[f"person-{n}"], server.port, report, random.Random(seed + n), n % 4 == 3)  # noqa: S311
        for n in range(people)
    ]
    try:
        with _killing(server, kills, dice, report), ThreadPoolExecutor(people) as pool:
            for person, work in [
                (p, pool.submit(p.step_by_step if n % 2 else p.in_conversation))
                for n, p in enumerate(everybody)
            ]:
                try:
                    work.result()
                except Exception as error:
                    report.wrong.append(f"{person.name}: {type(error).__name__}: {error}")
        database = Database(settings)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while cut_off(database) and time.monotonic() < deadline:  # the last is still to be finished
                time.sleep(0.5)
            kept = {p.deployment for p in everybody if p.keeps and p.deployment is not None}
            report.applies, wrong = aftermath(kept, Cluster(settings), database)
            report.wrong += wrong
        finally:
            database.close()
    finally:
        server.kill()
    report.seconds = time.monotonic() - began
    return report


@contextmanager
def _killing(server: Server, kills: int, dice: random.Random, report: Report) -> Iterator[None]:
    """So many times while this lasts; the last process lives."""
    over = threading.Event()

    def kill() -> None:
        try:
            for _ in range(kills):
                if over.wait(dice.uniform(1.0, 8.0)):
                    return
                server.kill()
                report.kills += 1
                over.wait(dice.uniform(0.0, 1.0))
                server.start()
        except Exception as error:
            report.wrong.append(f"the server didn't come back: {error}")

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def _environment(settings: Settings, tokens: dict[str, str]) -> dict[str, str]:
    hashed = ",".join(
        f"{name}:{hashlib.sha256(token.encode()).hexdigest()}" for name, token in tokens.items()
    )
    if settings.database_url is None:
        raise ValueError("the database must outlive the process that is killed: DATABASE_URL")
    return os.environ | {
        "COMPASS_HOME": str(settings.home_dir),
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "COMPASS_API_TOKENS": hashed,
        "COMPASS_MODEL": "builtin",
        "COMPASS_PROBE_S": "0",
        "COMPASS_READY_TIMEOUT_S": str(PATIENCE_S),
    }


def main() -> None:
    """Print what came of it; exit code 1 if anything that must hold didn't."""
    given = [int(a) for a in sys.argv[1:]]
    people, kills, seed = (*given, *(PEOPLE, KILLS, SEED)[len(given) :])
    with tempfile.TemporaryDirectory(prefix="compass-chaos-") as folder:
        home = Path(folder)
        os.environ.setdefault("COMPASS_SIMULATOR_GPUS", "H100=400,H200=400,L4=400,L40S=400,A100-80=400")
        settings = Settings(home=home, DATABASE_URL=embedded_url(home), model="builtin")
        try:
            report = chaos(settings, people, kills, seed)
        finally:
            pid = json.loads((home / "simulator.json").read_text())["pid"]
            os.kill(int(pid), signal.SIGKILL)
    print(report)
    sys.exit(bool(report.wrong))


if __name__ == "__main__":
    main()
