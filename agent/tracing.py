"""Around every node: tell whoever follows a turn which node is at work, and keep a pause
open whatever goes wrong in it.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from langchain_core.messages import AnyMessage
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command

from agent.checkpoints import answered
from agent.events import StateEvent, emit
from agent.transcript import say
from knowledge.errors import CompassError

log = logging.getLogger(__name__)


def announced(node: Callable[..., Any]) -> Callable[..., Any]:
    """`node`, with a `state` event before it. Its signature stays, since LangGraph
    reads where it can go from it.

    Where a node fails after it got a reply to its pause, the failure is said and the
    same pause is asked anew.
    """

    @functools.wraps(node)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        emit(StateEvent(state=node.__name__))
        answered.set(False)
        try:
            return node(*args, **kwargs)
        except GraphBubbleUp:  # the interrupt itself
            raise
        except Exception as error:
            if not answered.get():
                raise
            log.exception("%s failed", node.__name__)
            record: list[AnyMessage] = []
            say(in_words(error), record)
            return Command(goto=node.__name__, update={"messages": record})

    return wrapped


def in_words(error: Exception) -> str:
    """One sentence for a person, about an error of theirs or of ours."""
    if isinstance(error, CompassError):
        return str(error)
    return (
        f"Something went wrong inside Compass ({type(error).__name__}); the conversation is kept. Try again,"
        " or say it differently."
    )
