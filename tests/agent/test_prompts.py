"""Every prompt with the states of a real conversation, within the window, and what
is summed up of a long one.
"""

from typing import get_args

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage

from agent.models.asking import compacted, definition_of
from agent.models.history import ANSWER_TOKENS, DIGEST_LINES, WINDOW_TOKENS, conversation_for, tokens_in
from agent.moves import MOVES, Stage
from agent.runtime import Runtime
from agent.state import fresh
from agent.words.prompts import prose_prompt, stage_prompt
from agent.words.read_tools import READ_TOOLS
from tests.talking import converse

STAGES: tuple[Stage, ...] = get_args(Stage)
RUNNING = ["a chatbot for 1000 users", "looks good", "deploy the cheapest", "approve"]


@pytest.mark.parametrize("stage", STAGES)
def test_every_prompt_renders_with_nothing_known(stage: Stage) -> None:
    for text in (stage_prompt(stage, fresh()), prose_prompt(stage, fresh(), ["{}"])):
        assert "cannot deploy, approve" in text
        assert "Never invent" in text
        assert "None" not in text


def test_every_prompt_renders_with_the_states_of_a_conversation(runtime: Runtime, thread: str) -> None:
    for words in RUNNING:
        converse(runtime, thread, words)
        state = runtime.state(thread)
        for stage in STAGES:
            tools = [definition_of(kind) for kind in MOVES[stage]] + [
                compacted(t.definition()) for t in READ_TOOLS.values()
            ]
            system = stage_prompt(stage, state)
            assert tokens_in(system) + tokens_in(str(tools)) + ANSWER_TOKENS < WINDOW_TOKENS, stage
            assert tokens_in(prose_prompt(stage, state, ["x" * 9000] * 3)) < WINDOW_TOKENS
    assert "150 ms" in stage_prompt("presenting_options", state)
    assert "Option 1: " in stage_prompt("presenting_options", state)


def test_a_long_conversation_is_summed_up_and_fits() -> None:
    messages = [
        m
        for n in range(80)
        for m in (
            HumanMessage(f"make it {n} users " + "x" * 400),
            AIMessage(f"Changed: users {n}. " + "y" * 3000),
        )
    ]
    found = conversation_for(messages, "and now?", "s" * 3000, "t" * 6000)
    assert found[-1].text == "and now?"
    assert found[0].text.startswith("(Earlier in this conversation, after ")
    assert found[0].text.count("\n") == DIGEST_LINES
    assert isinstance(found[1], HumanMessage)
    assert "make it 79 users" in "".join(str(m.text) for m in found)
    spent = (
        sum(tokens_in(str(m.text)) for m in found)
        + tokens_in("s" * 3000)
        + tokens_in("t" * 6000)
        + ANSWER_TOKENS
    )
    assert spent <= WINDOW_TOKENS


def test_a_short_conversation_is_shown_as_it_was() -> None:
    messages: list[AnyMessage] = [
        HumanMessage("hello"),
        AIMessage("What do you need?"),
        AIMessage("", tool_calls=[]),
        HumanMessage("a chatbot"),
    ]
    assert [m.text for m in conversation_for(messages, "a chatbot", "", "")] == [
        "hello",
        "What do you need?",
        "a chatbot",
    ]
