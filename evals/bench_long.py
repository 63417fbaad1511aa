"""One conversation of TURNS turns: what the database grows by, and whether the last
turns take as long as the first.

    python -m evals.bench_long [TURNS]

Run by `make bench`; exit code 1 where the database has grown by more than LIMIT_MB on disk, or turns take
more than LIMIT_RATIO times as long in the last rounds as in the first: medians of each kind of turn, so that
like is compared with like. Since a machine has better and worse minutes, the long conversation is also
compared with a new one that is held by turns with it, and the better ratio counts.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from statistics import geometric_mean, median

from agent.events import ErrorEvent
from agent.runtime import Runtime
from knowledge.settings import Settings

TURNS = 200
LIMIT_MB, LIMIT_RATIO = 40.0, 1.5
ROUNDS_COMPARED = 2
"""The first and the last so many."""
THREAD = "long"
BEGIN = ["a chatbot for 1000 users", "looks good"]
ROUND = [
    ("what-if", "what if we had {users} users?"),
    ("question", "why option 1?"),
    ("what-if", "what if TTFT were {ttft} ms?"),
    ("undo", "undo"),
    ("keep", "keep this as plan {letter}"),
    ("what-if", "what if the budget were ${budget} a month?"),
    ("question", "compare the kept plans"),
    ("view", "rank by cost"),
    ("undo", "undo"),
    ("question", "what was assumed?"),
    ("back to a kept plan", "back to plan {letter}"),
    ("choose", "deploy the cheapest"),
    ("reject", "no"),
    ("choose", "option 1"),
    ("deploy", "yes, approve"),
    ("status", "status"),
    ("scale", "scale to 3"),
    ("deploy", "yes, approve"),
    ("prompt", "send it: hello"),
    ("another option", "another option"),
]
"""The kind of each turn, and what is said; a round ends where it began."""


def main(turns: int) -> int:
    """Print the figures."""
    os.environ.setdefault("COMPASS_SIMULATOR_TIME_SCALE", "0.001")
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime(Settings(home=Path(folder), model="builtin", probe_s=0, watch_interval_s=0.05))
        try:
            return _measure(runtime, turns)
        finally:
            runtime.close()
            with suppress(OSError, ValueError, KeyError):
                os.kill(int(json.loads(Path(folder, "simulator.json").read_text())["pid"]), signal.SIGTERM)


def _measure(runtime: Runtime, turns: int) -> int:
    for words in BEGIN:
        _say(runtime, THREAD, words)
    before = _megabytes(runtime)
    rounds = [_round(runtime, THREAD, number) for number in range(turns // len(ROUND))]
    grown = _megabytes(runtime) - before
    print(f"{turns} turns in one conversation: the database grew by {grown:.1f} MB (at most {LIMIT_MB:g})")
    ratio = _compared("the first rounds", rounds[:ROUNDS_COMPARED], "the last", rounds[-ROUNDS_COMPARED:])
    for words in BEGIN:
        _say(runtime, "new", words)
    pairs = [
        (_round(runtime, "new", number), _round(runtime, THREAD, number)) for number in range(ROUNDS_COMPARED)
    ]
    new, long = (list(one) for one in zip(*pairs, strict=True))
    beside = _compared("a new conversation", new, "the long one, by turns with it", long)
    return int(grown > LIMIT_MB or min(ratio, beside) > LIMIT_RATIO)


def _compared(
    one: str, some: list[dict[str, list[float]]], other: str, others: list[dict[str, list[float]]]
) -> float:
    """How many times as long turns took in `others`; each kind of turn counts the same."""
    first, last = _medians(some), _medians(others)
    ratio = geometric_mean(last[kind] / first[kind] for kind in first)
    print(
        f"{other} took {ratio:.2f} times as long as {one} (at most {LIMIT_RATIO:g}); in ms, {one} / {other}:"
    )
    print("  " + ", ".join(f"{kind} {first[kind] * 1000:.0f} / {last[kind] * 1000:.0f}" for kind in first))
    return ratio


def _round(runtime: Runtime, thread: str, number: int) -> dict[str, list[float]]:
    """Seconds of its turns, by their kind. Each round asks for what none before it has."""
    values = {
        "users": 1500 + 37 * number,
        "ttft": 400 + 10 * number,
        "budget": 60_000 + 500 * number,
        "letter": "ABCDE"[number % 5],
    }
    taken = defaultdict(list)
    for kind, words in ROUND:
        taken[kind].append(_say(runtime, thread, words.format(**values)))
    return taken


def _medians(rounds: list[dict[str, list[float]]]) -> dict[str, float]:
    """Seconds of each kind of turn."""
    return {kind: median(seconds for taken in rounds for seconds in taken[kind]) for kind in rounds[0]}


def _say(runtime: Runtime, thread: str, words: str) -> float:
    """Seconds that the turn took. Raises RuntimeError where it failed."""
    here = runtime.position(thread).checkpoint
    start = time.perf_counter()
    events = list(runtime.say(thread, words, here.interrupt_id if here else None))
    taken = time.perf_counter() - start
    wrong = [event.text for event in events if isinstance(event, ErrorEvent)]
    if wrong:
        raise RuntimeError(f"{words}: {wrong[0]}")
    return taken


def _megabytes(runtime: Runtime) -> float:
    with runtime.database.connect() as connection:
        row = connection.execute("SELECT pg_database_size(current_database()) AS bytes").fetchone()
    return float(row["bytes"]) / 1e6 if row else 0.0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else TURNS))
