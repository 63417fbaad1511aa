"""PostgreSQL: a real server at `DATABASE_URL`, or the embedded one; numbered SQL migrations at start."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from knowledge.benchmarks import CurveCache, load_shipped
from knowledge.catalogue import TrafficProfile
from knowledge.embedded import embedded_url
from knowledge.errors import CompassError
from knowledge.locks import Locks, is_full
from knowledge.settings import Settings

if TYPE_CHECKING:
    from knowledge.curves import CurveTable

MIGRATION_LOCK = 0x636F6D70  # any fixed number: processes that start together migrate one after the other
CONNECT_TIMEOUT_S = 5
REVIVE_AFTER_S = 1.0


class Database:
    """A pool of autocommit connections with dictionary rows, and where it leads."""

    def __init__(self, settings: Settings) -> None:
        """Connect, migrate, load the shipped benchmarks. Raises CompassError if the server can't be reached."""
        self.embedded = settings.database_url is None
        self.settings = settings
        self._curves = CurveCache()
        self.locks = Locks(lambda: psycopg.connect(self.url, row_factory=dict_row, connect_timeout=CONNECT_TIMEOUT_S), self.unreachable)
        self.pool: ConnectionPool[psycopg.Connection[DictRow]] = self._open()
        try:
            self._unless_down(self._prepare)
        except psycopg.Error as error:
            self.close()
            reason = " ".join(str(error).split())[:200]
            raise CompassError(
                f"The database can't be set up ({self.description}): {reason}. Its user must own the database or may create tables."
            ) from error
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """Where the server is; an embedded one is started if it doesn't run. Raises CompassError if it can't be."""
        if self.settings.database_url is None:
            return embedded_url(self.settings.home_dir)
        return self.settings.database_url.get_secret_value()

    def _open(self) -> ConnectionPool[psycopg.Connection[DictRow]]:
        try:
            url = self.url
            conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise CompassError(
                "DATABASE_URL isn't a PostgreSQL address. One looks like postgresql://user:password@host:5432/name."
            ) from error
        # One plain connection first: its error says why, where the pool only says that time ran out.
        self._unless_down(lambda: psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S).close())
        return ConnectionPool(
            url,
            min_size=1,
            max_size=8,
            timeout=CONNECT_TIMEOUT_S,
            reconnect_timeout=1,  # give up soon: the backoff of an old attempt must not hold up the next turn
            kwargs={"autocommit": True, "row_factory": dict_row, "prepare_threshold": 0, "connect_timeout": CONNECT_TIMEOUT_S},
            check=ConnectionPool.check_connection,
            open=True,
        )

    @property
    def description(self) -> str:
        """Where it is, without user or password."""
        if self.embedded:
            return f"embedded PostgreSQL in {self.settings.home_dir / 'postgres'}"
        parts = conninfo_to_dict(self.url)
        return f"PostgreSQL at {parts.get('host', 'localhost')}:{parts.get('port', 5432)}, database {parts.get('dbname', '')}"

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[DictRow]]:
        """A connection from the pool. Raises CompassError with a remedy if the server is gone."""
        try:
            with self.pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise self.unreachable(error) from error

    def curves(self, profile: TrafficProfile) -> CurveTable:
        """Latencies over rate of every configuration with rows of exactly this profile: the one query of a plan."""
        with self.connect() as connection:
            return self._curves.table(connection, profile)

    @contextmanager
    def dedicated(self) -> Iterator[psycopg.Connection[DictRow]]:
        """A connection outside the pool, for what is held long. Raises CompassError if the server is gone."""
        try:
            with psycopg.connect(self.url, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_TIMEOUT_S) as connection:
                yield connection
        except psycopg.OperationalError as error:
            raise self.unreachable(error) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, no other process changes the schema: several may start at once."""
        with self.dedicated() as connection:
            # Asking again and again, not waiting inside the server: an index that is built concurrently would wait for the waiter.
            while not _got(connection.execute("SELECT pg_try_advisory_lock(%s) AS got", [MIGRATION_LOCK])):
                time.sleep(0.1)
            yield

    def unreachable(self, error: Exception) -> CompassError:
        """What to tell a person whose database doesn't answer."""
        reason = re.sub(r"\s+", " ", str(error)).strip()[:200]
        remedy = (
            "It is started again with your next message." if self.embedded else "Start it, or unset DATABASE_URL to use the embedded one."
        )
        if is_full(error):
            remedy = "Others hold all its connections: try again in a moment; whoever runs it can raise max_connections."
        return CompassError(f"The database doesn't answer ({self.description}): {reason}. {remedy}")

    def revive(self) -> None:
        """Before each turn: if the embedded server died, start it again. The caller's pool stays the same object."""
        if not self.embedded:
            return
        try:
            psycopg.connect(self.url, connect_timeout=CONNECT_TIMEOUT_S).close()
        except psycopg.OperationalError:
            time.sleep(REVIVE_AFTER_S)  # a server in the middle of dying looks alive; then joining it again starts it
            self._unless_down(lambda: psycopg.connect(self.url, connect_timeout=CONNECT_TIMEOUT_S).close())
            self.pool.drain()

    def close(self) -> None:
        self.locks.close()
        self.pool.close()

    def _unless_down(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise self.unreachable(error) from error

    def _prepare(self) -> None:
        with self.alone(), self.pool.connection() as connection, connection.transaction():
            connection.execute("CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL)")
            applied = {row["number"] for row in connection.execute("SELECT number FROM schema_migrations")}
            for number, name, sql in _migrations():
                if number not in applied:
                    connection.execute(sql, prepare=False)  # several statements can't be prepared
                    connection.execute("INSERT INTO schema_migrations VALUES (%s, %s)", [number, name])
            load_shipped(connection)


def _got(cursor: psycopg.Cursor[DictRow]) -> bool:
    row = cursor.fetchone()
    return bool(row and row["got"])


def _migrations() -> list[tuple[int, str, bytes]]:
    folder = files("knowledge").joinpath("migrations")
    found = [(int(f.name.split("_")[0]), f.name, f.read_bytes()) for f in folder.iterdir() if f.name.endswith(".sql")]
    return sorted(found)
