"""Finding out what the person needs."""

from __future__ import annotations

from typing import Any, Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.inventory import with_stock
from agent.moves import DescribeNeed, Unclear
from agent.nodes.common import anywhere
from agent.services import Services
from agent.state import ConversationState, fresh
from agent.transcript import say
from agent.understand import move_of_words
from knowledge.catalogue import use_cases
from tools.specification import Intent, Overrides, change_intent, change_overrides

EXAMPLES = "a chatbot for 1000 users, code completion for 250 developers, or questions over our documents for 5k employees"


def context_collection(state: ConversationState, runtime: Runtime[Services]) -> Command[Literal["specification_generation", "__end__"]]:
    """Take up the words that started this run; go on once use case and load are known, otherwise ask and wait for more."""
    record: list[AnyMessage] = []
    begun: ConversationState = state
    if state.get("ended") is not None:
        begun = {**state, **fresh(), "incoming": state.get("incoming")}
    words = begun.get("incoming")
    # A new plan forgets the old one whole, in the checkpoint too.
    update: dict[str, Any] = dict(fresh()) | {"intent": begun.get("intent") or Intent(), "overrides": begun.get("overrides") or Overrides()}
    if words is None:
        say(f"What do you need? For instance: {EXAMPLES}.", record)
        return Command(goto="__end__", update=update | {"messages": record})

    move = move_of_words(words, "context_collection", begun, runtime.context, record)
    if isinstance(move, DescribeNeed):
        stocked = with_stock(move, runtime.context)
        move = Unclear(question=stocked) if isinstance(stocked, str) else stocked
    if isinstance(move, DescribeNeed):
        update["intent"] = change_intent(update["intent"], move)
        update["overrides"] = change_overrides(update["overrides"], move)
        if update["intent"].complete:
            return Command(goto="specification_generation", update=update | {"messages": record})
        say(_missing(update["intent"]), record)
        return Command(goto="__end__", update=update | {"messages": record})
    if isinstance(move, Unclear) and update["intent"] != Intent():  # something is known: ask for the rest again
        say(f"{move.question} {_missing(update['intent'])}", record)
        return Command(goto="__end__", update=update | {"messages": record})
    elsewhere = anywhere(move, "context_collection", begun, runtime.context, record)
    if elsewhere and elsewhere[0] == "context_collection":  # start over, said at the start
        update |= elsewhere[1]
    if elsewhere and elsewhere[0] == "__end__":
        update |= dict(fresh()) | {"ended": "cancelled"}
    return Command(goto="__end__", update=update | {"messages": record})


def _missing(intent: Intent) -> str:
    """One question for the one thing to ask next."""
    if intent.use_case is None:
        load = f"{intent.user_count:,} users. " if intent.user_count else ""
        return f"{load}What will they do with it? For instance: {EXAMPLES}."
    title = use_cases()[intent.use_case].title
    return f"{title}: understood. How many users will it have? (Or how many requests per second at peak?)"
