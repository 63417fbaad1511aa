"""What a node may rely on: changes of the state are made whole or not at all, and where it goes is drawn."""

from typing import Literal, cast

from langgraph.graph import START, StateGraph
from langgraph.types import Command

from agent.moves import Confirm, Unclear
from agent.nodes.common import take
from agent.services import Services
from agent.state import ConversationState
from agent.tracing import announced
from agent.turn import CantBeDone, Turn

Collected = Command[Literal["failed", "__end__"]]


def _half(turn: Turn, move: Confirm) -> Collected:
    turn.changes["failure"] = "half"
    raise CantBeDone("Not now.")


def _whole(turn: Turn, move: Unclear) -> Collected:
    turn.changes["failure"] = "whole"
    return turn.goto("failed", endpoint="there")


def context_collection(turn: Turn) -> Collected:
    turn.changes["plan_id"] = "1"
    move = Confirm() if turn.state.get("incoming") else Unclear(question="What?")
    return take(turn, move, {Confirm: _half, Unclear: _whole})


def failed(turn: Turn) -> Command[Literal["__end__"]]:
    return turn.stay()


def ended(words: str | None) -> ConversationState:
    graph = StateGraph(ConversationState, context_schema=Services)
    for node in (context_collection, failed):
        graph.add_node(node.__name__, announced(node))
    graph.add_edge(START, "context_collection")
    compiled = graph.compile()
    edges = {(edge.source, edge.target) for edge in compiled.get_graph().edges}
    assert {("context_collection", "failed"), ("context_collection", "__end__")} <= edges
    return cast(ConversationState, compiled.invoke({"incoming": words}))


def test_what_cant_be_done_is_not_half_done_and_says_what_can() -> None:
    state = ended("go on")
    assert state.get("failure") is None
    assert state["plan_id"] == "1"
    (said,) = state["messages"]
    assert said.text.startswith("Not now. Tell me what you need")


def test_what_is_done_leads_on_with_all_its_changes() -> None:
    state = ended(None)
    assert (state["failure"], state["endpoint"], state["plan_id"]) == ("whole", "there", "1")
    assert state["messages"] == []
