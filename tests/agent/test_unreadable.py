"""A conversation that this release can't read says so in every face, and can be begun anew."""

import io
import re

import pytest

from agent.events import ErrorEvent
from agent.replies import Reply
from agent.runtime import Runtime
from agent.storage.tags import Unreadable
from agent.terminal.chat import Chat
from tests.agent.test_deployment import RUNNING
from tests.talking import converse, deployed, name_of

SAID = ("can't be read", "“start over”", "`compass deployments`")
DAMAGE = {
    "bytes": (
        "UPDATE checkpoint_blobs SET blob = substr(blob, 1, 7) WHERE thread_id = %s AND channel ="
        " 'specification'"
    ),
    "tag": (
        "UPDATE checkpoint_blobs SET blob = decode(replace(encode(blob, 'hex'), encode('Specification.1',"
        " 'hex'), encode('Specification.9', 'hex')), 'hex') WHERE thread_id = %s AND channel ="
        " 'specification'"
    ),
    "pause": (
        "UPDATE checkpoint_writes SET blob = substr(blob, 1, 7) WHERE thread_id = %s AND channel ="
        " '__interrupt__'"
    ),
    "message": (
        "UPDATE checkpoint_blobs SET blob = substr(blob, 1, 7) WHERE thread_id = %s AND channel = 'messages'"
    ),
}


def damage(runtime: Runtime, thread: str, how: str = "tag") -> None:
    with runtime.database.connect() as connection:
        assert connection.execute(DAMAGE[how], [thread]).rowcount


def is_said(text: str) -> bool:
    return all(part in text for part in SAID) and "Traceback" not in text


@pytest.mark.parametrize("how", DAMAGE)
def test_it_is_said_once_and_starting_over_works(runtime: Runtime, thread: str, how: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users", "looks good")
    damage(runtime, thread, how)
    with pytest.raises(Unreadable):
        runtime.position(thread)
    heard = converse(runtime, thread, "why option 1?")
    assert len(heard.errors) == 1
    assert is_said(heard.text)
    assert heard.states == []
    anew = converse(runtime, thread, "start over")
    assert not anew.errors
    assert "can't be read" in anew.text
    assert (
        converse(runtime, thread, "a chatbot for 1000 users", "looks good").states[-1] == "presenting_options"
    )


@pytest.mark.parametrize("answer", [{"text": "start over"}, {"move": "StartOver"}])
def test_starting_over_works_as_an_answer_too(runtime: Runtime, thread: str, answer: dict[str, str]) -> None:
    pause = converse(runtime, thread, "a chatbot for 1000 users").pause
    damage(runtime, thread)
    (error,) = runtime.reply(thread, Reply(interrupt_id=pause.interrupt_id, move="Confirm"))
    assert isinstance(error, ErrorEvent)
    assert is_said(error.text)
    events = list(runtime.reply(thread, Reply.model_validate({"interrupt_id": pause.interrupt_id} | answer)))
    assert not [e for e in events if isinstance(e, ErrorEvent)]
    assert runtime.position(thread).state is None


def test_what_it_deployed_is_remembered_and_stays(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, *RUNNING)
    name = name_of(runtime, thread)
    damage(runtime, thread)
    heard = converse(runtime, thread, "start over")
    assert not heard.errors
    assert f"{name} stays in the cluster" in heard.text
    assert name in deployed(runtime.cluster)
    assert runtime.state(thread).get("deployed") == [name]


def test_the_terminal_says_it_and_goes_on(
    runtime: Runtime, thread: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    converse(runtime, thread, "a chatbot for 1000 users")
    damage(runtime, thread)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"start over\na chatbot for 50 users\n")))
    assert Chat(runtime, thread, as_json=False).run(None) == 0
    shown = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert is_said(shown)
    assert "Is this what you need?" in shown
