"""Writing the specification, showing it, changing it, and mapping its traffic to a benchmark profile."""

from __future__ import annotations

from typing import Literal

from langgraph.types import Command

from agent.checkpoints import pause
from agent.inventory import with_stock
from agent.moves import Confirm, EditSpecification
from agent.nodes.common import ANYWHERE, Handlers, take
from agent.state import ConversationState
from agent.turn import CantBeDone, Turn, need
from agent.words.checks import in_sentences
from agent.words.understand import move_of
from knowledge.catalogue import TrafficProfile
from knowledge.errors import CompassError
from tools.lookup_slo_template import SloTemplateQuery, lookup_slo_template
from tools.specification import (
    NothingToStartFrom,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_specification,
    difference,
    noted,
    unchanged,
)
from tools.traffic import map_to_benchmark_profile

Reviewed = Command[
    Literal[
        "specification_review",
        "specification_editing",
        "traffic_profile_mapping",
        "configuration_finalized",
        "context_collection",
        "__end__",
    ]
]


def specification_generation(turn: Turn) -> Command[Literal["specification_review"]]:
    """From the intent and its use case's template to a whole specification."""
    intent = turn.state["intent"]
    query = SloTemplateQuery(use_case=intent.use_case or "")
    template = turn.call("lookup_slo_template", lookup_slo_template, query)
    specification = build_specification(intent, turn.state.get("overrides") or Overrides())
    turn.say(
        f"{template.title}: here is what I understood, with {template.experience_class} targets."
        f" {template.rationale}"
    )
    return turn.goto("specification_review", specification=specification)


def specification_review(turn: Turn) -> Reviewed:
    """Pause: the person confirms the specification, changes it, or asks about it."""
    return take(turn, move_of(pause(turn), turn), REVIEW)


def _confirm(turn: Turn, move: Confirm) -> Reviewed:
    return turn.goto("traffic_profile_mapping")


def _edit(turn: Turn, move: EditSpecification) -> Reviewed:
    return turn.goto("specification_editing", change=checked_change(turn, move))


REVIEW: Handlers = ANYWHERE | {Confirm: _confirm, EditSpecification: _edit}


def specification_editing(turn: Turn) -> Command[Literal["traffic_profile_mapping"]]:
    """Make the change, which was checked before, and say what it did."""
    old = turn.specification
    change = need(turn.state["change"], "There is nothing to edit.")
    new = change_specification(old, change)
    changed = difference(old, new)
    turn.say(f"Changed: {changed}.{noted(old, new)}" if changed else unchanged(old, new, change))
    return turn.goto(
        "traffic_profile_mapping",
        specification=new,
        intent=new.intent,
        overrides=new.overrides,
        change=None,
    )


def traffic_profile_mapping(turn: Turn) -> Command[Literal["model_recommendation"]]:
    """The benchmark profile that is nearest to the traffic specified."""
    profile = map_to_benchmark_profile(turn.specification.traffic_profile)
    say_mapping(turn, turn.specification, profile)
    return turn.goto(
        "model_recommendation", benchmark_profile=profile, explored=[], undo_ends=False, what_if=None
    )


def say_mapping(turn: Turn, specification: Specification, profile: TrafficProfile) -> None:
    """That the traffic is none of those that measurements exist for."""
    if profile != specification.traffic_profile:
        turn.say(
            f"Planned for {specification.traffic_profile}, by simulation: benchmarks exist only for other"
            f" traffic, the nearest {profile}."
        )


def checked_change(turn: Turn, move: SpecificationChange) -> SpecificationChange:
    """The values of an edit or a what-if. Raises CantBeDone where they can't be: nothing is ever half
    applied.
    """
    old = turn.state.get("specification")
    if old is None:
        raise CantBeDone("There is no specification to change.")
    if move.empty:
        raise CantBeDone("I didn't find a value to change.")
    stocked = with_stock(move, turn.services)
    change = _within_budget(SpecificationChange.model_validate(stocked.model_dump()), turn.state)
    try:
        change_specification(old, change)
    except NothingToStartFrom as error:
        raise CantBeDone(_suggested(error, turn.state)) from error
    except (CompassError, ValueError) as error:
        raise CantBeDone(in_sentences(error)) from error
    return change


def _suggested(error: NothingToStartFrom, state: ConversationState) -> str:
    """Without a budget, what the first option costs is what one would start from; it is
    asked, and not taken for meant.
    """
    plan = state.get("plan")
    first = state.get("selected") or next(iter(plan.recommendations if plan else []), None)
    if (
        first is None
        or error.figure != "budget_usd_per_month"
        or error.added is None
        or first.cost_usd_per_month + error.added <= 0
    ):
        return str(error)
    cost, wanted = first.cost_usd_per_month, first.cost_usd_per_month + error.added
    return (
        f"No budget is set. {first.model_id} costs ${cost:,.0f} a month. Do you mean a budget of"
        f" ${wanted:,.0f} a month?"
    )


def _within_budget(change: SpecificationChange, state: ConversationState) -> SpecificationChange:
    """“30 % cheaper” as a budget: than the option chosen, else than the first. Left
    as it is where there is none.
    """
    plan, selected = state.get("plan"), state.get("selected")
    first = selected or next(iter(plan.recommendations if plan else []), None)
    if change.cost_factor is None or first is None:
        return change
    if not first.cost_usd_per_month:
        raise CantBeDone(
            "Your own hardware has no price, so that nothing could be cheaper. Say what it costs, for"
            " instance “2 servers with 8 H100 each at $1.90 per GPU-hour”, or what should give."
        )
    budget = round(change.cost_factor * first.cost_usd_per_month, 2)
    return change.model_copy(update={"budget_usd_per_month": budget, "cost_factor": None})
