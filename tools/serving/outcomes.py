"""What deployments really did, kept beside what was predicted: validations, and windows
between two looks at the replicas.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

from psycopg import Connection
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from knowledge.catalogue import METRICS, Metric
from knowledge.database import Database
from tools.contract import Contract
from tools.serving.scrape import Histogram, Scrape, Window, added, window
from tools.serving.validation import Validation

SHORTEST_WINDOW_S = 10.0
"""A look sooner than that after the last one that was recorded isn't recorded."""
KEPT_SINGLE = timedelta(hours=48)
KEPT_HOURLY = timedelta(days=90)
RECORDED = (
    "SELECT sum(seconds)::float8 AS seconds, sum(requests)::bigint AS requests, sum(failed)::bigint AS"
    " failed, sum(prompt_tokens)::bigint AS prompt_tokens, sum(output_tokens)::bigint AS output_tokens,"
    " avg(replicas)::float8 AS replicas, sum(judged)::bigint AS judged, sum(held)::bigint AS held,"
    " max(ended_at) AS until FROM outcomes WHERE approval_id = %s AND ended_at > %s"
)
"""With each status of a deployment, so it must never read the whole table."""


class Record(Contract):
    """Some windows together; `held` of `judged` were within the targets."""

    seconds: float
    requests: int
    failed: int
    prompt_tokens: int
    output_tokens: int
    replicas: float
    judged: int
    held: int
    until: datetime


def record_validation(approval_id: str, found: Validation, database: Database) -> None:
    """Keep how a validation went."""
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO validations (approval_id, outcome, report) VALUES (%s, %s, %s)",
            [approval_id, found.outcome, Jsonb(found.model_dump(mode="json"))],
        )


def window_so_far(
    approval_id: str, now: Scrape, started: datetime, database: Database
) -> tuple[Window, bool]:
    """What happened since the last window that was recorded, and whether this look would end another."""
    with database.connect() as connection:
        last = _last_scrape(approval_id, connection)
    return window(last, now, started), last is None or _is_long_enough(last, now)


def window_until(approval_id: str, now: Scrape, started: datetime, database: Database) -> tuple[Window, bool]:
    """The same, and the next window begins here if this look ends one.

    Several watchers share the looks, so that their windows don't overlap.
    """
    with database.connect() as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [approval_id])
        last = _last_scrape(approval_id, connection)
        if last is not None and not _is_long_enough(last, now):
            return window(last, now, started), False
        connection.execute(
            "INSERT INTO scrapes (approval_id, last) VALUES (%s, %s) ON CONFLICT (approval_id) DO UPDATE SET"
            " last = EXCLUDED.last",
            [approval_id, Jsonb(now.to_keep(last).model_dump(mode="json"))],
        )
        return window(last, now, started), True


def _last_scrape(approval_id: str, connection: Connection[DictRow]) -> Scrape | None:
    row = connection.execute("SELECT last FROM scrapes WHERE approval_id = %s", [approval_id]).fetchone()
    return Scrape.model_validate(row["last"]) if row else None


def _is_long_enough(last: Scrape, now: Scrape) -> bool:
    return (now.at - last.at).total_seconds() >= SHORTEST_WINDOW_S


def widened(approval_id: str, seen: Window, since: datetime, database: Database) -> Window:
    """`seen` together with the windows on record that ended after `since`, so that who
    looks often doesn't see ever shorter ones.
    """
    with database.connect() as connection:
        row = connection.execute(
            "SELECT min(began_at) AS began_at, sum(requests)::bigint AS requests, sum(failed)::bigint AS"
            " failed, sum(prompt_tokens)::bigint AS prompt_tokens, sum(output_tokens)::bigint AS"
            " output_tokens FROM outcomes WHERE approval_id = %s AND ended_at > %s",
            [approval_id, since],
        ).fetchone()
    if row is None or row["requests"] is None:
        return seen
    sums = {
        name: row[name] + getattr(seen, name)
        for name in ("requests", "failed", "prompt_tokens", "output_tokens")
    }
    before = cast("dict[Metric, Histogram]", histograms(approval_id, since, database))
    return seen.model_copy(
        update=sums
        | {
            "began_at": min(row["began_at"], seen.began_at),
            "latencies": added([before, seen.latencies]),
        }
    )


def record_window(approval_id: str, seen: Window, held: bool | None, database: Database) -> None:
    """Keep a window in which something happened; `held` is None where there is nothing to
    judge it by. Adds up old ones now and then.
    """
    if not seen.handled:
        return
    histograms = [seen.latencies.get(m) or Histogram(bounds_s=[], counts=[0]) for m in METRICS]
    values = {
        "approval_id": approval_id,
        "began_at": seen.began_at,
        "ended_at": seen.ended_at,
        "requests": seen.requests,
        "failed": seen.failed,
        "prompt_tokens": seen.prompt_tokens,
        "output_tokens": seen.output_tokens,
        "seconds": seen.seconds,
        "judged": held is not None,
        "held": bool(held),
        "replicas": seen.replicas,
        "counts": [c for h in histograms for c in h.counts],
    }
    with database.connect() as connection:
        layout = _layout([h.bounds_s for h in histograms], connection)
        connection.execute(
            "INSERT INTO outcomes (approval_id, began_at, ended_at, requests, failed, prompt_tokens,"
            " output_tokens, seconds, layout, judged, held, replicas, counts) VALUES (%(approval_id)s,"
            " %(began_at)s, %(ended_at)s, %(requests)s, %(failed)s, %(prompt_tokens)s, %(output_tokens)s,"
            " %(seconds)s, %(layout)s, %(judged)s::int, %(held)s::int, %(replicas)s, %(counts)s)",
            values | {"layout": layout},
        )
        if seen.began_at.hour != seen.ended_at.hour or seen.seconds > 3600:
            add_up(connection, seen.ended_at)


def recorded(approval_id: str, since: datetime, database: Database) -> Record | None:
    """All windows that ended after `since` together; None where there are none."""
    with database.connect() as connection:
        row = connection.execute(RECORDED, [approval_id, since]).fetchone()
    return Record.model_validate(row) if row and row["requests"] is not None else None


def histograms(approval_id: str, since: datetime, database: Database) -> dict[str, Histogram]:
    """The latencies of all windows that ended after `since`; of several bucket layouts
    the one with the most windows.
    """
    with database.connect() as connection:
        row = connection.execute(
            "SELECT bounds, array_agg(total ORDER BY i)::bigint[] AS counts FROM ("
            "  SELECT layout, i, sum(c) AS total FROM outcomes, unnest(counts) WITH ORDINALITY AS u (c, i)"
            "  WHERE approval_id = %s AND ended_at > %s GROUP BY layout, i) AS sums"
            " JOIN histogram_layouts ON id = layout GROUP BY layout, bounds ORDER BY sum(total) DESC LIMIT 1",
            [approval_id, since],
        ).fetchone()
    found: dict[str, Histogram] = {}
    at = 0
    for metric, bounds in zip(METRICS, row["bounds"] if row else [], strict=False):
        found[metric] = Histogram(
            bounds_s=bounds, counts=row["counts"][at : at + len(bounds) + 1] if row else []
        )
        at += len(bounds) + 1
    return found


def validations(approval_id: str, database: Database) -> list[tuple[datetime, Validation]]:
    """Of one approval, the latest first."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT at, report FROM validations WHERE approval_id = %s ORDER BY at DESC", [approval_id]
        ).fetchall()
    return [(r["at"], Validation.model_validate(r["report"])) for r in rows]


def add_up(connection: Connection[DictRow], now: datetime | None = None) -> int:
    """Turn what is old into hours, and old hours into days, a day's rows at a time.
    Returns how many rows were added up.

    Nothing is lost but the finer grain: counts and buckets are sums. One caller at a time;
    another one leaves it to the first.
    """
    now = now or datetime.now(UTC)
    done = 0
    for grain, to, unit, kept in (("w", "h", "hour", KEPT_SINGLE), ("h", "d", "day", KEPT_HOURLY)):
        # Whole hours and days alone, so that each is added up once.
        until = _floor(now - kept, unit)
        while True:
            with connection.transaction():
                if not (
                    connection.execute(
                        "SELECT pg_try_advisory_xact_lock(hashtext('add up outcomes')) AS got"
                    ).fetchone()
                    or {}
                )["got"]:
                    return done
                oldest = connection.execute(
                    "SELECT min(ended_at) AS at FROM outcomes WHERE grain = %s", [grain]
                ).fetchone()
                if oldest is None or oldest["at"] is None or oldest["at"] >= until:
                    break
                done += _add_up_until(
                    connection, grain, to, unit, min(until, _floor(oldest["at"], "day") + timedelta(days=1))
                )
    return done


def _add_up_until(connection: Connection[DictRow], grain: str, to: str, unit: str, until: datetime) -> int:
    row = connection.execute(
        """
        WITH old AS (DELETE FROM outcomes WHERE grain = %(grain)s AND ended_at < %(until)s RETURNING *),
        keyed AS (SELECT *, date_trunc(%(unit)s, ended_at, 'UTC') AS at FROM old),
        buckets AS (
            SELECT approval_id, layout, at, array_agg(total ORDER BY i) AS counts FROM (
                SELECT approval_id, layout, at, i, sum(c)::int AS total
                FROM keyed, unnest(counts) WITH ORDINALITY AS u (c, i) GROUP BY approval_id, layout, at, i
            ) AS each_bucket GROUP BY approval_id, layout, at
        ),
        rows AS (
            SELECT approval_id, layout, at, min(began_at) AS began_at, max(ended_at) AS ended_at,
                   sum(requests) AS requests, sum(failed) AS failed, sum(prompt_tokens) AS prompt_tokens,
                   sum(output_tokens) AS output_tokens, sum(seconds) AS seconds, sum(judged) AS judged,
                   sum(held) AS held, round(avg(replicas)) AS replicas
            FROM keyed GROUP BY approval_id, layout, at
        ),
        made AS (
            INSERT INTO outcomes (approval_id, began_at, ended_at, requests, failed, prompt_tokens,
                                  output_tokens, seconds, layout, judged, held, replicas, grain, counts)
            SELECT approval_id, began_at, ended_at, requests, failed, prompt_tokens, output_tokens, seconds,
                   layout, judged, held, replicas, %(to)s, counts
            FROM rows JOIN buckets USING (approval_id, layout, at)
        )
        SELECT count(*) AS done FROM old
        """,
        {"grain": grain, "to": to, "unit": unit, "until": until},
    ).fetchone()
    return int(row["done"]) if row else 0


def _floor(moment: datetime, unit: str) -> datetime:
    moment = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return moment.replace(hour=0) if unit == "day" else moment


def _layout(bounds: list[list[float]], connection: Connection[DictRow]) -> int:
    values: list[Any] = [Jsonb(bounds)]
    row = connection.execute("SELECT id FROM histogram_layouts WHERE bounds = %s", values).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO histogram_layouts (bounds) VALUES (%s) ON CONFLICT (bounds) DO UPDATE SET bounds ="
            " EXCLUDED.bounds RETURNING id",
            values,
        ).fetchone()
    return int(row["id"]) if row else 0
