"""PostgreSQL: a real server at `DATABASE_URL`, or the embedded one; numbered SQL migrations at start."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import DictRow, dict_row

from knowledge.benchmarks import CURVES, load_shipped
from knowledge.catalogue import TrafficProfile
from knowledge.errors import CompassError
from knowledge.postgres import outages
from knowledge.postgres.address import Address, read_address
from knowledge.postgres.embedded import embedded_url
from knowledge.postgres.locks import Locks
from knowledge.postgres.pool import PatientPool
from knowledge.settings import Settings

if TYPE_CHECKING:
    from knowledge.curves import CurveTable

MIGRATION_LOCK = 0x636F6D70  # any fixed number: processes that start together migrate one after the other
CONNECT_TIMEOUT_S = 5
CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": CONNECT_TIMEOUT_S,
    "client_encoding": "utf8",
    # Statements without names on the server: behind a pooler, the next transaction may get another
    # session, or one of another's.
    "prepare_threshold": None,
}
REVIVE_AFTER_S = 1.0


class Database:
    """A pool of autocommit connections with dictionary rows, and where it leads."""

    def __init__(self, settings: Settings) -> None:
        """Connect, migrate, load the shipped benchmarks. Raises CompassError if the
        server can't be used, with what would help.
        """
        self.embedded = settings.database_url is None
        self.settings = settings
        self._named = (
            None if settings.database_url is None else read_address(settings.database_url.get_secret_value())
        )
        # Bound here and not by the server, where what was asked last would stay open with its snapshot,
        # for as long as a lock is held.
        self.locks = Locks(
            lambda: self._connected(autocommit=False, cursor_factory=psycopg.ClientCursor), self.unreachable
        )
        logging.getLogger("psycopg.pool").setLevel(
            logging.CRITICAL
        )  # it logs to the person's terminal otherwise
        self.pool: PatientPool = self._open()
        try:
            with self.in_words():
                self._prepare()
        except psycopg.Error as error:
            self.close()
            raise outages.unusable(error, self._said(error), self.description) from error
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> Address:
        """Where the server is; an embedded one is started if it doesn't run. Raises
        CompassError if it can't be.
        """
        return self._named or read_address(embedded_url(self.settings.home_dir))

    def _open(self) -> PatientPool:
        # One plain connection first: its error says why, where the pool only says that time ran out.
        with self.in_words(), self._connected() as connection:
            encoding = connection.info.parameter_status("server_encoding")
            if encoding not in ("UTF8", None):
                raise outages.wrong_encoding(encoding, self.description)
        return PatientPool(
            self.address.conninfo,
            ask=lambda: self._connected().close(),
            min_size=1,
            max_size=8,
            timeout=CONNECT_TIMEOUT_S,
            reconnect_timeout=1,  # give up soon: the backoff of an old attempt must not hold up the next turn
            kwargs={"row_factory": dict_row, **CONNECTION},
            check=PatientPool.check_connection,
            open=True,
        )

    def _connected(self, **differing: Any) -> psycopg.Connection[DictRow]:
        return psycopg.connect(self.address.conninfo, row_factory=dict_row, **CONNECTION | differing)

    @property
    def description(self) -> str:
        """Where it is, without user or password."""
        return (
            self._named.description
            if self._named
            else f"embedded PostgreSQL in {self.settings.home_dir / 'postgres'}"
        )

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection[DictRow]]:
        """A connection from the pool. Raises CompassError with a remedy if the
        server is gone, or can't write.
        """
        with self.in_words(), self.pool.connection() as connection:
            yield connection

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """What the server's state makes impossible is a CompassError with a remedy;
        other errors of the database pass.
        """
        try:
            yield
        except outages.UNAVAILABLE as error:
            raise self.unreachable(error) from error

    def answer(self) -> None:
        """Raises CompassError unless it answers, and an embedded one has room to write."""
        with self.connect() as connection:
            connection.execute("SELECT 1")
        if self.embedded and outages.disk_is_full(self.settings.home_dir):
            raise self.unreachable(psycopg.errors.DiskFull("No space left on device"))

    def curves(self, profile: TrafficProfile) -> CurveTable:
        """Latencies over rate of every configuration with rows of exactly this
        profile: the one query of a plan.
        """
        with self.connect() as connection:
            return CURVES.table(connection, profile)

    @contextmanager
    def dedicated(self) -> Iterator[psycopg.Connection[DictRow]]:
        """A connection outside the pool, for what is held long. Raises CompassError if the server is gone."""
        with self.in_words(), self._connected() as connection:
            yield connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, no other process changes the schema: several may start at once."""
        with self.dedicated() as connection:
            # Held by a transaction, not by a session: behind a pooler each transaction may get another
            # session. Asking again and again, not waiting inside the server: an index that is built
            # concurrently would wait for the waiter.
            while True:
                with connection.transaction():
                    connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                    # Without parameters, or what is asked would stay open, with its
                    # snapshot, until the next question.
                    if _got(connection.execute(f"SELECT pg_try_advisory_xact_lock({MIGRATION_LOCK}) AS got")):
                        yield
                        return
                time.sleep(0.1)

    def unreachable(self, error: Exception) -> CompassError:
        """What to tell a person whose database doesn't answer, or can't do what it should."""
        return outages.unreachable(
            error, self._said(error), self.description, self.settings.home_dir if self.embedded else None
        )

    def _said(self, error: Exception) -> str:
        return self._named.without_secrets(str(error)) if self._named else " ".join(str(error).split())[:200]

    def revive(self) -> None:
        """Before each turn: if the embedded server died, start it again. The
        caller's pool stays the same object.
        """
        if not self.embedded:
            return
        try:
            self._connected().close()
        except psycopg.OperationalError:
            time.sleep(
                REVIVE_AFTER_S
            )  # a server in the middle of dying looks alive; then joining it again starts it
            with self.in_words():
                self._connected().close()
            self.pool.drain()

    def close(self) -> None:
        self.locks.close()
        self.pool.close()

    def _prepare(self) -> None:
        with self.alone(), self.pool.connection() as connection, connection.transaction():
            connection.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT"
                " NULL)"
            )
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
    folder = files("knowledge.postgres").joinpath("migrations")
    found = [
        (int(f.name.split("_")[0]), f.name, f.read_bytes())
        for f in folder.iterdir()
        if f.name.endswith(".sql")
    ]
    return sorted(found)
