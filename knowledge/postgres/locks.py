"""Locks that hold among all processes of one database: however many a process has, they
stand on one connection of its own.

They are PostgreSQL's advisory locks of a session, so that the server frees them when the process dies. The
session stays within one transaction, which pins it to one server connection behind a pooler (pgbouncer in
transaction mode); it has no snapshot and no row locks, so that it holds up nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import DictRow

from knowledge.errors import CompassError

POLL_S = 0.1
FULL = (
    "too many clients",
    "too many connections",
    "connection slots are reserved",
    "no more connections allowed",
)
"""How PostgreSQL and pgbouncer say that they are full."""
Row = psycopg.Connection[DictRow]


class Key(NamedTuple):
    """What is locked: `space` keeps the kinds of things apart."""

    space: int
    name: str


class Full(CompassError):
    """The server has no connection left for us; that passes."""


class Locks:
    """Any thread may use it. A lock is held once in a process: whoever asks for it again is told no."""

    def __init__(self, connect: Callable[[], Row], in_words: Callable[[Exception], CompassError]) -> None:
        """`connect` opens a connection that isn't in autocommit mode; `in_words`
        says what its errors mean.
        """
        self._connect = connect
        self._in_words = in_words
        self._connection: Row | None = None
        self._guard = threading.Lock()
        self._held: dict[Key, bool] = {}
        """False: it was lost with the connection, and somebody else had it when we were back."""

    def take(self, key: Key) -> bool:
        """Whether it is ours now. Raises CompassError without a database, Full where waiting helps."""
        with self._guard:
            if key in self._held:
                return False
            got = self._asked("SELECT pg_try_advisory_lock(%s, hashtext(%s)) AS got", key)
            if got:
                self._held[key] = True
            return got

    def release(self, key: Key) -> None:
        """Nothing happens if it isn't held."""
        with self._guard:
            ours = self._held.pop(key, False)
            if ours and self._connection is not None:
                with suppress(psycopg.Error):  # a server that is gone has freed it
                    self._connection.execute(
                        "SELECT pg_advisory_unlock(%s, hashtext(%s))", key, prepare=False
                    )

    def holds(self, key: Key) -> bool:
        """Whether it is still ours; a server that was started anew has forgotten it, and
        somebody else may have been faster.
        """
        with self._guard:
            with suppress(CompassError):  # it doesn't answer: then nobody else gets the lock either
                self._asked("SELECT true AS got", None)
            return self._held.get(key, False)

    @contextmanager
    def holding(self, key: Key, patience_s: float, otherwise: str) -> Iterator[None]:
        """Wait for it, and hold it. Raises CompassError with `otherwise` if others have
        it for longer, or if there is no database.
        """
        deadline = time.monotonic() + patience_s
        while (refused := self._refused(key, otherwise)) is not None:
            if time.monotonic() > deadline:
                raise refused
            time.sleep(POLL_S)
        try:
            yield
        finally:
            self.release(key)

    def close(self) -> None:
        """Give all of them up."""
        with self._guard:
            self._forget()

    def _refused(self, key: Key, otherwise: str) -> CompassError | None:
        """None once it is ours."""
        try:
            return None if self.take(key) else CompassError(otherwise)
        except Full as full:
            return full

    def _asked(self, query: str, key: Key | None) -> bool:
        """On the connection, or a new one if it broke; then what was held is taken again first."""
        try:
            return _got(self._connected(), query, key)
        except psycopg.OperationalError:
            self._forget()
        try:
            return _got(self._connected(), query, key)
        except psycopg.OperationalError as error:
            said = self._in_words(error)
            raise Full(str(said)) if is_full(error) else said from error

    def _connected(self) -> Row:
        if self._connection is None or self._connection.closed:
            connection = self._connect()
            connection.isolation_level = (
                IsolationLevel.READ_COMMITTED
            )  # each statement gives its snapshot back
            # However long this transaction is idle, it is meant to be; the second setting is PostgreSQL 17's.
            unlimited = "SELECT set_config(name, '0', true) FROM pg_settings WHERE name = ANY(%s)"
            connection.execute(
                unlimited, [["idle_in_transaction_session_timeout", "transaction_timeout"]], prepare=False
            )
            for key, ours in self._held.items():
                again = "SELECT pg_try_advisory_lock(%s, hashtext(%s)) AS got"
                self._held[key] = ours and _got(connection, again, key)
            self._connection = connection
        return self._connection

    def _forget(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


def is_full(error: Exception) -> bool:
    """Whether a connection was refused because others have them all: that passes."""
    return any(words in str(error) for words in FULL)


def _got(connection: Row, query: str, key: Key | None) -> bool:
    row = connection.execute(query, key, prepare=False).fetchone()
    return bool(row and row["got"])
