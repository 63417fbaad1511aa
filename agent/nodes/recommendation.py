"""Filtering models, sizing them, showing the options, and exploring what-ifs."""

from __future__ import annotations

from typing import Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.checkpoints import pause
from agent.moves import Explore, SelectOption, UndoExplore
from agent.nodes.common import anywhere, refuse
from agent.nodes.specification import change_problem, difference, move_change
from agent.services import Services
from agent.state import ConversationState, Explored
from agent.transcript import call_tool, say
from agent.understand import move_of
from knowledge.catalogue import TrafficProfile
from knowledge.errors import CompassError
from tools.constraints import suitable_models, wanted_gpu_types
from tools.plan_capacity import PlanRequest, plan_capacity
from tools.query_benchmarks import BenchmarkQuery, query_benchmarks
from tools.ranking import pick
from tools.recommendation import Plan, Recommendation
from tools.specification import Specification, change_specification
from tools.traffic import map_to_benchmark_profile


def model_recommendation(state: ConversationState, runtime: Runtime[Services]) -> Command[Literal["capacity_planning"]]:
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
    found = call_tool("query_benchmarks", query, lambda: query_benchmarks(query, runtime.context.database), record)
    holding = found.models_within_slo()
    say(f"{len(holding)} of {len(suitable)} suitable models hold your targets on some GPU.", record)
    return Command(goto="capacity_planning", update={"messages": record})


def capacity_planning(state: ConversationState, runtime: Runtime[Services]) -> Command[Literal["presenting_options"]]:
    """GPU configurations with replicas and cost, ranked."""
    record: list[AnyMessage] = []
    specification, profile = _planned(state)
    request = PlanRequest(specification=specification, benchmark_profile=profile)
    plan = call_tool("plan_capacity", request, lambda: plan_capacity(request, runtime.context.database), record)
    before = state.get("explored") or []
    say(_summary(plan, before[-1] if before and state.get("what_if") else None), record)
    return Command(goto="presenting_options", update={"plan": plan, "messages": record})


def presenting_options(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[Literal["presenting_options", "interactive_exploration", "configuration_finalized", "context_collection", "__end__"]]:
    """Pause: the person chooses, tries a what-if, or asks."""
    reply = pause("presenting_options", state, runtime.context)
    record: list[AnyMessage] = []
    move = move_of(reply, "presenting_options", state, runtime.context, record)
    if isinstance(move, SelectOption):
        chosen = _selected(move, state)
        if isinstance(chosen, Recommendation):
            return Command(goto="configuration_finalized", update={"selected": chosen, "bundle": None, "messages": record})
        refuse(chosen, "presenting_options", record)
        return Command(goto="presenting_options", update={"messages": record})
    if isinstance(move, UndoExplore):
        if state.get("explored"):
            return Command(goto="interactive_exploration", update={"change": None, "messages": record})
        refuse("There is no what-if to undo.", "presenting_options", record)
        return Command(goto="presenting_options", update={"messages": record})
    if isinstance(move, Explore):
        problem = change_problem(state, move)
        if problem is None:
            return Command(goto="interactive_exploration", update={"change": move_change(move), "messages": record})
        refuse(problem, "presenting_options", record)
        return Command(goto="presenting_options", update={"messages": record})
    where, update = anywhere(move, "presenting_options", state, runtime.context, record) or ("stay", {"messages": record})
    return Command(goto="presenting_options" if where == "stay" else where, update=update)


def interactive_exploration(state: ConversationState) -> Command[Literal["capacity_planning", "presenting_options"]]:
    """A what-if: other parameters to plan with, or the plan before the last one brought back."""
    record: list[AnyMessage] = []
    explored = list(state.get("explored") or [])
    old, plan, change = state["specification"], state["plan"], state["change"]
    if old is None or plan is None:
        raise CompassError("There is no plan to explore from.")
    if change is None:
        last = explored.pop()
        say(f"Undone: {state.get('what_if') or 'the last what-if'}.", record)
        back = last.specification
        update = {
            "specification": back,
            "intent": back.intent,
            "overrides": back.overrides,
            "benchmark_profile": map_to_benchmark_profile(back.traffic_profile),
            "plan": last.plan,
            "explored": explored,
            "what_if": last.question or None,
        }
        return Command(goto="presenting_options", update=update | {"messages": record})
    new = change_specification(old, change)
    question = difference(old, new)
    if not question:
        say("That is how it is planned already.", record)
        return Command(goto="presenting_options", update={"change": None, "messages": record})
    say(f"What if: {question}.", record)
    explored.append(Explored(question=state.get("what_if") or "", specification=old, plan=plan))
    update = {
        "specification": new,
        "intent": new.intent,
        "overrides": new.overrides,
        "benchmark_profile": map_to_benchmark_profile(new.traffic_profile),
        "change": None,
        "explored": explored,
        "what_if": question,
    }
    return Command(goto="capacity_planning", update=update | {"messages": record})


def _planned(state: ConversationState) -> tuple[Specification, TrafficProfile]:
    specification, profile = state.get("specification"), state.get("benchmark_profile")
    if specification is None or profile is None:
        raise CompassError("There is no specification to plan for.")
    return specification, profile


def _selected(move: SelectOption, state: ConversationState) -> Recommendation | str:
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
            if (not move.gpu_types or o.gpu_type in move.gpu_types) and (not move.model_ids or o.model_id in move.model_ids)
        ]
        wanted = " ".join([*move.gpu_types[:1], *move.model_ids[:1]])
        return (
            min(named, key=lambda o: o.rank) if named else f"None of the options has {wanted}. “What if we used {wanted}?” plans with it."
        )
    return pick(options, move.criterion or "recommended")


def _summary(plan: Plan, before: Explored | None) -> str:
    """What was found, and against what it is a what-if."""
    if not plan.recommendations:
        reasons = ", ".join(f"{count} by {why}" for why, count in plan.excluded.items())
        why = f" {plan.considered} configurations were considered; excluded: {reasons}." if reasons else " No benchmark covers it."
        nearest = plan.near_misses[0] if plan.near_misses else None
        give = f" The nearest: {nearest.relaxation} admits {nearest.model_id} on {nearest.gpu_type}." if nearest else ""
        return f"Nothing holds the targets within your constraints.{why}{give}"
    best = plan.recommendations[0]
    text = f"{plan.holding_slo} of {plan.considered} configurations hold all targets."
    if before and before.plan.recommendations:
        old_cost, new_cost = (pick(p.recommendations, "cheapest").cost_usd_per_month for p in (before.plan, plan))
        same = f"still costs ${new_cost:,.0f} a month"
        text += f" The cheapest {same if new_cost == old_cost else f'then costs ${new_cost:,.0f} a month instead of ${old_cost:,.0f}'}."
    return f"{text} First: {best.model_id} on {best.replicas} × {best.gpu_count} {best.gpu_type}, ${best.cost_usd_per_month:,.0f} a month."
