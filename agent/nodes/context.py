"""Finding out what the person needs."""

from __future__ import annotations

from typing import Any, Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.inventory import with_stock
from agent.moves import DEFAULT_USERS, EXAMPLES, DescribeNeed, TakeDefault, Unclear
from agent.nodes.common import anywhere
from agent.services import Services
from agent.state import ConversationState, fresh
from agent.transcript import say
from agent.words.checks import in_sentences
from agent.words.understand import move_of_words
from knowledge.catalogue import use_cases
from knowledge.errors import CompassError
from tools.specification import (
    Intent,
    Overrides,
    SpecificationChange,
    change_intent,
    change_need,
    change_overrides,
)

DEFAULT_USE_CASE = "chatbot_conversational"


def context_collection(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[Literal["specification_generation", "configuration_finalized", "__end__"]]:
    """Take up the words that started this run; go on once use case and load are known,
    otherwise ask and wait for more.
    """
    record: list[AnyMessage] = []
    begun: ConversationState = state
    if state.get("ended") is not None:
        begun = {**state, **fresh(), "incoming": state.get("incoming")}
    words = begun.get("incoming")
    # A new plan forgets the old one whole, in the checkpoint too.
    update: dict[str, Any] = dict(fresh()) | {
        "intent": begun.get("intent") or Intent(),
        "overrides": begun.get("overrides") or Overrides(),
    }
    if words is None:
        say(f"What do you need? For instance: {EXAMPLES}.", record)
        return Command(goto="__end__", update=update | {"messages": record})

    move = move_of_words(words, "context_collection", begun, runtime.context, record)
    if isinstance(move, DescribeNeed):
        stocked = with_stock(move, runtime.context)
        move = Unclear(question=stocked) if isinstance(stocked, str) else stocked
    if isinstance(move, DescribeNeed):
        try:
            update["intent"], update["overrides"] = change_need(update["intent"], update["overrides"], move)
        except (CompassError, ValueError) as error:  # a relative wish with nothing to start from
            rest = SpecificationChange.model_validate(
                move.model_dump(exclude={"added", "factors", "users_added", "load_factor"})
            )
            move = Unclear(question=in_sentences(error), understood=rest)
    if isinstance(move, DescribeNeed):
        if update["intent"].complete:
            return Command(goto="specification_generation", update=update | {"messages": record})
        say(_missing(update["intent"]), record)
        return Command(goto="__end__", update=update | {"messages": record})
    if isinstance(move, TakeDefault) and update["intent"] != Intent():
        update["intent"] = _with_default(update["intent"])
        if update["intent"].complete:
            say(_assumed(update["intent"]), record)
            return Command(goto="specification_generation", update=update | {"messages": record})
        say(_missing(update["intent"]), record)
        return Command(goto="__end__", update=update | {"messages": record})
    if (
        isinstance(move, Unclear) and move.understood is not None
    ):  # what can't be is asked about; the rest needn't be said again
        update["intent"] = change_intent(update["intent"], move.understood)
        update["overrides"] = change_overrides(update["overrides"], move.understood)
        if update["intent"].complete:
            say(f"{move.question} Say “go on” to plan without it, or what it should be.", record)
            return Command(goto="__end__", update=update | {"messages": record})
    if (
        isinstance(move, Unclear) and update["intent"] != Intent()
    ):  # something is known: ask for the rest again
        say(f"{move.question} {_missing(update['intent'])}", record)
        return Command(goto="__end__", update=update | {"messages": record})
    elsewhere = anywhere(move, "context_collection", begun, runtime.context, record)
    if elsewhere and elsewhere[0] == "context_collection":  # start over, said at the start
        update |= elsewhere[1]
    if elsewhere and elsewhere[0] == "configuration_finalized":
        return Command(goto="configuration_finalized", update=update | elsewhere[1])
    if elsewhere and elsewhere[0] == "__end__":
        update |= dict(fresh()) | {"ended": "cancelled"}
    return Command(goto="__end__", update=update | {"messages": record})


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
    for value, unit in (
        (intent.user_count, "users"),
        (intent.requests_per_second, "requests/s"),
        (intent.concurrent_requests, "requests in flight"),
        (intent.requests_per_day, "requests a day"),
    ):
        if value is not None:
            return f"{value:,g} {unit}" if value < 1e6 else f"{value:,.0f} {unit}"
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
