"""Both kinds of database, migrations, and what a person hears when it is down."""

import os
import signal
from pathlib import Path

import pytest

from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings, load_settings


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
def test_a_dead_or_misspelt_server_is_a_sentence_without_the_password(tmp_path: Path, url: str, sentence: str) -> None:
    with pytest.raises(CompassError, match=sentence) as caught:
        Database(Settings(home=tmp_path, DATABASE_URL=url))
    assert "secret" not in str(caught.value)


def test_a_wrong_setting_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPASS_NAMESPACE", "Not A Name")
    with pytest.raises(CompassError, match="COMPASS_NAMESPACE"):
        load_settings()


def test_the_password_is_not_in_the_settings_text() -> None:
    assert "hunter2" not in repr(Settings(DATABASE_URL="postgresql://u:hunter2@h/x"))
