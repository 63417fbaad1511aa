"""A pool whose borrowers queue as long as the server answers: being many is no failure, and is over soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.rows import DictRow
from psycopg_pool import ConnectionPool, PoolTimeout

from knowledge.postgres.locks import is_full

LONGEST_QUEUE_S = 60.0
Row = psycopg.Connection[DictRow]


class PatientPool(ConnectionPool[Row]):
    """Its `timeout` is how long nothing may come before the server itself is asked
    whether it is still there.
    """

    def __init__(self, conninfo: str, ask: Callable[[], None], **options: Any) -> None:
        """`ask` raises psycopg.OperationalError where no connection can be had."""
        self._ask = ask
        super().__init__(conninfo, **options)

    def getconn(self, timeout: float | None = None) -> Row:
        """Raises psycopg.OperationalError without a server, PoolTimeout after LONGEST_QUEUE_S."""
        deadline = time.monotonic() + LONGEST_QUEUE_S
        while True:
            try:
                return super().getconn(timeout)
            except PoolTimeout:
                if time.monotonic() > deadline:
                    raise
                try:
                    self._ask()
                except psycopg.OperationalError as error:
                    if not is_full(error):
                        raise
