"""Conversations as a release of Compass has stored them: written once by that
release, read by every later one.

`python -m tests.golden tests/agent/golden/NAME.json.xz` holds them with the code that it runs with, and
keeps what the database then holds.
"""

from __future__ import annotations

import base64
import json
import lzma
import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from agent.events import StateEvent
from agent.runtime import Runtime
from knowledge.postgres.embedded import embedded_url
from knowledge.settings import Settings
from simulator.cluster.control import heal, order_failure
from tests.talking import converse, name_of
from tools.clusters.simulated import simulator_address

FOLDER = Path(__file__).parent / "agent" / "golden"
TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "story", "story_values")
TO_OPTIONS = ["a chatbot for 1000 users, low latency critical", "looks good"]
TO_APPROVAL = [*TO_OPTIONS, "deploy the cheapest"]
RUNNING = [*TO_APPROVAL, "yes, approve"]
SAID: dict[str, list[str]] = {
    "review": ["a chatbot for 1000 users"],
    "options": [
        *TO_OPTIONS,
        "what if we had 3000 users?",
        "keep this as A",
        "what if TTFT were 400 ms?",
        "why option 1?",
    ],
    "nothing-fits": [*TO_OPTIONS, "what if TTFT were 1 ms?"],
    "approval": TO_APPROVAL,
    "running": RUNNING,
    "scaling": [*RUNNING, "scale to 3"],
    "done": [*RUNNING, "done"],
    "failed": TO_APPROVAL,
    "cut-off": TO_OPTIONS[:1],
}
"""What the person said in each conversation; two of them go on in a way of their own: see `hold`."""


def hold(runtime: Runtime, simulator: str) -> None:
    """All the conversations, each left where its name says."""
    for thread, words in SAID.items():
        converse(runtime, thread, *words)
    order_failure(simulator, "image-pull", f"{name_of(runtime, 'failed')}*")
    converse(runtime, "failed", "approve")
    heal(simulator)
    pause = runtime.position("cut-off").checkpoint
    events = runtime.say("cut-off", "looks good", pause.interrupt_id if pause else None)
    next(e for e in events if isinstance(e, StateEvent) and e.state == "capacity_planning")
    assert isinstance(events, Generator)
    events.close()


def stored(connection: psycopg.Connection[Any]) -> bytes:
    """The rows of the conversations' tables, packed."""
    rows = {}
    for table in TABLES:
        cursor = connection.execute(f"SELECT * FROM {table} ORDER BY thread_id")
        names = [c.name for c in cursor.description or ()]
        rows[table] = [{n: _text(v) for n, v in zip(names, row, strict=True)} for row in cursor]
    return lzma.compress(json.dumps(rows, sort_keys=True).encode(), preset=9 | lzma.PRESET_EXTREME)


def _text(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def put_back(connection: psycopg.Connection[Any], path: Path) -> None:
    """Rows that `stored` has packed, into tables that are there already."""
    for table, rows in json.loads(lzma.decompress(path.read_bytes())).items():
        for row in rows:
            values = [
                base64.b64decode(v["base64"]) if isinstance(v, dict) and "base64" in v else v
                for v in row.values()
            ]
            values = [Jsonb(v) if isinstance(v, dict) else v for v in values]
            columns, holes = ", ".join(row), ", ".join(["%s"] * len(row))
            connection.execute(
                f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({holes})", values
            )


def main(path: Path) -> None:
    """Hold the conversations in a home of their own and write what is stored of them to `path`."""
    os.environ["COMPASS_SIMULATOR_TIME_SCALE"] = "0.001"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(
            home=home, DATABASE_URL=embedded_url(home), model="builtin", watch_interval_s=0.05, probe_s=0
        )
        runtime = Runtime(settings)
        hold(runtime, simulator_address(home))
        with (
            runtime.database.connect() as connection,
            connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor,
        ):
            path.write_bytes(stored(cursor))  # type: ignore[arg-type]
        for thread in SAID:
            here = runtime.position(thread)
            print(thread, here.state, here.interrupted_at)
        runtime.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
