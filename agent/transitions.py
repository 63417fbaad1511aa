"""Every transition that the state machine may have, and when it is taken: the design's, and the
few extras that a person needs.

The graph is not built from this table; the tests hold the two against each other, and the
docs' diagram is drawn from both.
"""

from __future__ import annotations

from typing import Any

from langgraph.graph.state import CompiledStateGraph

from agent.moves import PAUSES

Transition = tuple[str, str, str]

DESIGN: tuple[Transition, ...] = (
    ("__start__", "context_collection", "a conversation begins"),
    ("context_collection", "specification_generation", "intent extracted"),
    ("specification_generation", "specification_review", "specification generated"),
    ("specification_review", "specification_editing", "the person edits"),
    ("specification_review", "traffic_profile_mapping", "the person confirms"),
    ("specification_editing", "traffic_profile_mapping", "edits saved"),
    ("traffic_profile_mapping", "model_recommendation", "mapped to a GuideLLM profile"),
    ("model_recommendation", "capacity_planning", "models filtered by SLO"),
    ("capacity_planning", "presenting_options", "GPU configurations calculated"),
    ("presenting_options", "interactive_exploration", "what-if"),
    ("presenting_options", "configuration_finalized", "the person chooses one"),
    ("interactive_exploration", "capacity_planning", "parameters updated"),
    ("interactive_exploration", "presenting_options", "predictions updated"),
    ("configuration_finalized", "deployment_execution", "manifests generated, validated, approved"),
    ("deployment_execution", "post_deployment_validation", "deployment triggered"),
    ("deployment_execution", "failed", "deployment error"),
    ("post_deployment_validation", "basic_monitoring", "health checks pass"),
    ("post_deployment_validation", "failed", "health checks fail"),
    ("basic_monitoring", "success", "status visible"),
    ("success", "__end__", "the end"),
    ("failed", "__end__", "the end"),
)

OVER = ("configuration_finalized", "post_deployment_validation", "failed")
EXTRAS: tuple[Transition, ...] = (
    ("__start__", "failed", "a message after a failure"),
    ("__start__", "basic_monitoring", "a message after success"),
    ("context_collection", "__end__", "not enough is said yet: it asks, and waits for the next message"),
    *((pause, pause, "a question is answered, and the pause stays open") for pause in PAUSES),
    *((pause, "context_collection", "start over") for pause in PAUSES),
    *((pause, "__end__", "cancel") for pause in PAUSES),
    *(
        (stage, "configuration_finalized", "the deletion of another deployment, by its name")
        for stage in ("context_collection", "specification_review")
    ),
    *((node, "specification_review", "the deletion of another deployment is over") for node in OVER),
    ("post_deployment_validation", "presenting_options", "the deletion of another deployment is over"),
    ("post_deployment_validation", "configuration_finalized", "the deletion of another deployment is over"),
    ("failed", "basic_monitoring", "the deletion of another deployment failed"),
    ("configuration_finalized", "presenting_options", "the person rejects"),
    ("configuration_finalized", "specification_editing", "the person edits"),
    ("configuration_finalized", "interactive_exploration", "what-if"),
    ("configuration_finalized", "basic_monitoring", "the person rejects a change of what runs"),
    ("configuration_finalized", "failed", "the person rejects a way out of a failure"),
    ("basic_monitoring", "configuration_finalized", "scale or delete what runs, with a new approval"),
    ("basic_monitoring", "presenting_options", "another option for what runs"),
    ("post_deployment_validation", "__end__", "what was deleted is gone"),
    ("failed", "configuration_finalized", "retry or roll back, with a new approval"),
    ("failed", "post_deployment_validation", "retry of what is there as approved: it is watched anew"),
    ("failed", "presenting_options", "another option"),
    ("failed", "specification_editing", "the person edits"),
    ("failed", "context_collection", "start over, or something new"),
)


def edges_of(graph: CompiledStateGraph[Any, Any, Any, Any]) -> set[tuple[str, str]]:
    """The compiled graph's transitions."""
    return {(edge.source, edge.target) for edge in graph.get_graph().edges}


def mermaid(graph: CompiledStateGraph[Any, Any, Any, Any]) -> str:
    """The compiled graph as a Mermaid flowchart: the design's transitions solid, the extras dotted."""
    edges = edges_of(graph)
    designed = [(a, b) for a, b, _ in DESIGN if (a, b) in edges]
    others = sorted(edges - set(designed))
    nodes = [n for n in graph.get_graph().nodes if not n.startswith("__")]
    lines = ["graph TD", "    __start__([start])", *(f"    {n}({n})" for n in nodes), "    __end__([end])"]
    lines += [f"    {a} --> {b}" for a, b in designed]
    lines += [f"    {a} -.-> {b}" for a, b in others]
    lines += ["    classDef pause stroke-width:3px", f"    class {','.join(PAUSES)} pause"]
    return "\n".join(lines)
