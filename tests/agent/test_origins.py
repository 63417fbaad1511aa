"""Models by the country of their makers: what is excluded, what alone is wanted, and what is a language."""

import pytest

from agent.models.builtin.names import read_names
from agent.models.builtin.tidy import tidy
from knowledge.catalogue import models
from knowledge.makers import countries_of, makers


def read(words: str) -> tuple[set[str], set[str]]:
    """Countries of what is preferred, and of what is excluded."""
    fields: dict[str, list[str]] = {}
    read_names(tidy(words), fields, [])
    wanted, unwanted = fields.get("preferred_models", []), fields.get("excluded_models", [])
    return (
        {c for i in wanted for c in countries_of(i)},
        {c for i in unwanted for c in countries_of(i)},
    )


def test_every_model_has_a_maker_in_a_country() -> None:
    assert all(countries_of(i) for i in models())
    assert {m.provider for m in models().values()} - set(makers()) == {
        "Red Hat"
    }  # it quantises others' models


@pytest.mark.parametrize(
    "words",
    [
        "a chatbot for 300 users, no chinese models",
        "a chatbot for 300 users, nothing chinese please",
        "chatbot, 300 users. Models from China aren't allowed.",
        "chatbot for 300 people, we can't use any Chinese-made LLMs",
        "chatbot for 300 people but not chinese, or our lawyers complain",
        "anything except Chinese models, chatbot for 300 users",
        "chatbot for 300 users; nothing from china",
        "we avoid models developed in China; chatbot, 300 users",
        "non-chinese models only... chatbot for 300 users",
    ],
)
def test_a_country_is_excluded_with_all_that_was_made_of_its_models(words: str) -> None:
    wanted, unwanted = read(words)
    fields: dict[str, list[str]] = {}
    read_names(tidy(words), fields, [])
    if unwanted:
        assert not wanted
        assert set(fields["excluded_models"]) == {i for i in models() if "CN" in countries_of(i)}
    else:
        assert set(fields["preferred_models"]) == {i for i in models() if "CN" not in countries_of(i)}


@pytest.mark.parametrize(
    ("words", "countries"),
    [
        ("only european models, chatbot for 300 users", {"FR"}),
        ("chatbot for 300 users with models made in France", {"FR"}),
        ("chatbot, 300 users, American models only", {"US"}),
        ("chatbot for 300 users. US-made models, please", {"US"}),
    ],
)
def test_or_is_the_only_one(words: str, countries: set[str]) -> None:
    wanted, unwanted = read(words)
    assert countries <= wanted
    assert not unwanted


@pytest.mark.parametrize(
    "words",
    [
        "a chatbot for 300 chinese customers",
        "translate english to chinese for 300 users, no delays",
        "a french model for our 20 lawyers",
        "don't give us models above 70B, 300 users chat",
        "our users in the US and in France chat, 300 of them",
        "answers in Chinese, not English, 300 users chat",
        "a chatbot for the american market, 300 users",
    ],
)
def test_but_a_language_or_a_place_is_no_maker(words: str) -> None:
    assert read(words) == (set(), set())
