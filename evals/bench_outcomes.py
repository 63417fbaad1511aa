"""A month of outcomes, a window a minute for 100 deployments: how long a status takes, how large the
table is, what adding up saves.

Run by `make bench`; exit code 1 where a status takes longer than LIMIT_S or the table stays
larger than LIMIT_MB. The deployment is made by a conversation in the simulated cluster, the other
windows are copies of one of its.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import quantiles

from agent.runtime import Runtime
from evals.timing import timed, told
from knowledge.settings import Settings
from tools.get_status import StatusQuery
from tools.records import watched
from tools.serving.outcomes import add_up
from tools.serving.report import outcomes_of

DEPLOYMENTS, MINUTES, RUNS = 100, 43_200, 30
LIMIT_S, LIMIT_MB = 0.05, 250.0
"""Of the 95th percentile of a status, and of the table once it is added up."""


def main() -> None:
    """Print one line a thing."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime(Settings(home=Path(folder), model="builtin", probe_s=2.0))
        try:
            over = _measure(runtime)
        finally:
            runtime.close()
            with suppress(OSError, ValueError, KeyError):
                os.kill(int(json.loads(Path(folder, "simulator.json").read_text())["pid"]), signal.SIGTERM)
    for what in over:
        print(f"Over the limit: {what}")
    sys.exit(bool(over))


def _measure(runtime: Runtime) -> list[str]:
    """What is over a limit."""
    over: list[str] = []
    for line in ("a chatbot for 1000 users", "looks good", "deploy the cheapest", "approve"):
        here = runtime.position("bench").checkpoint
        list(runtime.say("bench", line, here.interrupt_id if here else None))
    with runtime.database.connect() as connection:
        row = connection.execute("SELECT name FROM approvals").fetchone()
    if row is None:
        raise RuntimeError("the conversation deployed nothing")
    query = StatusQuery(name=row["name"])

    def status(how: str) -> None:
        taken = []
        for _ in range(RUNS):
            start = time.perf_counter()
            watched(query, runtime.cluster, runtime.database)
            taken.append(time.perf_counter() - start)
        told(f"status of a deployment, {how}", taken)
        p95 = quantiles(taken, n=20, method="inclusive")[-1]
        if p95 > LIMIT_S:
            over.append(
                f"status of a deployment, {how}: p95 {p95 * 1000:.0f} ms, at most {LIMIT_S * 1000:.0f} ms"
            )

    watched(query, runtime.cluster, runtime.database)
    status("hardly any outcomes")
    began = time.perf_counter()
    rows = _fill(runtime)
    told(f"making {rows:,} rows", [time.perf_counter() - began])
    print(f"{'the table with its indexes':<78} {_size_mb(runtime):,.0f} MB")
    status("a month of outcomes, a window a minute")
    timed(
        "predicted against observed, one deployment, the month",
        lambda: outcomes_of(row["name"], 30, runtime.database),
        3,
    )
    with runtime.database.connect() as connection:
        began = time.perf_counter()
        done = add_up(connection)
        told(f"adding up {done:,} rows that are older than two days", [time.perf_counter() - began])
        connection.execute("VACUUM FULL outcomes")
        left = connection.execute("SELECT count(*) AS n FROM outcomes").fetchone()
    size = _size_mb(runtime)
    print(
        f"{'the table then (and as it stays, but for two days of minutes)':<78} {size:,.0f} MB,"
        f" {(left or {})['n']:,} rows"
    )
    if size > LIMIT_MB:
        over.append(f"the table added up: {size:,.0f} MB, at most {LIMIT_MB:,.0f} MB")
    status("the same month added up")
    timed(
        "predicted against observed, one deployment, the month added up",
        lambda: outcomes_of(row["name"], 30, runtime.database),
        3,
    )
    return over


def _fill(runtime: Runtime) -> int:
    with runtime.database.connect() as connection:
        # 99 more deployments, and for each of the 100 the window that was observed, once a minute.
        connection.execute(
            "INSERT INTO approvals (thread_id, interrupt_id, digest, cluster, namespace, actor, name,"
            " model_id, files, status, applied_at) SELECT thread_id, 'copy ' || n, digest, cluster,"
            " namespace, actor, name || n, model_id, files, status, applied_at FROM approvals,"
            " generate_series(1, %s) AS n",
            [DEPLOYMENTS - 1],
        )
        made: int = connection.execute(
            "INSERT INTO outcomes (approval_id, began_at, ended_at, requests, failed, prompt_tokens,"
            " output_tokens, seconds, layout, judged, held, replicas, counts) SELECT a.id, now() - (n + 1) *"
            " interval '1 minute', now() - n * interval '1 minute', requests, failed, prompt_tokens,"
            " output_tokens, 60, layout, judged, held, replicas, counts FROM generate_series(0, %s) AS n,"
            " approvals a, (SELECT * FROM outcomes LIMIT 1) AS o",
            [MINUTES - 1],
        ).rowcount
        return made


def _size_mb(runtime: Runtime) -> float:
    with runtime.database.connect() as connection:
        row = connection.execute("SELECT pg_total_relation_size('outcomes') / 1e6 AS mb").fetchone()
    return float((row or {"mb": 0})["mb"])


if __name__ == "__main__":
    main()
