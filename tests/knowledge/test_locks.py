"""Locks among processes: held once, on one connection, freed by a death, taken again
after the server was started anew.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.postgres.locks import Full, Key, Locks
from knowledge.settings import Settings
from tests.pace import patient, until
from tests.present import present

KEY = Key(1, "one")
HOLDER = """
import sys, time
from pathlib import Path
from knowledge.database import Database
from knowledge.postgres.locks import Key
from knowledge.settings import Settings
database = Database(Settings(home=Path(sys.argv[1]), DATABASE_URL=sys.argv[2]))
print(database.locks.take(Key(1, "one")), flush=True)
time.sleep(600)
"""


@pytest.fixture
def other(settings: Settings) -> Iterator[Database]:
    """As another process has it."""
    other = Database(settings)
    yield other
    other.close()


def backends(database: Database) -> list[int]:
    """Server processes that hold advisory locks of this database."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchall()
    return [row["pid"] for row in rows]


def cut(database: Database) -> None:
    """The server drops whoever holds locks, as a restart does."""
    with database.connect() as connection:
        for pid in backends(database):
            connection.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def test_a_lock_is_held_once_here_and_elsewhere(database: Database, other: Database) -> None:
    assert database.locks.take(KEY)
    assert not database.locks.take(KEY)
    assert not other.locks.take(KEY)
    assert other.locks.take(Key(2, "one"))
    database.locks.release(KEY)
    assert other.locks.take(KEY)


def test_many_locks_stand_on_one_connection_without_a_snapshot(database: Database) -> None:
    keys = [Key(1, str(n)) for n in range(200)]
    workers = [threading.Thread(target=lambda key=key: database.locks.take(key)) for key in keys]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(database.locks.holds(key) for key in keys)
    (pid,) = backends(database)
    with database.connect() as connection:
        row = connection.execute(
            "SELECT state, backend_xmin, backend_xid FROM pg_stat_activity WHERE pid = %s", [pid]
        ).fetchone()
    # Within one transaction, as a pooler needs it, and yet in nobody's way.
    assert row == {"state": "idle in transaction", "backend_xmin": None, "backend_xid": None}


def test_a_death_frees_what_was_held(settings: Settings, database: Database) -> None:
    url = present(settings.database_url)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.home_dir), url.get_secret_value()],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not database.locks.take(KEY)
        os.kill(holder.pid, signal.SIGKILL)
        with database.locks.holding(KEY, patient(60), "still held"):
            pass
    finally:
        holder.kill()
        holder.wait()


def test_what_was_held_is_taken_again_on_a_new_connection(database: Database, other: Database) -> None:
    kept, lost = Key(1, "kept"), Key(1, "lost")
    assert database.locks.take(kept)
    assert database.locks.take(lost)
    cut(other)
    assert other.locks.take(lost)  # somebody was faster
    assert database.locks.holds(kept)
    assert not database.locks.holds(lost)
    assert not other.locks.take(kept)
    database.locks.release(lost)  # which isn't theirs any more
    assert not database.locks.take(lost)
    other.locks.release(lost)
    assert database.locks.take(lost)


def test_whoever_waits_too_long_is_told(database: Database, other: Database) -> None:
    with (
        database.locks.holding(KEY, 0, ""),
        pytest.raises(CompassError, match="somebody else has it"),
        other.locks.holding(KEY, 0.2, "somebody else has it"),
    ):
        pass
    assert other.locks.take(KEY)


def test_a_full_server_is_waited_for(database: Database) -> None:
    refusals = iter([psycopg.OperationalError("FATAL:  sorry, too many clients already")] * 6)

    def connect() -> psycopg.Connection[dict[str, object]]:
        for refusal in refusals:
            raise refusal
        return psycopg.connect(database.address.conninfo, row_factory=psycopg.rows.dict_row)

    locks = Locks(connect, database.unreachable)
    with pytest.raises(Full, match="try again in a moment"):
        locks.take(KEY)
    with locks.holding(KEY, patient(60), "busy"):
        assert locks.holds(KEY)
    locks.close()


def test_without_a_server_it_is_a_sentence(settings: Settings, database: Database) -> None:
    def connect() -> psycopg.Connection[dict[str, object]]:
        return psycopg.connect("host=127.0.0.1 port=9 dbname=x", row_factory=psycopg.rows.dict_row)

    began = time.monotonic()
    with (
        pytest.raises(CompassError, match="The database doesn't answer"),
        Locks(connect, database.unreachable).holding(KEY, patient(60), "busy"),
    ):
        pass
    assert time.monotonic() - began < patient(30)


def test_borrowers_of_connections_queue_as_long_as_the_server_answers(database: Database) -> None:
    """More at once than there are connections, and for longer than an answer may take."""
    database.pool.timeout = 0.3
    gate = threading.Event()

    def hold() -> None:
        with database.connect():
            gate.wait(patient(60))

    holders = [threading.Thread(target=hold) for _ in range(database.pool.max_size)]
    for holder in holders:
        holder.start()

    def all_are_held() -> bool:
        stats = database.pool.get_stats()
        return stats["pool_size"] == database.pool.max_size and not stats["pool_available"]

    until(all_are_held)
    threading.Timer(1.5, gate.set).start()
    with database.connect() as connection:
        assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
    assert gate.is_set()
    for holder in holders:
        holder.join()
