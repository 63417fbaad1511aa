"""Filtering models, sizing them, showing the options, and exploring what-ifs."""

from __future__ import annotations

from typing import Literal

from langgraph.types import Command

from agent.checkpoints import pause
from agent.moves import Explore, KeepPlan, RestorePlan, SelectOption, ShowView, UndoExplore
from agent.nodes.common import ANYWHERE, Handlers, take
from agent.nodes.specification import checked_change, say_mapping
from agent.state import MAX_EXPLORED, ConversationState, Explored, Kept
from agent.turn import CantBeDone, Turn
from agent.words.understand import move_of
from tools.plan_capacity import PlanRequest, plan_capacity
from tools.planning.constraints import suitable_models, wanted_gpu_types
from tools.planning.defaults_in_words import relaxed_in_words
from tools.planning.exclusions import exclusions_in_words
from tools.planning.least_quality import lesser, shortfall
from tools.planning.plan import Plan, Recommendation, holding_in_words, ranked_by
from tools.planning.ranking import pick
from tools.planning.several_servers import several_servers_in_words
from tools.query_benchmarks import BenchmarkQuery, query_benchmarks
from tools.specification import (
    Specification,
    SpecificationChange,
    change_specification,
    difference,
    noted,
    unchanged,
)
from tools.traffic import map_to_benchmark_profile
from tools.wording import a_month, dollars, setup

MAX_KEPT = 20


Chosen = Command[
    Literal[
        "presenting_options",
        "interactive_exploration",
        "configuration_finalized",
        "context_collection",
        "__end__",
    ]
]
Replanned = Command[Literal["capacity_planning", "presenting_options"]]


def model_recommendation(turn: Turn) -> Command[Literal["capacity_planning"]]:
    """The models that fit the use case, and how many of them hold the targets on some GPU."""
    specification = turn.specification
    suitable = suitable_models(specification.intent)
    query = BenchmarkQuery(
        model_ids=suitable,
        gpu_types=wanted_gpu_types(specification.intent),
        traffic_profile=turn.profile,
        slo_targets=specification.slo_targets,
    )
    found = turn.call("query_benchmarks", query_benchmarks, query, turn.services.database)
    turn.say(f"{found.models_within_slo} of {len(suitable)} suitable models hold your targets on some GPU.")
    return turn.goto("capacity_planning")


def capacity_planning(turn: Turn) -> Command[Literal["presenting_options"]]:
    """GPU configurations with replicas and cost, ranked."""
    request = PlanRequest(
        specification=turn.specification,
        benchmark_profile=turn.profile,
        view=turn.state.get("view") or "balanced",
    )
    plan = turn.call("plan_capacity", plan_capacity, request, turn.services.database)
    before = turn.state.get("explored") or []
    if plan.made_for is not None:
        turn.say(relaxed_in_words(plan))
        turn.changes |= {"specification": plan.made_for, "overrides": plan.made_for.overrides}
    turn.say(_summary(plan, before[-1] if before and turn.state.get("what_if") else None))
    return turn.goto("presenting_options", plan=plan)


def presenting_options(turn: Turn) -> Chosen:
    """Pause: the person chooses, tries a what-if, or asks."""
    return take(turn, move_of(pause(turn), turn), OPTIONS)


def _select(turn: Turn, move: SelectOption) -> Chosen:
    chosen = selected_option(turn, move)
    if caveat := lesser(chosen, turn.options):
        turn.say(caveat)
    return turn.goto("configuration_finalized", selected=chosen, bundle=None)


def _undo(turn: Turn, move: UndoExplore) -> Chosen:
    if turn.state.get("explored"):
        return turn.goto("interactive_exploration", change=None)
    undone = f"All that is kept is undone: what was tried before the last {MAX_EXPLORED} what-ifs is gone."
    raise CantBeDone(undone if turn.state.get("undo_ends") else "There is no what-if to undo.")


def _explore(turn: Turn, move: Explore) -> Chosen:
    return turn.goto("interactive_exploration", change=checked_change(turn, move))


def _show_view(turn: Turn, move: ShowView) -> Chosen:
    return turn.goto("interactive_exploration", change=SpecificationChange(), view=move.view)


def _keep(turn: Turn, move: KeepPlan) -> Chosen:
    name, kept = move.name, turn.state.get("kept") or []
    shown = Kept(name=name, specification=turn.specification, plan=turn.plan)
    others = [k for k in kept if k.name.lower() != name.lower()]
    if len(others) >= MAX_KEPT:
        raise CantBeDone(
            f"{MAX_KEPT} plans are kept already; keep this one under one of their names to replace it."
        )
    turn.say(
        f"Kept as “{name}”. “Back to {name}” brings it back, “compare the kept plans” shows them side by"
        " side."
    )
    return turn.stay(kept=[*others, shown])


def _restore(turn: Turn, move: RestorePlan) -> Chosen:
    kept = turn.state.get("kept") or []
    found = next((k for k in kept if k.name.lower() == move.name.lower()), None)
    if found is None:
        names = ", ".join(f"“{k.name}”" for k in kept)
        raise CantBeDone(
            f"No plan is kept as “{move.name}”; {f'kept are {names}' if names else 'none is kept yet'}."
        )
    turn.say(f"Back to “{found.name}”.")
    turn.changes |= _planned_with(found.specification) | _undoable(turn) | _shown(found.plan)
    return turn.stay(what_if=f"the plan kept as “{found.name}”")


OPTIONS: Handlers = ANYWHERE | {
    SelectOption: _select,
    UndoExplore: _undo,
    Explore: _explore,
    ShowView: _show_view,
    KeepPlan: _keep,
    RestorePlan: _restore,
}


def interactive_exploration(turn: Turn) -> Replanned:
    """A what-if: other parameters to plan with, or the plan before the last one brought back."""
    old, change = turn.specification, turn.state["change"]
    if change is None:
        return _undone(turn)
    turn.changes["change"] = None
    if change.empty:
        turn.say(f"{ranked_by(turn.state['view'])}:")
        return turn.goto("capacity_planning")
    new = change_specification(old, change)
    question = difference(old, new)
    if not question:
        turn.say(unchanged(old, new, change))
        return turn.goto("presenting_options")
    turn.say(f"What if: {question}.{noted(old, new)}")
    turn.changes |= _planned_with(new) | _undoable(turn)
    profile = map_to_benchmark_profile(new.traffic_profile)
    if turn.state.get("benchmark_profile") != profile:
        say_mapping(turn, new, profile)
    return turn.goto("capacity_planning", what_if=question)


def _undone(turn: Turn) -> Replanned:
    *explored, last = turn.state.get("explored") or []
    ends = (
        f" Further back than {MAX_EXPLORED} what-ifs nothing is kept."
        if turn.state.get("undo_ends") and not explored
        else ""
    )
    turn.say(f"Undone: {turn.state.get('what_if') or 'the last what-if'}.{ends}")
    turn.changes |= _planned_with(last.specification) | _shown(last.plan)
    return turn.goto("presenting_options", explored=explored, what_if=last.question or None)


def _planned_with(specification: Specification) -> ConversationState:
    """The state's fields that go with a specification."""
    return {
        "specification": specification,
        "intent": specification.intent,
        "overrides": specification.overrides,
        "benchmark_profile": map_to_benchmark_profile(specification.traffic_profile),
    }


def _undoable(turn: Turn) -> ConversationState:
    """The state's fields by which what is shown now can be brought back."""
    shown = Explored(
        question=turn.state.get("what_if") or "", specification=turn.specification, plan=turn.plan
    )
    explored = [*(turn.state.get("explored") or []), shown]
    ends = bool(turn.state.get("undo_ends")) or len(explored) > MAX_EXPLORED
    return {"explored": explored[-MAX_EXPLORED:], "undo_ends": ends}


def _shown(plan: Plan) -> ConversationState:
    return {"plan": plan, "view": plan.view}


def selected_option(turn: Turn, move: SelectOption) -> Recommendation:
    """The option meant. Raises CantBeDone where there is none."""
    options = turn.options
    if not options:
        raise CantBeDone("There is no option to choose: none holds the targets.")
    if move.rank is not None:
        rank = len(options) if move.rank == -1 else move.rank
        named = [o for o in options if o.rank == rank]
        none = f"There is no option {rank}; the options are 1 to {len(options)}."
    elif move.gpu_types or move.model_ids:
        named = [
            o
            for o in options
            if (not move.gpu_types or o.gpu_type in move.gpu_types)
            and (not move.model_ids or o.model_id in move.model_ids)
        ]
        wanted = " ".join([*move.gpu_types[:1], *move.model_ids[:1]])
        none = f"None of the options has {wanted}. “What if we used {wanted}?” plans with it."
    else:
        return pick(options, move.criterion or "recommended")
    if not named:
        raise CantBeDone(none)
    return min(named, key=lambda o: o.rank)


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
            f" The nearest: {nearest.relaxation} admits {nearest.model_id} on {nearest.gpu_type}"
            f"{f' ({nearest.offered_as})' if nearest.offered_as else ''}."
            if nearest
            else ""
        )
        several = several_servers_in_words(plan.several_servers)
        return f"Nothing holds the targets within your constraints.{why} {several}".strip() + give
    best = plan.recommendations[0]
    text = f"{holding_in_words(plan)}."
    if before and before.plan.recommendations:
        old_cost, new_cost = (
            pick(p.recommendations, "cheapest").cost_usd_per_month for p in (before.plan, plan)
        )
        same = f"still costs {a_month(new_cost)}"
        then = f"then costs {a_month(new_cost)} instead of {dollars(old_cost) if old_cost else 'nothing'}"
        if new_cost:
            text += f" The cheapest {same if new_cost == old_cost else then}."
    ends = f"; {short}" if (short := shortfall(best)) else ""
    if plan.weaker_first == "none enough":
        ends += ", and no option is known to reach that"
    return f"{text} First: {best.model_id} on {setup(best)}, {a_month(best.cost_usd_per_month)}{ends}."
