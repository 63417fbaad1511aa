"""Slips of typing, ways to write numbers, ranges and corrections, and what must stay as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.builtin.nearest import OFF_TOPIC, nearest
from agent.models.builtin.tidy import plain, tidy
from tests.present import present


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("500 users, no, I meant 200", "200 users"),
        ("500, no, I meant 200 users", "200 users"),
        ("H100, actually make that H200, for RAG", "h200, for rag"),
        ("300 ms, actually 400 ms please", "400 ms please"),
        ("1,5 million users", "1.5 million users"),
        ("we have 1 000 employees", "we have 1000 employees"),
        ("30 000 articles", "30000 articles"),
        ("between 5000 and 8000 students", "8000 students"),
        ("10 to 15 thousand kids", "15 thousand kids"),
        ("a couple of thousand", "2 thousand"),
        ("half a second", "0.5 second"),
        ("chatbto for 350 custmers, low latnecy", "chatbot for 350 customers, low latency"),
        ("translaton", "translation"),
    ],
)
def test_what_was_meant(said: str, meant: str) -> None:
    assert tidy(said) == meant


@pytest.mark.parametrize(
    "text",
    [
        "500 users, no more than 2000 dollars",
        "1000 users, no h100",
        "tear it down",
        "kubernetes mistral qwen nemotron deepseek",
        "paralegals, slogans, haikus, rulings and torque",
        "meta-llama/llama-3.1-8b-instruct at http://127.0.0.1:8000/v1",
        "compare 1 and 3",
    ],
)
def test_what_is_right_stays(text: str) -> None:
    assert plain(text) == text


@given(st.text(max_size=120))
def test_any_text_can_be_tidied_and_grows_little(text: str) -> None:
    assert len(tidy(text)) <= 2 * len(text) + 20


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("suggest the rest of the line while my devs type", "code_completion"),
        ("go through case files for 12 attorneys", "research_legal_analysis"),
        ("boil down meeting transcripts", "summarization_short"),
        ("french versions of our manuals", "translation"),
        ("tell me a joke", OFF_TOPIC),
        ("what's the weather like?", OFF_TOPIC),
    ],
)
def test_words_that_no_rule_knows_are_near_to_what_they_mean(text: str, label: str) -> None:
    found = present(nearest(text, "use_cases"))
    assert found.label == label
