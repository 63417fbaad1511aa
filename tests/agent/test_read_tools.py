"""What a chat model may look at is what its person may see."""

import pytest

from agent.runtime import Runtime
from agent.services import Caller, Services
from agent.words.read_tools import READ_TOOLS
from knowledge.errors import CompassError
from tests.talking import converse, name_of
from tools.get_status import DeploymentStatus, StatusQuery


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


def test_only_its_persons_deployments_are_looked_at(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users", "looks good", "option 1", "yes, approve")
    query, look = StatusQuery(name=name_of(runtime, thread)), READ_TOOLS["get_status"].run
    found = look(query, services_for(runtime, runtime.settings.actor))
    assert isinstance(found, DeploymentStatus)
    assert found.phase == "ready"
    told = []
    for name in (query.name, "there-is-none"):
        with pytest.raises(CompassError, match=r"no deployment .* of yours") as refused:
            look(StatusQuery(name=name), services_for(runtime, "somebody else"))
        told.append(str(refused.value).replace(name, "NAME"))
    assert told[0] == told[1]
    converse(runtime, thread, "delete it", "yes, approve")


def test_nothing_else_that_a_model_reads_is_anybodys() -> None:
    """Another tool would need an owner to be checked: `lookup_slo_template` and
    `query_benchmarks` read what all may read.
    """
    assert set(READ_TOOLS) == {"lookup_slo_template", "query_benchmarks", "get_status"}
