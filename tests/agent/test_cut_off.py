"""A turn that is cut off between two steps, as by a kill, is found and finished, and
never taken for an open question.
"""

import pytest

from agent.events import StateEvent
from agent.runtime import Runtime
from tests.present import present
from tests.talking import converse, deployed


def cut_off_at(state: str, runtime: Runtime, thread: str, text: str) -> None:
    """Stop a turn in that node: it still ends, and its writes are kept, but the
    checkpoint after it is never written.
    """
    open_now = runtime.position(thread).checkpoint
    events = runtime.say(thread, text, open_now.interrupt_id if open_now else None)
    for event in events:
        if isinstance(event, StateEvent) and event.state == state:
            break
    events.close()  # type: ignore[attr-defined]


def test_a_turn_cut_off_after_its_node_is_finished(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users")
    cut_off_at("capacity_planning", runtime, thread, "looks good")
    here = runtime.position(thread)
    assert (here.state, here.interrupted_at, here.checkpoint) == (
        "capacity_planning",
        "capacity_planning",
        None,
    )
    heard = converse(runtime, thread, "what if we had 5000 users?")
    assert "had been cut off was finished first" in heard.text
    pause = present(runtime.position(thread).checkpoint)
    assert pause.state == "presenting_options"


@pytest.mark.parametrize("state", ["specification_review", "traffic_profile_mapping", "model_recommendation"])
def test_it_can_be_resumed_from_any_step(runtime: Runtime, thread: str, state: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users")
    cut_off_at(state, runtime, thread, "looks good")
    assert runtime.position(thread).interrupted_at is not None
    list(runtime.resume(thread))
    pause = present(runtime.position(thread).checkpoint)
    assert pause.state == "presenting_options"


def test_it_can_be_left_by_starting_over(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users")
    cut_off_at("capacity_planning", runtime, thread, "looks good")
    assert converse(runtime, thread, "start over").states == ["context_collection"]
    here = runtime.position(thread)
    assert (here.interrupted_at, here.checkpoint) == (None, None)
    assert runtime.state(thread).get("plan") is None


def test_an_approval_cut_off_is_no_open_question(runtime: Runtime, thread: str) -> None:
    """A "no" after it must not be taken as the answer to a question that a "yes" has
    answered, nor ask it again.
    """
    before = deployed(runtime.cluster)
    converse(runtime, thread, "a chatbot for 1000 users", "looks good", "deploy the cheapest")
    cut_off_at("configuration_finalized", runtime, thread, "yes, approve")
    here = runtime.position(thread)
    assert (here.checkpoint, here.interrupted_at) == (None, "configuration_finalized")
    list(runtime.resume(thread))
    pause = present(runtime.position(thread).checkpoint)
    assert pause.state == "basic_monitoring"
    assert len(deployed(runtime.cluster) - before) == 1


def test_every_pause_is_still_a_pause(runtime: Runtime, thread: str) -> None:
    for text in ("a chatbot for 1000 users", "looks good", "deploy the cheapest", "yes, approve"):
        heard = converse(runtime, thread, text)
        here = runtime.position(thread)
        assert here.checkpoint == heard.checkpoint is not None
        assert (here.state, here.interrupted_at) == (heard.states[-1], None)
    converse(runtime, thread, "done")
    here = runtime.position(thread)
    assert (here.state, here.interrupted_at, here.checkpoint) == ("success", None, None)
