"""Filtering models, sizing them, showing the options, and exploring what-ifs."""

from __future__ import annotations

from typing import Any, Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.checkpoints import pause
from agent.moves import Explore, KeepPlan, RestorePlan, SelectOption, ShowView, UndoExplore
from agent.nodes.common import anywhere, refuse
from agent.nodes.specification import checked_change, difference, say_mapping, unchanged
from agent.services import Services
from agent.state import MAX_EXPLORED, ConversationState, Explored, Kept
from agent.transcript import call_tool, say
from agent.words.understand import move_of
from knowledge.catalogue import TrafficProfile
from knowledge.errors import CompassError
from tools.plan_capacity import PlanRequest, plan_capacity
from tools.planning.constraints import suitable_models, wanted_gpu_types
from tools.planning.exclusions import exclusions_in_words
from tools.planning.plan import Plan, Recommendation, View
from tools.planning.ranking import pick
from tools.query_benchmarks import BenchmarkQuery, query_benchmarks
from tools.specification import Specification, SpecificationChange, change_specification
from tools.traffic import map_to_benchmark_profile
from tools.wording import setup

MAX_KEPT = 20
VIEW_NAMES: dict[View, str] = {
    "balanced": "what matters to you",
    "lowest_cost": "cost",
    "lowest_latency": "latency",
    "best_quality": "quality",
    "simplest": "the fewest GPUs",
}


def model_recommendation(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[Literal["capacity_planning"]]:
    """The models that fit the use case, and how many of them hold the targets on some GPU."""
    record: list[AnyMessage] = []
    specification, profile = _planned(state)
    suitable = suitable_models(specification.intent)
    query = BenchmarkQuery(
        model_ids=suitable,
        gpu_types=wanted_gpu_types(specification.intent),
        traffic_profile=profile,
        slo_targets=specification.slo_targets,
    )
    found = call_tool(
        "query_benchmarks", query, lambda: query_benchmarks(query, runtime.context.database), record
    )
    say(
        f"{found.models_within_slo} of {len(suitable)} suitable models hold your targets on some GPU.", record
    )
    return Command(goto="capacity_planning", update={"messages": record})


def capacity_planning(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[Literal["presenting_options"]]:
    """GPU configurations with replicas and cost, ranked."""
    record: list[AnyMessage] = []
    specification, profile = _planned(state)
    request = PlanRequest(
        specification=specification, benchmark_profile=profile, view=state.get("view") or "balanced"
    )
    plan = call_tool(
        "plan_capacity", request, lambda: plan_capacity(request, runtime.context.database), record
    )
    before = state.get("explored") or []
    say(_summary(plan, before[-1] if before and state.get("what_if") else None), record)
    return Command(goto="presenting_options", update={"plan": plan, "messages": record})


def presenting_options(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[
    Literal[
        "presenting_options",
        "interactive_exploration",
        "configuration_finalized",
        "context_collection",
        "__end__",
    ]
]:
    """Pause: the person chooses, tries a what-if, or asks."""
    reply = pause("presenting_options", state, runtime.context)
    record: list[AnyMessage] = []
    move = move_of(reply, "presenting_options", state, runtime.context, record)
    if isinstance(move, SelectOption):
        chosen = selected_option(move, state)
        if isinstance(chosen, Recommendation):
            return Command(
                goto="configuration_finalized",
                update={"selected": chosen, "bundle": None, "messages": record},
            )
        refuse(chosen, "presenting_options", record, state)
        return Command(goto="presenting_options", update={"messages": record})
    if isinstance(move, UndoExplore):
        if state.get("explored"):
            return Command(goto="interactive_exploration", update={"change": None, "messages": record})
        undone = (
            f"All that is kept is undone: what was tried before the last {MAX_EXPLORED} what-ifs is gone."
        )
        refuse(
            undone if state.get("undo_ends") else "There is no what-if to undo.",
            "presenting_options",
            record,
            state,
        )
        return Command(goto="presenting_options", update={"messages": record})
    if isinstance(move, Explore):
        change = checked_change(state, move, runtime.context)
        if isinstance(change, SpecificationChange):
            return Command(goto="interactive_exploration", update={"change": change, "messages": record})
        refuse(change, "presenting_options", record, state)
        return Command(goto="presenting_options", update={"messages": record})
    if isinstance(move, ShowView):
        return Command(
            goto="interactive_exploration",
            update={"change": SpecificationChange(), "view": move.view, "messages": record},
        )
    if isinstance(move, KeepPlan):
        return Command(
            goto="presenting_options", update=_keep(move.name, state, record) | {"messages": record}
        )
    if isinstance(move, RestorePlan):
        return Command(
            goto="presenting_options", update=_restore(move.name, state, record) | {"messages": record}
        )
    where, update = anywhere(move, "presenting_options", state, runtime.context, record) or (
        "stay",
        {"messages": record},
    )
    return Command(goto="presenting_options" if where == "stay" else where, update=update)


def interactive_exploration(
    state: ConversationState,
) -> Command[Literal["capacity_planning", "presenting_options"]]:
    """A what-if: other parameters to plan with, or the plan before the last one brought back."""
    record: list[AnyMessage] = []
    explored = list(state.get("explored") or [])
    old, plan, change = state["specification"], state["plan"], state["change"]
    if old is None or plan is None:
        raise CompassError("There is no plan to explore from.")
    if change is None:
        last = explored.pop()
        ends = (
            f" Further back than {MAX_EXPLORED} what-ifs nothing is kept."
            if state.get("undo_ends") and not explored
            else ""
        )
        say(f"Undone: {state.get('what_if') or 'the last what-if'}.{ends}", record)
        update = (
            _planned_with(last.specification)
            | _shown(last.plan)
            | {
                "explored": explored,
                "what_if": last.question or None,
            }
        )
        return Command(goto="presenting_options", update=update | {"messages": record})
    if change.empty:
        say(f"By {VIEW_NAMES[state['view']]}:", record)
        return Command(goto="capacity_planning", update={"change": None, "messages": record})
    new = change_specification(old, change)
    question = difference(old, new)
    if not question:
        say(unchanged(old, new, change), record)
        return Command(goto="presenting_options", update={"change": None, "messages": record})
    say(f"What if: {question}.", record)
    update = _planned_with(new) | _undoable(state, old, plan) | {"change": None, "what_if": question}
    if state.get("benchmark_profile") != update["benchmark_profile"]:
        say_mapping(new, update["benchmark_profile"], record)
    return Command(goto="capacity_planning", update=update | {"messages": record})


def _planned_with(specification: Specification) -> dict[str, Any]:
    """The state's fields that go with a specification."""
    return {
        "specification": specification,
        "intent": specification.intent,
        "overrides": specification.overrides,
        "benchmark_profile": map_to_benchmark_profile(specification.traffic_profile),
    }


def _undoable(state: ConversationState, specification: Specification, plan: Plan) -> dict[str, Any]:
    """The state's fields by which what is shown now can be brought back."""
    shown = Explored(question=state.get("what_if") or "", specification=specification, plan=plan)
    explored = [*(state.get("explored") or []), shown]
    ends = bool(state.get("undo_ends")) or len(explored) > MAX_EXPLORED
    return {"explored": explored[-MAX_EXPLORED:], "undo_ends": ends}


def _shown(plan: Plan) -> dict[str, Any]:
    return {"plan": plan, "view": plan.view}


def _keep(name: str, state: ConversationState, record: list[AnyMessage]) -> dict[str, Any]:
    specification, plan = state.get("specification"), state.get("plan")
    if specification is None or plan is None:
        raise CompassError("There is no plan to keep.")
    others = [k for k in state.get("kept") or [] if k.name.lower() != name.lower()]
    if len(others) >= MAX_KEPT:
        refuse(
            f"{MAX_KEPT} plans are kept already; keep this one under one of their names to replace it.",
            "presenting_options",
            record,
        )
        return {}
    say(
        f"Kept as “{name}”. “Back to {name}” brings it back, “compare the kept plans” shows them side by"
        " side.",
        record,
    )
    return {"kept": [*others, Kept(name=name, specification=specification, plan=plan)]}


def _restore(name: str, state: ConversationState, record: list[AnyMessage]) -> dict[str, Any]:
    kept = state.get("kept") or []
    found = next((k for k in kept if k.name.lower() == name.lower()), None)
    specification, plan = state.get("specification"), state.get("plan")
    if found is None or specification is None or plan is None:
        names = ", ".join(f"“{k.name}”" for k in kept)
        refuse(
            f"No plan is kept as “{name}”; {f'kept are {names}' if names else 'none is kept yet'}.",
            "presenting_options",
            record,
        )
        return {}
    say(f"Back to “{found.name}”.", record)
    change = _shown(found.plan) | {"what_if": f"the plan kept as “{found.name}”"}
    return _planned_with(found.specification) | _undoable(state, specification, plan) | change


def _planned(state: ConversationState) -> tuple[Specification, TrafficProfile]:
    specification, profile = state.get("specification"), state.get("benchmark_profile")
    if specification is None or profile is None:
        raise CompassError("There is no specification to plan for.")
    return specification, profile


def selected_option(move: SelectOption, state: ConversationState) -> Recommendation | str:
    """The option meant, or why none is."""
    plan = state.get("plan")
    options = plan.recommendations if plan else []
    if not options:
        return "There is no option to choose: none holds the targets."
    if move.rank is not None:
        rank = len(options) if move.rank == -1 else move.rank
        found = next((o for o in options if o.rank == rank), None)
        return found or f"There is no option {rank}; the options are 1 to {len(options)}."
    if move.gpu_types or move.model_ids:
        named = [
            o
            for o in options
            if (not move.gpu_types or o.gpu_type in move.gpu_types)
            and (not move.model_ids or o.model_id in move.model_ids)
        ]
        wanted = " ".join([*move.gpu_types[:1], *move.model_ids[:1]])
        return (
            min(named, key=lambda o: o.rank)
            if named
            else f"None of the options has {wanted}. “What if we used {wanted}?” plans with it."
        )
    return pick(options, move.criterion or "recommended")


def _summary(plan: Plan, before: Explored | None) -> str:
    """What was found, and against what it is a what-if."""
    if not plan.recommendations:
        reasons = exclusions_in_words(plan.excluded)
        why = (
            f" Of {plan.considered:,} configurations, excluded were {reasons}."
            if reasons
            else " No benchmark covers it."
        )
        nearest = plan.near_misses[0] if plan.near_misses else None
        give = (
            f" The nearest: {nearest.relaxation} admits {nearest.model_id} on {nearest.gpu_type}."
            if nearest
            else ""
        )
        return f"Nothing holds the targets within your constraints.{why}{give}"
    best = plan.recommendations[0]
    text = f"{plan.holding_slo:,} of {plan.considered:,} configurations hold all targets."
    if before and before.plan.recommendations:
        old_cost, new_cost = (
            pick(p.recommendations, "cheapest").cost_usd_per_month for p in (before.plan, plan)
        )
        same = f"still costs ${new_cost:,.0f} a month"
        then = f"then costs ${new_cost:,.0f} a month instead of ${old_cost:,.0f}"
        text += f" The cheapest {same if new_cost == old_cost else then}."
    return f"{text} First: {best.model_id} on {setup(best)}, ${best.cost_usd_per_month:,.0f} a month."
