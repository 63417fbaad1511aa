"""PostgreSQL behind a pooler in transaction mode, where no two transactions of ours
need have the same session.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from pydantic import SecretStr

from agent.commands.doctor import examine
from agent.runtime import Runtime
from knowledge.settings import Settings
from tests.pooler import pooled
from tests.talking import MAIN_SCRIPT, converse


@pytest.fixture
def behind(settings: Settings, database_url: str) -> Iterator[Settings]:
    with pooled(database_url) as url:
        yield settings.model_copy(update={"database_url": SecretStr(url)})


def test_a_whole_conversation_behind_a_pooler(behind: Settings, thread: str) -> None:
    runtime = Runtime(behind)
    try:
        heard = converse(runtime, thread, *MAIN_SCRIPT)
        assert heard.errors == []
        assert "basic_monitoring" in heard.states
    finally:
        runtime.close()


def test_several_that_begin_at_once_behind_a_pooler_make_the_tables_once(
    behind: Settings, database_url: str
) -> None:
    url = behind.database_url.get_secret_value() if behind.database_url else ""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    with ThreadPoolExecutor(3) as pool:
        for begun in pool.map(
            lambda _: Runtime(Settings(home=behind.home, DATABASE_URL=url, model="builtin")), range(3)
        ):
            begun.close()
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) > 10000 FROM benchmarks").fetchone() == (True,)


def test_the_doctor_plays_a_turns_statements(behind: Settings) -> None:
    [found] = [finding for finding in examine(behind) if finding.part == "database"]
    assert found.ok, found.text
