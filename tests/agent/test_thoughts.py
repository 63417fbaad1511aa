"""Whether the model shall think first, in a person's words: both ways, lifted, and
what only sounds like it.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import moves
from agent.models.builtin.interpreter import interpret
from agent.models.builtin.reading import read_change
from agent.moves import MOVES, Stage
from agent.words.grounding import drop_unsaid


def said(words: str) -> dict[str, Any]:
    return read_change(words).fields


ON = [
    "a chatbot with reasoning for 500 users",
    "it should think step by step first",
    "should think step by step first",
    "we want it to think before it answers",
    "turn thinking on",
    "thinking on",
    "enable thinking mode please",
    "use a reasoning model",
    "reasoning models only",
    "with chain of thought",
    "the model must reason first",
    "we need thinking mode",
    "switch on reasoning",
    "legal analysis for 20 lawyers, with extended thinking",
    "thinking mode: on",
    "answers must come from a model that thinks first",
    "think step by step before answering",
]
OFF = [
    "no thinking",
    "disable thinking mode",
    "fast answers without chain of thought",
    "a chatbot for 500 users, without reasoning",
    "turn thinking off",
    "thinking off",
    "turn off the reasoning",
    "we don't want any reasoning",
    "do not enable thinking",
    "the model should not think",
    "it shouldn't think first",
    "non-thinking mode",
    "no reasoning models please",
    "reasoning is not needed",
    "skip the chain-of-thought",
    "answers without thinking first",
    "thinking disabled",
]
LIFTED = [
    "thinking doesn't matter",
    "reasoning mode no longer matters",
    "with or without thinking",
    "we don't care whether it thinks",
    "drop the thinking requirement",
    "thinking on or off is fine",
]
NEITHER = [
    "I think we need 500 users",
    "we were thinking of 500 users",
    "let me think about it first",
    "we should think first",
    "we need to think before we answer",
    "legal reasoning over contracts for 20 lawyers",
    "a chatbot for reasoning tasks",
    "users need good reasoning",
    "no, think again",
    "what's your reasoning",
    "explain your reasoning",
    "that's no reason to change it",
    "I'm thinking 300 ms for the first token",
    "no thinking about cost, it doesn't matter",
    "for that reason use H100s",
]


@pytest.mark.parametrize("words", ON)
def test_a_wish_for_thinking_is_read(words: str) -> None:
    assert said(words).get("thinking") == "on"


@pytest.mark.parametrize("words", OFF)
def test_a_wish_for_no_thinking_is_read(words: str) -> None:
    assert said(words).get("thinking") == "off"


@pytest.mark.parametrize("words", LIFTED)
def test_the_wish_is_lifted_by_words_and_nothing_else_with_it(words: str) -> None:
    assert said(words) == {"clear": ["thinking"]}


@pytest.mark.parametrize("words", NEITHER)
def test_thoughts_of_people_are_no_wish(words: str) -> None:
    fields = said(words)
    assert "thinking" not in fields
    assert "thinking" not in fields.get("clear", [])


NOUNS = ("thinking", "reasoning", "chain of thought", "thinking mode", "reasoning mode")
NEED = ("a chatbot for 500 users", "RAG for 40 lawyers on H100s", "translation, 3 requests per second", "")
YES = ("with {}", "enable {}", "turn on {}", "we want {}", "please use {}", "{} must be on")
NO = (
    "without {}",
    "no {}",
    "disable {}",
    "turn off {}",
    "we don't want {}",
    "don't use {}",
    "{} must be off",
    "{} is not needed",
)


@given(
    st.sampled_from(NEED),
    st.sampled_from([*((y, "on") for y in YES), *((n, "off") for n in NO)]),
    st.sampled_from(NOUNS),
    st.booleans(),
)
def test_no_wish_is_read_as_its_opposite(need: str, form: tuple[str, str], noun: str, before: bool) -> None:
    wish = form[0].format(noun)
    words = ", ".join(part for part in ((wish, need) if before else (need, wish)) if part)
    fields = said(words)
    assert fields.get("thinking") == form[1]
    assert ("user_count" in fields) == ("users" in need or "lawyers" in need)


@pytest.mark.parametrize("stage", ["specification_review", "presenting_options"])
@pytest.mark.parametrize(
    "words",
    [
        "does it think first?",
        "is thinking mode on?",
        "does the plan use reasoning?",
        "what is thinking mode?",
    ],
)
def test_a_question_about_thinking_changes_nothing(stage: Stage, words: str) -> None:
    found = interpret(words, {m.__name__ for m in MOVES[stage]})
    assert isinstance(found, moves.Ask | moves.Unclear)


def test_what_if_it_thought_is_a_what_if() -> None:
    found = interpret(
        "what if it thinks step by step first?", {m.__name__ for m in MOVES["presenting_options"]}
    )
    assert isinstance(found, moves.Explore)
    assert found.thinking == "on"


@pytest.mark.parametrize(
    "words", ["2,000 tokens of thoughts", "use 2000 thinking tokens", "about 2000 tokens of reasoning"]
)
def test_tokens_of_thoughts_are_not_those_of_the_answer(words: str) -> None:
    fields = said(words)
    assert fields["thinking_tokens"] == 2000
    assert "output_tokens" not in fields


def test_a_model_may_not_invent_the_wish_but_may_read_it() -> None:
    made_up = moves.EditSpecification(thinking="on", user_count=300)
    assert drop_unsaid(made_up, "make it 300 users").thinking is None
    assert drop_unsaid(made_up, "300 users, and let it take its time for thinking").thinking == "on"
    assert drop_unsaid(made_up, "300 users, no thinking").thinking == "off"
