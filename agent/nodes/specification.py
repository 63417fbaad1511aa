"""Writing the specification, showing it, changing it, and mapping its traffic to a benchmark profile."""

from __future__ import annotations

from typing import Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.checkpoints import pause
from agent.moves import Confirm, EditSpecification
from agent.nodes.common import anywhere, refuse
from agent.services import Services
from agent.state import ConversationState
from agent.transcript import call_tool, say
from agent.understand import move_of
from knowledge.errors import CompassError
from tools.lookup_slo_template import SloTemplateQuery, lookup_slo_template
from tools.specification import Overrides, Specification, SpecificationChange, build_specification, change_specification, rate
from tools.traffic import map_to_benchmark_profile


def specification_generation(state: ConversationState) -> Command[Literal["specification_review"]]:
    """From the intent and its use case's template to a whole specification."""
    record: list[AnyMessage] = []
    intent = state["intent"]
    query = SloTemplateQuery(use_case=intent.use_case or "")
    template = call_tool("lookup_slo_template", query, lambda: lookup_slo_template(query), record)
    specification = build_specification(intent, state.get("overrides") or Overrides())
    say(f"{template.title}: here is what I understood, with {template.experience_class} targets. {template.rationale}", record)
    return Command(goto="specification_review", update={"specification": specification, "messages": record})


def specification_review(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[Literal["specification_review", "specification_editing", "traffic_profile_mapping", "context_collection", "__end__"]]:
    """Pause: the person confirms the specification, changes it, or asks about it."""
    reply = pause("specification_review", state, runtime.context)
    record: list[AnyMessage] = []
    move = move_of(reply, "specification_review", state, runtime.context, record)
    if isinstance(move, Confirm):
        return Command(goto="traffic_profile_mapping", update={"messages": record})
    if isinstance(move, EditSpecification):
        problem = change_problem(state, move)
        if problem is None:
            return Command(goto="specification_editing", update={"change": move_change(move), "messages": record})
        refuse(problem, "specification_review", record)
        return Command(goto="specification_review", update={"messages": record})
    where, update = anywhere(move, "specification_review", state, runtime.context, record) or ("stay", {"messages": record})
    return Command(goto="specification_review" if where == "stay" else where, update=update)


def specification_editing(state: ConversationState) -> Command[Literal["traffic_profile_mapping"]]:
    """Make the change, which was checked before, and say what it did."""
    record: list[AnyMessage] = []
    old = state["specification"]
    change = state["change"]
    if old is None or change is None:
        raise CompassError("There is nothing to edit.")
    new = change_specification(old, change)
    say(f"Changed: {difference(old, new) or 'nothing, it was so already'}.", record)
    update = {"specification": new, "intent": new.intent, "overrides": new.overrides, "change": None, "messages": record}
    return Command(goto="traffic_profile_mapping", update=update)


def traffic_profile_mapping(state: ConversationState) -> Command[Literal["model_recommendation"]]:
    """The benchmark profile that is no easier than the traffic specified."""
    record: list[AnyMessage] = []
    specification = state["specification"]
    if specification is None:
        raise CompassError("There is no specification to plan for.")
    wanted = specification.traffic_profile
    profile = map_to_benchmark_profile(wanted)
    if profile != wanted:
        say(f"Benchmarks exist for four shapes of request; {wanted} is planned as {profile}, which is no easier.", record)
    update = {"benchmark_profile": profile, "explored": [], "what_if": None, "messages": record}
    return Command(goto="model_recommendation", update=update)


def change_problem(state: ConversationState, change: SpecificationChange) -> str | None:
    """Why a change can't be made, or None: nothing is ever half applied."""
    old = state.get("specification")
    if old is None:
        return "There is no specification to change."
    if change.empty:
        return "I didn't find a value to change."
    try:
        map_to_benchmark_profile(change_specification(old, change).traffic_profile)
    except (CompassError, ValueError) as error:
        return str(error)
    return None


def move_change(move: SpecificationChange) -> SpecificationChange:
    """The values of an edit or a what-if, without which of the two it was."""
    return SpecificationChange.model_validate(move.model_dump())


def difference(old: Specification, new: Specification) -> str:
    """What changed, in words."""
    changes = []
    for name, before, after in zip(_SHOWN, _shown(old), _shown(new), strict=True):
        if before != after:
            changes.append(f"{name} {before} → {after}")
    return ", ".join(changes)


_SHOWN = (
    "use case",
    "users",
    "peak",
    "traffic",
    "TTFT p95",
    "ITL p95",
    "E2E p95",
    "GPUs",
    "excluded GPUs",
    "models",
    "budget",
    "priorities",
)


def _shown(s: Specification) -> list[str]:
    i = s.intent
    return [
        str(i.use_case),
        f"{i.user_count:,}" if i.user_count is not None else "not given",
        f"{rate(s.demand.peak_requests_per_second)} requests/s",
        str(s.traffic_profile),
        f"{s.slo_targets.ttft_p95_ms:,g} ms",
        f"{s.slo_targets.itl_p95_ms:,g} ms",
        f"{s.slo_targets.e2e_p95_ms:,g} ms",
        ", ".join(i.preferred_gpu_types) or "any",
        ", ".join(i.excluded_gpu_types) or "none",
        ", ".join(i.preferred_models) or "any",
        f"${i.budget_usd_per_month:,.0f} a month" if i.budget_usd_per_month else "none",
        f"cost {i.priorities.cost}, latency {i.priorities.latency}, accuracy {i.priorities.accuracy}",
    ]
