"""Ollama over its own wire: whole conversations, prose as it streams, what is repaired by
schema, and every way in which it can fail.
"""

import threading
import time
from collections.abc import Iterator

import pytest

from agent.events import ErrorEvent, MessageEvent, ModelEvent, TokenEvent
from agent.models.history import WINDOW_TOKENS
from agent.runtime import Runtime
from agent.services import Caller
from knowledge.settings import Settings
from tests.ollama import Ollama, Spoiled, ollama
from tests.pace import patient
from tests.talking import Heard, converse, facts_of

NEED = (
    "DescribeNeed",
    {"use_case": "chatbot_conversational", "user_count": 1000, "latency_priority": "high"},
)
SAID = "I need a chatbot for 1000 users, low latency critical"


@pytest.fixture
def wire() -> Iterator[Ollama]:
    with ollama() as server:
        yield server


@pytest.fixture
def talking(settings: Settings, wire: Ollama) -> Iterator[Runtime]:
    runtime = Runtime(settings.model_copy(update={"model": "auto", "ollama_host": wire.url}))
    yield runtime
    runtime.close()


def model_events(heard: Heard) -> list[ModelEvent]:
    return [e for e in heard.events if isinstance(e, ModelEvent)]


def test_a_conversation(talking: Runtime, wire: Ollama, thread: str) -> None:
    wire.answers = [NEED, ("Confirm", {}), ("SelectOption", {"criterion": "cheapest"})]
    assert talking.chosen.name == "ollama:llama3.1:8b"
    heard = converse(talking, thread, SAID, "looks good", "deploy the cheapest")
    assert heard.pause.state == "configuration_finalized"
    asked = wire.asked[0]
    assert asked["model"] == "llama3.1:8b"
    assert asked["options"]["temperature"] == 0
    assert asked["options"]["num_ctx"] == WINDOW_TOKENS
    assert asked["keep_alive"] == "30m"
    assert {"DescribeNeed", "Ask"} <= {t["function"]["name"] for t in asked["tools"]}
    assert [(e.outcome, e.calls, e.input_tokens, e.output_tokens) for e in model_events(heard)] == [
        ("answered", 1, 9, 5)
    ] * 3


def test_prose_is_streamed_and_only_what_is_known_of_it_is_shown(
    talking: Runtime, wire: Ollama, thread: str
) -> None:
    wire.answers = [
        NEED,
        ("Explain", {}),
        "Batching serves your 1,000 users together. It saves 37 % of the cost. I deployed it already.",
    ]
    converse(talking, thread, SAID)
    heard = converse(talking, thread, "hm, tell me about continuous batching")
    assert (
        "".join(e.text for e in heard.events if isinstance(e, TokenEvent))
        == "Batching serves your 1,000 users together. "
    )
    [told] = [e for e in heard.events if isinstance(e, MessageEvent) and e.kind == "prose"]
    assert told.text.strip() == "Batching serves your 1,000 users together."
    assert model_events(heard)[0].removed == 2
    assert wire.asked[1]["stream"] is False
    assert wire.asked[2]["stream"] is True
    assert heard.pause.state == "specification_review"


def test_a_call_with_wrong_values_is_asked_for_again_by_schema(
    talking: Runtime, wire: Ollama, thread: str
) -> None:
    wire.answers = [
        ("DescribeNeed", {"use_case": "chatbot", "user_count": "many"}),
        '{"use_case": "chatbot_conversational", "user_count": 1000}',
    ]
    heard = converse(talking, thread, SAID)
    assert wire.asked[1]["format"]["title"] == "DescribeNeed"
    assert model_events(heard)[0].outcome == "repaired"
    assert facts_of(heard.pause)["specification"]["intent"]["user_count"] == 1000


@pytest.mark.parametrize("wrong", ["500", "refused", "no json", "dead in the middle"])
def test_what_fails_hands_the_turn_to_the_interpreter_and_says_so(
    talking: Runtime, wire: Ollama, thread: str, wrong: Spoiled
) -> None:
    wire.answers = [{"wrong": wrong}, {"wrong": wrong}]
    heard = converse(talking, thread, SAID)
    assert "The built-in interpreter took this turn" in heard.text
    assert model_events(heard)[0].outcome == "failed"
    assert heard.errors == []
    assert heard.pause.state == "specification_review"


def test_a_connection_that_breaks_is_tried_once_more(talking: Runtime, wire: Ollama, thread: str) -> None:
    wire.answers = [{"wrong": "dead in the middle"}, NEED]
    heard = converse(talking, thread, SAID)
    assert [(e.outcome, e.calls) for e in model_events(heard)] == [("answered", 2)]


def test_one_that_never_answers_is_given_up(
    talking: Runtime, wire: Ollama, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.models.asking.ANSWER_TIMEOUT_S", 0.5)
    wire.answers = [{"wrong": "slow"}]
    wire.slow_s = patient(30)
    began = time.monotonic()
    heard = converse(talking, thread, SAID)
    assert time.monotonic() - began < wire.slow_s / 2
    assert "The built-in interpreter took this turn" in heard.text


def test_a_stop_does_not_wait_for_the_model(talking: Runtime, wire: Ollama, thread: str) -> None:
    wire.answers = [{"wrong": "slow"}]
    wire.slow_s = patient(30)
    caller = Caller("local user")
    threading.Timer(0.5, caller.stopped.set).start()
    began = time.monotonic()
    events = list(talking.say(thread, SAID, caller=caller))
    assert time.monotonic() - began < wire.slow_s / 2
    assert any(isinstance(e, MessageEvent) and e.text.startswith("Stopped") for e in events)
    assert not any(isinstance(e, ErrorEvent) for e in events)


def test_a_model_without_tools_chooses_by_schema(settings: Settings, wire: Ollama, thread: str) -> None:
    runtime = Runtime(settings.model_copy(update={"model": "ollama:tiny", "ollama_host": wire.url}))
    wire.answers = [
        '{"tool":"DescribeNeed","arguments":{"use_case":"chatbot_conversational","user_count":1000,"budget_usd_per_month":7}}'
    ]
    try:
        assert "held to a schema" in runtime.chosen.label
        heard = converse(runtime, thread, SAID)
    finally:
        runtime.close()
    names = {choice["properties"]["tool"]["const"] for choice in wire.asked[0]["format"]["anyOf"]}
    assert {"DescribeNeed", "Ask", "Unclear"} <= names
    assert "apply_to_cluster" not in names
    assert "Approve" not in names
    intent = facts_of(heard.pause)["specification"]["intent"]
    assert intent["user_count"] == 1000
    assert intent["budget_usd_per_month"] is None  # nobody said so
