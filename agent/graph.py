"""The state machine: nodes and edges, nothing else. Each node's return type names where it can go."""

from __future__ import annotations

from typing import Any, Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agent.nodes.approving import configuration_finalized
from agent.nodes.context import context_collection
from agent.nodes.deployment import deployment_execution, post_deployment_validation
from agent.nodes.failure import failed
from agent.nodes.monitoring import basic_monitoring, success
from agent.nodes.recommendation import (
    capacity_planning,
    interactive_exploration,
    model_recommendation,
    presenting_options,
)
from agent.nodes.specification import (
    specification_editing,
    specification_generation,
    specification_review,
    traffic_profile_mapping,
)
from agent.services import Services
from agent.state import ConversationState
from agent.tracing import announced

NODES = (
    context_collection,
    specification_generation,
    specification_review,
    specification_editing,
    traffic_profile_mapping,
    model_recommendation,
    capacity_planning,
    presenting_options,
    interactive_exploration,
    configuration_finalized,
    deployment_execution,
    post_deployment_validation,
    failed,
    basic_monitoring,
    success,
)


def where_a_message_enters(
    state: ConversationState,
) -> Literal["context_collection", "failed", "basic_monitoring"]:
    """A new conversation begins; a message after the end comes back to what it is about."""
    if state.get("ended") == "failed":
        return "failed"
    if state.get("ended") == "success":
        return "basic_monitoring"
    return "context_collection"


def build_graph(
    checkpointer: BaseCheckpointSaver[str] | None = None,
) -> CompiledStateGraph[ConversationState, Services, Any, Any]:
    graph = StateGraph(ConversationState, context_schema=Services)
    for node in NODES:
        graph.add_node(node.__name__, announced(node))
    graph.add_conditional_edges(START, where_a_message_enters)
    return graph.compile(checkpointer=checkpointer)
