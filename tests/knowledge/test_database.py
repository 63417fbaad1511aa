"""Both kinds of database, migrations, and what a person hears when it is down."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.postgres.locks import Key
from knowledge.settings import Settings, load_settings
from tests.pace import patient


def rows(database: Database) -> int:
    with database.connect() as connection:
        found = connection.execute("SELECT count(*) AS n FROM benchmarks").fetchone()
    assert found is not None
    return int(found["n"])


def test_a_server_by_url_is_migrated_and_filled_once(settings: Settings) -> None:
    for _ in range(2):
        database = Database(settings)
        assert not database.embedded
        assert rows(database) > 10_000
        database.close()


def test_the_embedded_server_starts_keeps_its_rows_and_comes_back_after_it_died(tmp_path: Path) -> None:
    database = Database(Settings(home=tmp_path))
    with database.connect() as connection:
        connection.execute("DELETE FROM benchmarks WHERE gpu_type = 'L4'")
    kept = rows(database)
    pid = int((tmp_path / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGQUIT)
    while Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        pass
    database.revive()
    assert rows(database) == kept
    database.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://u:secret@127.0.0.1:9/x", "doesn't answer"),
        ("nonsense", "isn't a PostgreSQL address"),
    ],
)
def test_a_dead_or_misspelt_server_is_a_sentence_without_the_password(
    tmp_path: Path, url: str, sentence: str
) -> None:
    with pytest.raises(CompassError, match=sentence) as caught:
        Database(Settings(home=tmp_path, DATABASE_URL=url))
    assert "secret" not in str(caught.value)


def test_a_wrong_setting_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPASS_NAMESPACE", "Not A Name")
    with pytest.raises(CompassError, match="COMPASS_NAMESPACE"):
        load_settings()


def test_an_address_for_the_manifests_may_hold_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPASS_AUTOSCALING_PROMETHEUS", "http://ann:gehe-im@prometheus:9090")
    with pytest.raises(CompassError, match="COMPASS_AUTOSCALING_PROMETHEUS") as caught:
        load_settings()
    assert "gehe-im" not in str(caught.value)


def test_the_password_is_not_in_the_settings_text() -> None:
    assert "hunter2" not in repr(Settings(DATABASE_URL="postgresql://u:hunter2@h/x"))


@contextmanager
def made(server_url: str, options: str) -> Iterator[str]:
    """A new, empty database."""
    name = f"made_{secrets.token_hex(6)}"
    control = server_url.replace("/postgres?", "/template1?")
    with psycopg.connect(control, autocommit=True) as connection:
        connection.execute(
            sql.SQL(f"CREATE DATABASE {{}} {options} TEMPLATE template0").format(sql.Identifier(name))
        )
    yield server_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(control, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def refusal(url: str, home: Path) -> str:
    with pytest.raises(CompassError) as caught:
        Database(Settings(home=home, DATABASE_URL=url)).close()
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_character_is_refused_at_start(
    server_url: str, tmp_path: Path, encoding: str
) -> None:
    with made(server_url, f"ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C'") as url:
        assert f"encoding is {encoding}" in refusal(url, tmp_path)


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE TABLE schema_migrations (version varchar PRIMARY KEY)",
        "CREATE TABLE benchmarks (id serial)",
        "CREATE VIEW approvals AS SELECT 1 AS one",
    ],
)
def test_tables_of_another_application_are_named_as_that(
    server_url: str, tmp_path: Path, theirs: str
) -> None:
    with made(server_url, "") as url:
        with psycopg.connect(url) as connection:
            connection.execute(theirs)
        assert "Another application's tables" in refusal(url, tmp_path)
        with psycopg.connect(url) as connection:  # and nothing of ours was left there
            assert connection.execute(
                "SELECT count(*) FROM pg_class WHERE relname = 'audit_log'"
            ).fetchone() == (0,)


def test_a_schema_of_our_own_is_the_way_out(server_url: str, tmp_path: Path) -> None:
    with made(server_url, "") as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE schema_migrations (version varchar PRIMARY KEY)")
            connection.execute("CREATE SCHEMA compass")
        database = Database(Settings(home=tmp_path, DATABASE_URL=f"{url}&options=-csearch_path%3Dcompass"))
        assert rows(database) > 10_000
        database.close()


def test_a_server_that_can_only_be_read_is_said_to_be_that(
    server_url: str, tmp_path: Path, settings: Settings
) -> None:
    with made(server_url, "") as url:
        with psycopg.connect(url, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(
                    sql.Identifier(name)
                )
            )
        assert "can only be read" in refusal(url, tmp_path)
    database = Database(settings)  # one that fails over while we use it
    with database.connect() as connection:
        name = connection.info.dbname
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(sql.Identifier(name))
        )
    database.pool.close()
    database.pool = database._open()
    with pytest.raises(CompassError, match="target_session_attrs"), database.connect() as connection:
        connection.execute("DELETE FROM benchmarks")
    database.close()


def test_a_lock_that_is_held_holds_up_nobody(settings: Settings) -> None:
    """Building an index beside others waits for whoever has a snapshot, however idle."""
    database = Database(settings)
    assert database.locks.take(Key(1, "a turn"))
    with database.alone(), database.dedicated() as connection:
        connection.execute(f"SET statement_timeout = '{patient(60):.0f}s'")
        connection.execute("CREATE INDEX CONCURRENTLY beside ON approvals (name)")
    database.close()


def test_who_is_not_let_in_or_names_no_database_is_told_so(server_url: str, tmp_path: Path) -> None:
    assert "Create it" in refusal(server_url.replace("/postgres?", "/nowhere?"), tmp_path)
    assert "Check user and password" in refusal(server_url.replace("postgres@", "stranger:geheim@"), tmp_path)


def test_too_many_connections_are_waited_for_or_said(server_url: str, settings: Settings) -> None:
    database = Database(settings)
    told = database.unreachable(psycopg.errors.TooManyConnections("sorry, too many clients already"))
    assert "try again in a moment" in str(told)
    assert "Start it" not in str(told)
    database.close()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root can mount a small disk")
def test_a_full_disk_is_said_and_what_would_help(tmp_path: Path) -> None:
    home = Path(tempfile.mkdtemp(prefix="small-disk-"))
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=260m,mode=755", "tmpfs", str(home)], capture_output=True
    ).returncode:
        home.rmdir()
        pytest.xfail("no disk can be mounted here")
    try:
        database = Database(Settings(home=home))
        with (home / "ballast").open("wb") as ballast, suppress(OSError):
            while True:
                ballast.write(b"x" * 65536)
        with pytest.raises(CompassError, match="disk is full") as caught, database.connect() as connection:
            connection.execute(
                "CREATE TABLE more AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 100000)"
            )
        assert "started again" not in str(caught.value)
        with pytest.raises(CompassError, match="disk is full"):
            database.answer()
        (home / "ballast").unlink()
        database.revive()
        database.answer()
        assert rows(database) > 10_000
        database.close()
    finally:
        pid = int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        subprocess.run(["umount", "-l", str(home)])
        home.rmdir()
