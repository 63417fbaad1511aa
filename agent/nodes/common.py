"""What every pausing node shares: the moves that mean the same anywhere."""

from __future__ import annotations

from typing import Any, Literal

from langchain_core.messages import AnyMessage

from agent.answers import answer
from agent.moves import POSSIBLE, Answered, Ask, Cancel, Move, Stage, StartOver, Unclear
from agent.services import Services
from agent.state import ConversationState, fresh
from agent.transcript import say

Elsewhere = Literal["stay", "context_collection", "__end__"]


def anywhere(
    move: Move, stage: Stage, state: ConversationState, services: Services, record: list[AnyMessage]
) -> tuple[Elsewhere, dict[str, Any]] | None:
    """Where a question, an unclear text, start over or cancel leads, with the state's update; None for every other move."""
    if isinstance(move, Ask):
        answer(move, stage, state, services, record)
        return "stay", {"messages": record}
    if isinstance(move, Answered):
        return "stay", {"messages": record}
    if isinstance(move, Unclear):
        refuse(move.question, stage, record)
        return "stay", {"messages": record}
    if isinstance(move, StartOver):
        running = _still_running(state)
        say(f"A new plan, then.{running}", record)
        return "context_collection", dict(fresh()) | {"messages": record}
    if isinstance(move, Cancel):
        say(f"Cancelled.{_still_running(state)} Say what you need to begin again.", record)
        return "__end__", {"messages": record, "ended": "cancelled", "incoming": None}
    return None


def refuse(why: str, stage: Stage, record: list[AnyMessage]) -> None:
    """What can't be done, and what can."""
    say(f"{why} {POSSIBLE[stage]}", record)


def _still_running(state: ConversationState) -> str:
    names = state.get("deployed")
    if not names:
        return " Nothing was deployed."
    return f" What was applied of {', '.join(names)} stays in the cluster as it is."
