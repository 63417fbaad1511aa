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
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from evals.aftermath import aftermath
from knowledge.database import Database
from knowledge.postgres.embedded import embedded_url
from knowledge.settings import Settings
from simulator.cluster.control import order_failure
from tools.clusters.cluster import Cluster
from tools.clusters.simulated import simulator_address
from tools.deploying.cut import cut_off

PEOPLE, KILLS, SEED = 40, 8, 1
PATIENCE_S = 900.0
"""For one thing to come about, on a machine that is busy."""
NO_SENTENCE = ("Traceback", "Error(", "KeyError", "inside Compass", "Something went wrong", "NoneType")
"""What a person must never be told."""
NEEDS = ("a chatbot for {} users", "code completion for {} developers", "summarise documents for {} people")
Json = dict[str, Any]


@dataclass
class Report:
    """What came of it; `wrong` is empty where all held."""

    people: int
    kills: int = 0
    applies: int = 0
    seconds: float = 0.0
    requests: int = 0
    repeated: int = 0
    """Tries that met no answer, since the process was dead or died."""
    slowest_s: float = 0.0
    told: Counter[str] = field(default_factory=Counter)
    """Refusals and errors in words, by how often."""
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = (
            f"{self.people} people, {self.applies} applies and deletions, {self.requests:,} requests,"
            f" {self.kills} kills ({self.repeated:,} tries met no answer) in {self.seconds:.0f} s; slowest"
            f" answer {self.slowest_s:.1f} s"
        )
        told = [f"  told {count} ×: {text[:200]}" for text, count in self.told.most_common(10)]
        return "\n".join(
            [head, f"{len(self.wrong)} wrong", *(f"  {w[:400]}" for w in self.wrong[:20]), *told]
        )


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
                    httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5, trust_env=False).status_code
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


class Person:
    """Somebody with a token. `keeps` says whether their deployment stays."""

    def __init__(
        self, number: int, token: str, server: Server, report: Report, dice: random.Random, keeps: bool
    ) -> None:
        self.name = f"person-{number}"
        self.keeps = keeps
        self.deployment: str | None = None
        self._need = dice.choice(NEEDS).format(dice.randint(20, 400))
        self._report = report
        self._guard = threading.Lock()
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{server.port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(PATIENCE_S, connect=10),
            trust_env=False,
        )

    def send(
        self, method: str, path: str, body: Json | None = None, key: str | None = None
    ) -> httpx.Response:
        """Again and again until an answer comes: all requests here may be repeated."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            began = time.monotonic()
            try:
                answer = self._client.request(
                    method, path, json=body, headers={"Idempotency-Key": key} if key else {}
                )
                if answer.status_code not in (429, 503):
                    self._heard(answer, time.monotonic() - began)
                    return answer
            except httpx.HTTPError:
                self._report.repeated += 1
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: no answer to {method} {path}")
            time.sleep(0.3)

    def _heard(self, answer: httpx.Response, seconds: float) -> None:
        self._report.requests += 1
        self._report.slowest_s = max(self._report.slowest_s, seconds)
        if answer.status_code >= 400 and answer.headers.get("content-type") != "application/problem+json":
            self._report.wrong.append(f"{self.name}: {answer.status_code} without a problem: {answer.text}")
        said = (
            [answer.json()["detail"]]
            if answer.status_code >= 400
            else [e["text"] for e in events(answer) if e["event"] == "error"]
        )
        for text in said:
            self.told(str(text))
        if any(words in answer.text for words in NO_SENTENCE):
            self._report.wrong.append(f"{self.name} was told no sentence: {answer.text[:300]}")

    def told(self, text: str) -> None:
        """Without the names, so that the same can be counted."""
        self._report.told[
            " ".join("…" if any(c.isdigit() for c in word) else word for word in text.split())
        ] += 1

    def until(self, what: str, found: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not found():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: {self.deployment} never was {what}")
            time.sleep(0.5)

    def is_ready(self) -> bool:
        return bool(self.send("GET", f"/deployments/{self.deployment}").json().get("phase") == "ready")

    def step_by_step(self) -> None:
        """As a program does it."""
        read = self.send("POST", "/intents", {"text": self._need}).json()
        specification = self.send("POST", "/specifications", read).json()
        plan = self.send("POST", "/recommendations", {"specification": specification, "limit": 3}).json()
        wanted = {
            "specification": specification,
            "recommendation": plan["recommendations"][0],
            "name": self.name,
        }
        self._in_the_end(lambda: self._deploy(wanted), 201)
        self.until("ready", self.is_ready)
        if not self.keeps:
            self._in_the_end(self._delete, 200)

    def _in_the_end(self, attempt: Callable[[], httpx.Response], status: int) -> None:
        """A refusal is read, and what is there now is looked at and approved anew."""
        deadline = time.monotonic() + PATIENCE_S
        while (answer := attempt()).status_code != status:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: {answer.text}")
            time.sleep(0.5)

    def _deploy(self, wanted: Json) -> httpx.Response:
        answer = self.send("POST", "/manifests", wanted)
        if answer.status_code != 200:
            return answer
        shown = answer.json()
        bundle = shown["bundle"]
        self.deployment = bundle["name"]
        request = {
            "files": bundle["files"],
            "model_id": bundle["model_id"],
            "approve": bundle["digest"],
            "live": shown["review"]["live"],
        }
        return self.send("POST", "/deployments", request, key=secrets.token_hex(8))

    def _delete(self) -> httpx.Response:
        shown = self.send("DELETE", f"/deployments/{self.deployment}", {}, key=secrets.token_hex(8)).json()
        approved = {"approve": shown.get("approve"), "live": shown.get("live")}
        return self.send("DELETE", f"/deployments/{self.deployment}", approved, key=secrets.token_hex(8))

    def in_conversation(self) -> None:
        """As somebody talks: each turn from where the conversation is, until it is where it should be."""
        talk = f"/conversations/{self.send('POST', '/conversations').json()['id']}"
        self._say(
            talk,
            {None: self._need, "specification_review": "looks good", "presenting_options": "the cheapest"},
            "configuration_finalized",
        )
        self.deployment = self.send("GET", talk).json()["checkpoint"]["details"]["name"]
        self._say(talk, {"configuration_finalized": "yes, approve", "failed": "retry"}, "basic_monitoring")
        if not self.keeps:
            ended = "deleted"
            self._say(
                talk,
                {
                    "basic_monitoring": "delete it",
                    "configuration_finalized": "yes, approve",
                    "failed": "retry",
                },
                ended,
            )

    def _say(self, talk: str, words: dict[str | None, str], until: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            here = self.send("GET", talk)
            state = here.json()["state"] if here.status_code == 200 else None
            if state == until:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: {talk} stays at {state}")
            pause = here.json().get("checkpoint") if here.status_code == 200 else None
            # Cut off anywhere else, any words finish that turn first, and don't count for more.
            text = words.get(state, "go on")
            self.send(
                "POST",
                f"{talk}/turns",
                {"text": text, "interrupt_id": pause["interrupt_id"]} if pause else {"text": text},
            )


def events(answer: httpx.Response) -> Iterator[Json]:
    """Of a turn."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        for line in answer.text.splitlines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


def chaos(settings: Settings, people: int, kills: int, seed: int) -> Report:
    """Play it on this database and home, and compare what is there in the end with what was approved."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    report, began = Report(people), time.monotonic()
    order_failure(simulator_address(settings.home_dir), "no-podmonitor")
    tokens = {f"person-{n}": secrets.token_hex(16) for n in range(people)}
    server = Server(_environment(settings, tokens))
    server.start()
    everybody = [
        Person(n, tokens[f"person-{n}"], server, report, random.Random(seed + n), n % 4 == 3)  # noqa: S311
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
            while (
                cut_off(database) and time.monotonic() < deadline
            ):  # what was cut last is still to be finished
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
