"""The compiled graph has the design's transitions, the listed extras, and no others."""

import re
from pathlib import Path

from agent.graph import build_graph
from agent.moves import PAUSES
from agent.transitions import DESIGN, EXTRAS, edges_of, mermaid

# The design's table, written out here once more so that a slip in agent/transitions.py can't hide itself.
DESIGNED = """
__start__ context_collection
context_collection specification_generation
specification_generation specification_review
specification_review specification_editing
specification_review traffic_profile_mapping
specification_editing traffic_profile_mapping
traffic_profile_mapping model_recommendation
model_recommendation capacity_planning
capacity_planning presenting_options
presenting_options interactive_exploration
presenting_options configuration_finalized
interactive_exploration capacity_planning
interactive_exploration presenting_options
configuration_finalized deployment_execution
deployment_execution post_deployment_validation
deployment_execution failed
post_deployment_validation basic_monitoring
post_deployment_validation failed
basic_monitoring success
success __end__
failed __end__
"""
PAGE = Path(__file__).parents[2] / "docs" / "state-machine.md"


def parsed(diagram: str) -> set[tuple[str, str]]:
    """The arrows of a Mermaid flowchart."""
    return {(a, b) for a, b in re.findall(r"^\s*(\w+) -{1,2}\.?->? (\w+)$", diagram, re.MULTILINE)}


def test_the_design_is_kept() -> None:
    designed = {tuple(line.split()) for line in DESIGNED.strip().splitlines()}
    assert {(a, b) for a, b, _ in DESIGN} == designed
    assert designed <= edges_of(build_graph())


def test_the_compiled_graph_has_the_design_and_the_extras_and_nothing_else() -> None:
    listed = {(a, b) for a, b, _ in (*DESIGN, *EXTRAS)}
    assert edges_of(build_graph()) == listed
    assert len(listed) == len(DESIGN) + len(EXTRAS), "a transition is listed twice"


def test_the_printed_diagram_is_the_compiled_graph() -> None:
    graph = build_graph()
    assert parsed(mermaid(graph)) == edges_of(graph)


def test_the_page_shows_the_diagram_and_each_extra_as_the_graph_has_them() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shown = re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)
    assert shown
    assert shown[1].strip() == mermaid(build_graph())
    table = set(re.findall(r"^\| (\w+) \| (\w+) \| (.+?) \|$", text, re.MULTILINE))
    assert {(a.strip("_"), b.strip("_"), when) for a, b, when in EXTRAS} <= table


def test_there_are_four_pauses_and_each_can_be_left_by_start_over_and_cancel() -> None:
    assert PAUSES == (
        "specification_review",
        "presenting_options",
        "configuration_finalized",
        "basic_monitoring",
    )
    for pause in PAUSES:
        assert {(pause, "context_collection"), (pause, "__end__")} <= edges_of(build_graph())


def test_only_the_approval_pause_leads_to_execution() -> None:
    assert {a for a, b in edges_of(build_graph()) if b == "deployment_execution"} == {
        "configuration_finalized"
    }
