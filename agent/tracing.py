"""Around every node: tell whoever follows a turn which node is at work, and keep a pause
open whatever goes wrong in it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast, get_type_hints

from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.events import StateEvent, emit
from agent.moves import Stage
from agent.services import Services
from agent.state import ConversationState
from agent.turn import Turn
from knowledge.errors import CompassError

log = logging.getLogger(__name__)


def announced(node: Callable[[Turn], Command[Any]]) -> Callable[..., Command[Any]]:
    """`node` as LangGraph calls one, with a `state` event before it.

    Where a node fails after it got a reply to its pause, the failure is said and the
    same pause is asked anew.
    """
    stage = cast(Stage, node.__name__)  # no node reads its stage but those that are one

    def run(state: ConversationState, runtime: Runtime[Services]) -> Command[Any]:
        emit(StateEvent(state=stage))
        turn = Turn(state, runtime.context, stage)
        try:
            return node(turn)
        except GraphBubbleUp:  # the interrupt itself
            raise
        except Exception as error:
            if not turn.answered:
                raise
            log.exception("%s failed", stage)
            again = Turn(state, runtime.context, stage)
            again.say(in_words(error))
            return again.stay()

    run.__name__, run.__doc__ = node.__name__, node.__doc__
    run.__annotations__["return"] = get_type_hints(node)[
        "return"
    ]  # where it can go, by which edges are drawn
    return run


def in_words(error: Exception) -> str:
    """One sentence for a person, about an error of theirs or of ours."""
    if isinstance(error, CompassError):
        return str(error)
    return (
        f"Something went wrong inside Compass ({type(error).__name__}); the conversation is kept. Try again,"
        " or say it differently."
    )
