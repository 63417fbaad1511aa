"""What every stage shares: the moves that mean the same anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langgraph.graph import END
from langgraph.types import Command

from agent.answers import answer
from agent.deployments import put_aside
from agent.moves import Answered, Ask, Cancel, Move, Remove, StartOver, Unclear
from agent.state import Aside, ConversationState, fresh
from agent.turn import CantBeDone, Turn
from knowledge.errors import CompassError

Handlers = dict[type[Move], Callable[[Turn, Any], Command[Any]]]
"""What a stage does with each move that it offers."""


def _answer(turn: Turn, move: Ask) -> Command[Any]:
    answer(turn, move)
    return turn.stay()


def _answered(turn: Turn, move: Answered) -> Command[Any]:
    return turn.stay()


def _not_understood(turn: Turn, move: Unclear) -> Command[Any]:
    return turn.refuse(move.question)


def _remove(turn: Turn, move: Remove) -> Command[Any]:
    try:
        aside = put_aside(turn, move)
    except CompassError as error:
        return turn.refuse(str(error))
    return turn.goto("configuration_finalized", **aside)


def _start_over(turn: Turn, move: StartOver) -> Command[Any]:
    turn.say(f"A new plan, then.{_still_running(turn.state)}")
    if turn.stage == "context_collection":
        return turn.stay(**fresh())
    return turn.goto("context_collection", **fresh())


def cancel(turn: Turn, move: Cancel) -> Command[Any]:
    turn.say(f"Cancelled.{_still_running(turn.state)} Say what you need to begin again.")
    return turn.goto(END, ended="cancelled", incoming=None)


ANYWHERE: Handlers = {
    Ask: _answer,
    Answered: _answered,
    Unclear: _not_understood,
    Remove: _remove,
    StartOver: _start_over,
    Cancel: cancel,
}


def take(turn: Turn, move: Move, handlers: Handlers) -> Command[Any]:
    """Do what the person wants, or say why it can't be done; nothing of it is done then."""
    before = turn.changes.copy()
    try:
        return handlers[type(move)](turn, move)
    except CantBeDone as why:
        turn.changes = before
        return turn.refuse(str(why))


def taken_up_again(turn: Turn, aside: Aside) -> Command[Any]:
    """Back to what was at hand before the deletion of another deployment, as it was."""
    turn.changes |= {
        "bundle": aside.bundle,
        "approval_id": aside.approval_id,
        "attempted": aside.attempted,
        "failure": aside.failure,
        "asked_from": aside.asked_from,
        "aside": None,
        "review": None,
        "takes_over_asked": False,
    }
    if aside.stage == "failed":
        return turn.goto(END, ended="failed", incoming=None)
    if aside.stage == "context_collection":
        turn.say("Go on with what you need.")
        return turn.goto(END, incoming=None)
    return turn.goto(aside.stage)


def _still_running(state: ConversationState) -> str:
    names = state.get("deployed")
    if not names:
        return " Nothing was deployed."
    return f" What was applied of {', '.join(names)} stays in the cluster as it is."
