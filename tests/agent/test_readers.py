"""Rules and chat models stand behind one seam, with a conversation around them or none."""

from typing import Any

import pytest

from agent.moves import DescribeNeed, Move, SelectOption, Stage
from agent.services import Stopped
from agent.state import fresh
from agent.words.by_model import ModelReader
from agent.words.by_rules import RULES
from agent.words.intent import extract_intent
from agent.words.reader import Reader
from evals.bad_models import ScriptedModel, calling

NEED = {"use_case": "chatbot_conversational", "user_count": 1000}


def by(*answers: Any) -> ModelReader:
    return ModelReader(ScriptedModel(answers=list(answers), asked=[], offered=[]))


@pytest.mark.parametrize(
    ("words", "stage", "meant"),
    [
        ("a chatbot for 1000 users", "context_collection", DescribeNeed.model_validate(NEED)),
        ("deploy the cheapest", "presenting_options", SelectOption(criterion="cheapest")),
    ],
)
@pytest.mark.parametrize(
    "reader",
    [
        RULES,
        by(calling("DescribeNeed", NEED), calling("SelectOption", {"rank": 1})),
        by(RuntimeError("connection reset")),
        by(calling("Nonsense", {}), calling("Nonsense", {})),
    ],
)
def test_whoever_reads_the_words_they_mean_the_same(
    reader: Reader, words: str, stage: Stage, meant: Move
) -> None:
    assert reader.read(words, stage, fresh()) == meant


def test_without_a_conversation_nothing_is_looked_up_and_nothing_answered_in_prose() -> None:
    looks = by(calling("lookup_slo_template", {"use_case": "chatbot_conversational"}))
    assert extract_intent("a chatbot for 1000 users", looks)[0].user_count == 1000
    model = looks.model
    assert isinstance(model, ScriptedModel)
    assert not {"lookup_slo_template", "Explain"} & set(model.offered[0])


def test_a_stop_ends_the_reading_and_is_no_failure_of_the_model() -> None:
    with pytest.raises(Stopped):
        by(Stopped()).read("a chatbot for 1000 users", "context_collection", fresh())
