"""Fifty people at once on one `compass serve`: how long each turn takes, and what
each conversation costs in memory.

    python -m evals.bench_chats [THINK_S]

Each conversation thinks for THINK_S seconds on average (10 unless told) before each turn, as people do who
read what they are shown. Every event must come, in its own conversation and with its own figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from knowledge.direct import directly

PEOPLE = 50
LIMIT_S = 2.0
READY_S = 60


def main() -> None:
    """Print the figures; exit code 1 if the p95 of all turns is over LIMIT_S."""
    think_s = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory(prefix="compass-bench-") as home:
        log = (Path(home) / "serve.log").open("w+")
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "compass_llm", "serve", "--port", "0"],
            env={**os.environ, "COMPASS_HOME": home, "COMPASS_MODEL": "builtin", "PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=log,
        )
        try:
            p95 = asyncio.run(_measure(_address(Path(home) / "serve.log"), server.pid, think_s))
        finally:
            server.terminate()
            server.wait()
    sys.exit(p95 > LIMIT_S)


def _address(log: Path) -> str:
    for _ in range(READY_S * 10):
        found = [
            line.split()[-1] for line in log.read_text().splitlines() if line.startswith("Compass is at ")
        ]
        if found:
            return found[0]
        time.sleep(0.1)
    raise SystemExit(f"The server didn't start: {log.read_text()}")


async def _measure(address: str, pid: int, think_s: float) -> float:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=f"{address}/api/v1", timeout=60, limits=limits, **directly()
    ) as client:
        await _person(client, 999, 0.0)  # what is loaded once
        before = _memory_mb(pid)
        began = time.perf_counter()
        turns = [
            t
            for each in await asyncio.gather(*(_person(client, n, think_s) for n in range(PEOPLE)))
            for t in each
        ]
        took = time.perf_counter() - began
    turns.sort()
    p50, p95 = turns[len(turns) // 2], turns[int(len(turns) * 0.95)]
    grown = (_memory_mb(pid) - before) / PEOPLE
    print(
        f"{PEOPLE} conversations at once, {think_s:g} s of thought before a turn: {len(turns)} turns in"
        f" {took:.0f} s"
    )
    print(
        f"turns: p50 {p50:.2f} s, p95 {p95:.2f} s, longest {turns[-1]:.2f} s; memory {grown:+.2f} MB a"
        " conversation"
    )
    return p95


async def _person(client: httpx.AsyncClient, number: int, think_s: float) -> list[float]:
    """One conversation, recognisable by its number of users. Ends the program for an
    event lost, or another's.
    """
    users = 1000 + number
    talk = (await client.post("/conversations")).raise_for_status().json()["id"]
    took: list[float] = []
    dice = random.Random(number)  # noqa: S311 - pauses, not secrets
    for words, state in (
        (f"I need a chatbot for {users} users, low latency critical", "specification_review"),
        ("looks good", "presenting_options"),
        (f"what if we had {users * 3} users?", "presenting_options"),
        ("undo", "presenting_options"),
        ("why this one?", "presenting_options"),
        ("option 1", "configuration_finalized"),
        ("no", "presenting_options"),
    ):
        await asyncio.sleep(dice.expovariate(1 / think_s) if think_s else 0)
        began = time.perf_counter()
        last = await _turn(client, talk, words)
        took.append(time.perf_counter() - began)
        if (last["event"], last.get("state")) != ("checkpoint", state):
            raise SystemExit(f"After “{words}” a conversation should be at {state}, but: {last}")
        specification = last["details"].get("specification")
        expected = users * 3 if words.startswith("what if") else users
        if specification is not None and specification["intent"]["user_count"] != expected:
            raise SystemExit(f"A conversation about {expected} users shows the figures of another.")
    return took


async def _turn(client: httpx.AsyncClient, talk: str, words: str) -> dict[str, Any]:
    async with client.stream("POST", f"/conversations/{talk}/turns", json={"text": words}) as response:
        response.raise_for_status()
        lines = [line async for line in response.aiter_lines() if line.startswith("data: ")]
    last: dict[str, Any] = json.loads(lines[-1].removeprefix("data: "))
    return last


def _memory_mb(pid: int) -> float:
    """Resident, by Linux' /proc."""
    line = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")
    )
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
