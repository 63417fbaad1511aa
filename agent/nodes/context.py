"""Finding out what the person needs."""

from __future__ import annotations

from typing import Literal

from langgraph.types import Command

from agent.inventory import with_stock
from agent.moves import DEFAULT_USERS, EXAMPLES, Cancel, DescribeNeed, TakeDefault, Unclear
from agent.nodes.common import ANYWHERE, Handlers, cancel, take
from agent.state import fresh
from agent.turn import CantBeDone, Turn
from agent.words.checks import in_sentences
from agent.words.understand import move_of_words
from knowledge.catalogue import use_cases
from knowledge.errors import CompassError
from tools.specification import (
    FIELDS,
    LOADS,
    Intent,
    Overrides,
    SpecificationChange,
    change_intent,
    change_need,
    change_overrides,
)
from tools.wording import figure, lower

DEFAULT_USE_CASE = "chatbot_conversational"
Next = Command[Literal["specification_generation", "configuration_finalized", "__end__"]]


def context_collection(turn: Turn) -> Next:
    """Take up the words that started this run; go on once use case and load are known,
    otherwise ask and wait for more.
    """
    words = turn.state.get("incoming")
    if turn.state.get("ended") is not None:
        turn.state = {**turn.state, **fresh()}
    # A new plan forgets the old one whole, in the checkpoint too.
    turn.changes |= fresh()
    turn.changes["intent"] = turn.state.get("intent") or Intent()
    turn.changes["overrides"] = turn.state.get("overrides") or Overrides()
    if words is None:
        turn.say(f"What do you need? For instance: {EXAMPLES}.")
        return turn.stay()
    return take(turn, move_of_words(words, turn), HANDLERS)


def _describe(turn: Turn, move: DescribeNeed) -> Next:
    try:
        move = with_stock(move, turn.services)
    except CantBeDone as error:
        return _unclear(turn, Unclear(question=str(error)))
    try:
        need = change_need(turn.changes["intent"], turn.changes["overrides"], move)
    except (CompassError, ValueError) as error:  # a relative wish with nothing to start from
        rest = SpecificationChange.model_validate(
            move.model_dump(exclude={"added", "factors", "users_added", "load_factor"})
        )
        return _unclear(turn, Unclear(question=in_sentences(error), understood=rest))
    turn.changes["intent"], turn.changes["overrides"] = need
    return _specify_or_ask(turn)


def _take_default(turn: Turn, move: TakeDefault) -> Next:
    intent = turn.changes["intent"]
    if intent == Intent():
        raise CantBeDone("I have to know a little first.")
    intent = turn.changes["intent"] = _with_default(intent)
    if intent.complete:
        turn.say(_assumed(intent))
    return _specify_or_ask(turn)


def _specify_or_ask(turn: Turn) -> Next:
    intent = turn.changes["intent"]
    if intent.complete:
        return turn.goto("specification_generation")
    turn.say(_missing(intent))
    return turn.stay()


def _unclear(turn: Turn, move: Unclear) -> Next:
    """What can't be is asked about; the rest of what was said needn't be said again."""
    intent = turn.changes["intent"]
    if move.understood is not None:
        intent = turn.changes["intent"] = change_intent(intent, move.understood)
        turn.changes["overrides"] = change_overrides(turn.changes["overrides"], move.understood)
        if intent.complete:
            turn.say(f"{move.question} Say “go on” to plan without it, or what it should be.")
            return turn.stay()
    if intent == Intent():
        return turn.refuse(move.question)
    turn.say(f"{move.question} {_missing(intent)}")
    return turn.stay()


def _cancel(turn: Turn, move: Cancel) -> Next:
    turn.changes |= fresh()
    return cancel(turn, move)


HANDLERS: Handlers = ANYWHERE | {
    DescribeNeed: _describe,
    TakeDefault: _take_default,
    Unclear: _unclear,
    Cancel: _cancel,
}


def _with_default(intent: Intent) -> Intent:
    """The one thing that was asked for last, as we would take it."""
    if intent.complete:
        return intent
    if intent.use_case is None:
        return intent.model_copy(update={"use_case": DEFAULT_USE_CASE})
    return intent.model_copy(update={"user_count": DEFAULT_USERS})


def _assumed(intent: Intent) -> str:
    return (
        f"I plan for {use_cases()[intent.use_case or ''].title}, {_load(intent)}; say so if it is something"
        " else."
    )


def _load(intent: Intent) -> str:
    """How much there is to do, as it was given."""
    for name in LOADS:
        if (value := getattr(intent, name)) is not None:
            spec = FIELDS[name].spec
            return f"{figure(value)} {spec.unit or lower(spec.label)}"
    return "no load yet"


def _missing(intent: Intent) -> str:
    """One question for the one thing to ask next, with what is taken if they leave it to us."""
    if intent.complete:
        return "Shall I plan with what I know? Say “go on”, or what else you need."
    if intent.use_case is None:
        load = "" if _load(intent) == "no load yet" else f"{_load(intent)}. "
        return f"{load}What will they do with it? For instance: {EXAMPLES}. “You choose” makes it a chatbot."
    title = use_cases()[intent.use_case].title
    return (
        f"{title}: understood. How many users will it have? (Or how many requests per second at peak?)"
        f" “You choose” takes {DEFAULT_USERS:,} users."
    )
