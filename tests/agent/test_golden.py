"""Conversations that earlier releases have stored go on with today's code, from wherever they were left."""

import pytest
from pydantic import BaseModel

from agent.runtime import Runtime
from tests.golden import FOLDER, SAID, put_back
from tests.talking import converse, made_by

RELEASES = sorted(FOLDER.glob("*.json.xz"))
GOES_ON: dict[str, list[tuple[str, str]]] = {
    "review": [
        ("make TTFT 300 ms", "presenting_options"),
        ("deploy the cheapest", "configuration_finalized"),
    ],
    "options": [
        ("compare the kept plans", "presenting_options"),
        ("undo", "presenting_options"),
        ("back to A", "presenting_options"),
        ("option 1", "configuration_finalized"),
    ],
    "nothing-fits": [("undo", "presenting_options"), ("why option 1?", "presenting_options")],
    "approval": [
        ("check again", "configuration_finalized"),
        ("yes, approve", "basic_monitoring"),
        ("status", "basic_monitoring"),
    ],
    "running": [
        ("status", "basic_monitoring"),
        ("another option", "presenting_options"),
        ("option 1", "configuration_finalized"),
    ],
    "scaling": [("no", "basic_monitoring"), ("status", "basic_monitoring")],
    "done": [("what is running?", "basic_monitoring"), ("start over", "context_collection")],
    "failed": [
        ("why?", "failed"),
        ("another option", "presenting_options"),
        ("deploy the cheapest", "configuration_finalized"),
    ],
    "cut-off": [("why option 1?", "presenting_options"), ("option 1", "configuration_finalized")],
}
"""What is said in each of them now, and the last state that it leads to."""


@pytest.fixture
def old(runtime: Runtime, request: pytest.FixtureRequest) -> Runtime:
    """A runtime on a database in which a release has left its conversations."""
    with runtime.database.connect() as connection:
        put_back(connection, request.param)
    return runtime


@pytest.mark.parametrize("old", RELEASES, indirect=True, ids=lambda path: path.name.split(".")[0])
@pytest.mark.parametrize("thread", SAID)
def test_a_conversation_of_an_earlier_release_goes_on(old: Runtime, thread: str) -> None:
    state = old.state(thread)
    for name in ("intent", "overrides", "specification", "plan", "selected", "bundle", "review", "running"):
        assert isinstance(state.get(name), BaseModel | None), name
    assert all(
        isinstance(each, BaseModel) for each in (*state["explored"], *state["kept"], *state["messages"])
    )
    for words, leads_to in GOES_ON[thread]:
        heard = converse(old, thread, words)
        assert not heard.errors, heard.text
        assert "went wrong" not in heard.text, heard.text
        assert heard.states[-1] == leads_to, heard.text
    assert thread != "approval" or made_by(old.cluster, thread)


def test_some_release_is_there_and_its_file_is_small() -> None:
    assert RELEASES
    assert all(path.stat().st_size < 500_000 for path in RELEASES)
