"""One secret signs the cookies of all servers on a database."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.ui.secret import chat_secret
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings, load_settings


def at(settings: Settings, home: Path, **more: object) -> Settings:
    return Settings.model_validate(
        settings.model_dump() | {"home": home, "DATABASE_URL": settings.database_url, **more}
    )


def test_servers_that_start_together_make_one(settings: Settings, database: Database, tmp_path: Path) -> None:
    homes = [at(settings, tmp_path / f"home {n}") for n in range(12)]
    with ThreadPoolExecutor(12) as servers:
        made = set(servers.map(lambda one: chat_secret(one, database), homes))
    assert len(made) == 1
    assert len(made.pop()) >= 48


def test_a_file_of_before_is_taken_over_once(settings: Settings, database: Database, tmp_path: Path) -> None:
    kept, other = at(settings, tmp_path / "a"), at(settings, tmp_path / "b")
    for home, text in ((kept, "k" * 64), (other, "o" * 64)):
        (home.home_dir / "chat-secret").write_text(text)
    assert chat_secret(kept, database) == "k" * 64
    assert chat_secret(other, database) == "k" * 64
    assert chat_secret(at(settings, tmp_path / "c"), database) == "k" * 64
    assert not list(tmp_path.glob("*/chat-secret"))


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64])
def test_a_file_that_is_no_secret_is_none(
    settings: Settings, database: Database, tmp_path: Path, content: bytes
) -> None:
    home = at(settings, tmp_path / "a")
    (home.home_dir / "chat-secret").write_bytes(content)
    assert len(chat_secret(home, database)) >= 48


def test_the_setting_goes_before_and_is_never_shown(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = "the-setting-of-whoever-runs-it-64"
    with caplog.at_level(logging.DEBUG):
        assert chat_secret(settings.model_copy(update={"chat_secret": SecretStr(own)}), database) == own
        made = chat_secret(settings, database)
    assert made != own
    assert made not in caplog.text
    monkeypatch.setenv("COMPASS_CHAT_SECRET", "too-short-to-be-one")
    with pytest.raises(CompassError, match="COMPASS_CHAT_SECRET is wrong") as refused:
        load_settings()
    assert "too-short-to-be-one" not in str(refused.value)
    monkeypatch.setenv("COMPASS_CHAT_SECRET", own)
    assert own not in repr(load_settings())
