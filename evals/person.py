"""A person of `evals.chaos`: deploys, watches and deletes over the API, sends again what met no answer, and
reports what must never be told.
"""

from __future__ import annotations

import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from knowledge.direct import directly

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


class Person:
    """Somebody with a token. `keeps` says whether their deployment stays."""

    def __init__(
        self, number: int, token: str, port: int, report: Report, dice: random.Random, keeps: bool
    ) -> None:
        self.name = f"person-{number}"
        self.keeps = keeps
        self.deployment: str | None = None
        self._need = dice.choice(NEEDS).format(dice.randint(20, 400))
        self._report = report
        self._guard = threading.Lock()
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(PATIENCE_S, connect=10),
            **directly(),
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
