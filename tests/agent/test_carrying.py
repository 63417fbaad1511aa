"""Questions about what hardware takes are read for what they are, and what they suppose is read beside."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models.builtin.carrying import Servers, carrying_topic, supposed
from agent.models.builtin.interpreter import interpret
from agent.models.builtin.reading import read_change
from agent.moves import MOVES, Ask, Stage
from agent.words.carrying import AtHand, asked_of
from knowledge.errors import CompassError
from tests.planning import specify
from tools.planning.hardware import Hardware

STAGES: tuple[Stage, ...] = (
    "context_collection",
    "specification_review",
    "presenting_options",
    "configuration_finalized",
    "basic_monitoring",
    "failed",
)
QUESTIONS = {
    "how many users can 8 H100 handle?": "capacity",
    "can 8 A100 80GB handle it?": "capacity",
    "how many developers can one 8xH100 server carry with Llama 3.1 8B?": "capacity",
    "are two servers with 8 H100 each enough for 10,000 users?": "capacity",
    "how many concurrent requests can it take?": "capacity",
    "what is the maximum throughput of 4 L40S?": "capacity",
    "8 replicas of 1 or tensor parallel 4?": "splits",
    "would 4 replicas with tensor parallel 2 be better than 2 with tensor parallel 4?": "splits",
    "is one replica on all eight better than two on four each?": "splits",
    "how long would 1.44 million items take?": "batch",
    "how long would it take on one H100?": "batch",
    "would 6 H100 be enough for 20,000 users?": "capacity",
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("words", QUESTIONS)
def test_at_every_stage_it_is_a_question_and_nothing_else(words: str, stage: Stage) -> None:
    move = interpret(words, {m.__name__ for m in MOVES[stage]})
    assert isinstance(move, Ask)
    assert move.topic == QUESTIONS[words]


@pytest.mark.parametrize(
    "words",
    [
        "a chatbot for 1000 users on 8 H100",
        "what if we had 8 H100?",
        "we have 8 A100s",
        "how many requests per second is that?",
        "how much memory does it need?",
        "what does option 2 cost?",
        "use tensor parallel",
        "scale to 3 replicas",
        "100,000 requests per day",
        "is 300 ms enough?",
    ],
)
def test_what_asks_something_else_or_nothing_is_none_of_them(words: str) -> None:
    assert carrying_topic(words) is None


def test_hardware_a_batch_and_values_are_told_apart() -> None:
    found = supposed("how many users can two servers with 8 h100 each take at 32k context?")
    assert found.servers == [Servers(["H100"], 8, 2)]
    assert found.fields == {"min_context_tokens": 32_000}
    assert supposed("can 2x8xh100 handle 500 users?").servers == [Servers(["H100"], 8, 2)]
    job = supposed("how long would 2 million prompts take on 4 l40s, within 10 hours?")
    assert (job.items, job.deadline_hours, job.servers) == (2_000_000, 10, [Servers(["L40S"], 4)])


def test_a_question_supposes_and_changes_nothing() -> None:
    specification = specify(1000, preferred_gpu_types=["L4"])
    before = specification.model_copy(deep=True)
    asked = asked_of("can 8 H100 handle 5,000 users?", AtHand(specification))
    assert asked.specification.intent.user_count == 5000
    assert asked.hardware == [Hardware(gpu_type="H100", gpus_per_server=8)]
    assert specification == before


def test_before_any_need_it_is_taken_for_a_chatbot_and_that_is_known() -> None:
    asked = asked_of("how many users can 8 H100 take?", AtHand())
    assert (asked.use_case_said, asked.load_said) == (False, False)
    assert asked.specification.intent.use_case == "chatbot_conversational"


@pytest.mark.parametrize("words", ["how many users can 4 GPUs take?", "how many users can 4 RTX 4090 take?"])
def test_hardware_that_nobody_knows_is_asked_about(words: str) -> None:
    with pytest.raises(CompassError):
        asked_of(words, AtHand())


def test_hardware_that_there_is_stands_where_none_is_named() -> None:
    there: dict[str, Any] = {"available_gpus": {"A100-80": 8}}
    asked = asked_of("how many users can this hardware take?", AtHand(specify(1000, **there)))
    assert asked.hardware == [Hardware(gpu_type="A100-80", gpus_per_server=8)]
    assert asked_of("can 4 A100 handle it?", AtHand(specify(1000, **there))).hardware[0].gpu_type == "A100-80"


@pytest.mark.parametrize(
    "words", ["could it take 400 people?", "can this take 400 users", "it will take 400"]
)
def test_what_hardware_can_take_is_taken_from_nobody(words: str) -> None:
    assert "users_added" not in read_change(words).fields
    assert read_change("take 40 users off").fields["users_added"] == -40
