"""What a stage offers is what it handles: one handler a move, and each handler is given its own."""

import inspect
from typing import get_args, get_type_hints

import pytest

from agent.answers import TOPICS
from agent.moves import MOVES, PAUSES, Answered, Approve, Move, Stage, Topic
from agent.nodes import approving, context, failure, monitoring, recommendation, specification
from agent.nodes.common import Handlers
from agent.replies import Reply

TABLES: dict[Stage, Handlers] = {
    "context_collection": context.HANDLERS,
    "specification_review": specification.REVIEW,
    "presenting_options": recommendation.OPTIONS,
    "configuration_finalized": approving.HANDLERS,
    "basic_monitoring": monitoring.HANDLERS,
    "failed": failure.HANDLERS,
}


@pytest.mark.parametrize("stage", MOVES)
def test_each_stage_handles_what_it_offers_and_nothing_else(stage: Stage) -> None:
    made_here = {Answered, Approve} if stage == "configuration_finalized" else {Answered}
    assert set(TABLES[stage]) == {*MOVES[stage], *made_here}


@pytest.mark.parametrize("stage", MOVES)
def test_each_handler_takes_the_moves_that_it_is_given(stage: Stage) -> None:
    for kind, handler in TABLES[stage].items():
        _, move = inspect.signature(handler).parameters
        taken = get_type_hints(handler)[move]
        assert kind in (get_args(taken) or (taken,)), handler


def test_every_topic_has_an_answer() -> None:
    assert set(TOPICS) == set(get_args(Topic))


def test_a_button_is_a_move_of_a_pause_and_no_other_is_one() -> None:
    shown: list[str] = Reply.model_json_schema()["properties"]["move"]["anyOf"][0]["enum"]
    offered = {kind.__name__ for stage in PAUSES for kind in MOVES[stage]}
    assert "Approve" in shown
    assert set(shown) - {"Approve"} < offered
    for kind in Move.__subclasses__():
        if kind.__name__ not in shown:
            with pytest.raises(ValueError, match="Input should be one of"):
                Reply(interrupt_id="1", move=kind.__name__)
