"""What a chat model may look at is what its person may see."""

import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import pytest
from psycopg import Connection
from psycopg.rows import DictRow

import tools
from agent.runtime import Runtime
from agent.services import Caller, Services
from agent.words.read_tools import READ_TOOLS
from knowledge.errors import CompassError
from tests.talking import converse, name_of
from tools.get_status import DeploymentStatus, StatusQuery
from tools.registry import TOOLS
from tools.tool import Tool


def services_for(runtime: Runtime, actor: str) -> Services:
    caller = Caller(actor)
    return Services(
        runtime.settings,
        runtime.database,
        runtime.cluster,
        runtime.writer,
        runtime.chosen.reader,
        "t",
        caller,
        caller.wait,
    )


@contextmanager
def writes_refused(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """By the database itself."""
    connect = runtime.database.connect

    @contextmanager
    def reading() -> Iterator[Connection[DictRow]]:
        with connect() as connection:
            connection.execute("SET default_transaction_read_only = on")
            try:
                yield connection
            finally:
                connection.execute("RESET default_transaction_read_only")

    with monkeypatch.context() as patch:
        patch.setattr(runtime.database, "connect", reading)
        with pytest.raises(CompassError, match="only be read"), runtime.database.connect() as connection:
            connection.execute("DELETE FROM scrapes")
        yield


def test_only_its_persons_deployments_are_looked_at_and_nothing_is_written(
    runtime: Runtime, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    converse(runtime, thread, "a chatbot for 1000 users", "looks good", "option 1", "yes, approve")
    query, look = StatusQuery(name=name_of(runtime, thread)), READ_TOOLS["get_status"].run
    found = look(query, services_for(runtime, runtime.settings.actor))
    assert isinstance(found, DeploymentStatus)
    assert found.phase == "ready"
    with writes_refused(runtime, monkeypatch):
        again = look(query, services_for(runtime, runtime.settings.actor))
    assert isinstance(again, DeploymentStatus)
    assert again.live is not None
    told = []
    for name in (query.name, "there-is-none"):
        with pytest.raises(CompassError, match=r"no deployment .* of yours") as refused:
            look(StatusQuery(name=name), services_for(runtime, "somebody else"))
        told.append(str(refused.value).replace(name, "NAME"))
    assert told[0] == told[1]
    converse(runtime, thread, "delete it", "yes, approve")


def test_a_tool_that_looks_into_the_cluster_names_whose_deployment_it_asks_about() -> None:
    """What else models may read is nobody's: catalogues and benchmarks."""
    assert {"lookup_slo_template", "query_benchmarks", "get_status"} <= set(READ_TOOLS)
    for name, offered in READ_TOOLS.items():
        assert set(offered.tool.needs) <= {"cluster", "database"}, name
        assert bool(offered.tool.deployment) == ("cluster" in offered.tool.needs), name
        assert not offered.tool.deployment or offered.tool.deployment in offered.request.model_fields


def test_each_tool_says_itself_whether_it_reads() -> None:
    assert [name for name, tool in TOOLS.items() if not tool.reads] == ["apply_to_cluster"]
    assert "apply_to_cluster" not in READ_TOOLS
    there = {
        module.name
        for module in pkgutil.iter_modules(tools.__path__)
        if isinstance(getattr(import_module(f"tools.{module.name}"), module.name, None), Tool)
    }
    assert there == set(TOOLS), "a tool that isn't in the registry"
