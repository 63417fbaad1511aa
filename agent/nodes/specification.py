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
from knowledge.catalogue import TrafficProfile, models_in_words
from knowledge.errors import CompassError
from tools.lookup_slo_template import SloTemplateQuery, lookup_slo_template
from tools.specification import (
    Intent,
    NothingToStartFrom,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_specification,
)
from tools.traffic import map_to_benchmark_profile
from tools.wording import rate

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
    turn.say(f"Changed: {changed}." if changed else unchanged(old, new, change))
    return turn.goto(
        "traffic_profile_mapping",
        specification=new,
        intent=new.intent,
        overrides=new.overrides,
        change=None,
    )


def traffic_profile_mapping(turn: Turn) -> Command[Literal["model_recommendation"]]:
    """The benchmark profile that is no easier than the traffic specified."""
    profile = map_to_benchmark_profile(turn.specification.traffic_profile)
    say_mapping(turn, turn.specification, profile)
    return turn.goto(
        "model_recommendation", benchmark_profile=profile, explored=[], undo_ends=False, what_if=None
    )


def say_mapping(turn: Turn, specification: Specification, profile: TrafficProfile) -> None:
    """That other traffic is planned for than was asked."""
    if profile != specification.traffic_profile:
        turn.say(
            f"No benchmarks exist for {specification.traffic_profile}; it is planned as {profile}, which is"
            " easier in neither."
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
        map_to_benchmark_profile(change_specification(old, change).traffic_profile)
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
    budget = round(change.cost_factor * first.cost_usd_per_month, 2)
    return change.model_copy(update={"budget_usd_per_month": budget, "cost_factor": None})


def unchanged(old: Specification, new: Specification, change: SpecificationChange) -> str:
    """Of a change that shows no difference: what stands there already, or that it has no bearing here."""
    if new != old:
        return "Noted, but nothing in the plan depends on it now."
    plainest = build_specification(
        Intent(use_case=old.intent.use_case, user_count=(old.intent.user_count or 0) + 1), Overrides()
    )
    before, after = (
        _shown(plainest),
        _shown(change_specification(plainest, change.model_copy(update={"added": {}, "factors": {}}))),
    )
    stands = ", ".join(
        f"{name} {after[name]}" for name in after if before[name] != after[name] != "not given"
    )
    return f"Nothing changes: {stands or 'it'} is planned like that already."


def difference(old: Specification, new: Specification) -> str:
    """What changed, in words."""
    before, after = _shown(old), _shown(new)
    return ", ".join(
        f"{name} {before[name]} → {after[name]}" for name in after if before[name] != after[name]
    )


def _shown(s: Specification) -> dict[str, str]:
    """What people would want to hear of when it changes."""
    i, o = s.intent, s.overrides
    return {
        "use case": str(i.use_case),
        "users": f"{i.user_count:,}" if i.user_count is not None else "not given",
        "requests in flight": (
            f"{i.concurrent_requests:,g}" if i.concurrent_requests is not None else "not given"
        ),
        "requests a day": f"{i.requests_per_day:,g}" if i.requests_per_day is not None else "not given",
        "peak": f"{rate(s.demand.peak_requests_per_second)} requests/s",
        "burstiness": f"{s.demand.burstiness:g}",
        "quietest hour": f"{s.demand.trough_fraction:.0%} of the peak",
        "highest minute": f"{s.demand.minute_peak:g} times the mean",
        "traffic": str(s.traffic_profile),
        "TTFT p95": f"{s.slo_targets.ttft_p95_ms:,g} ms",
        "ITL p95": f"{s.slo_targets.itl_p95_ms:,g} ms",
        "E2E p95": f"{s.slo_targets.e2e_p95_ms:,g} ms",
        "headroom": f"{s.headroom:.0%}",
        "spare replicas": str(o.spare_replicas or 0),
        "GPUs": ", ".join(i.preferred_gpu_types) or "any",
        "excluded GPUs": ", ".join(i.excluded_gpu_types) or "none",
        "GPUs that there are": stock(i) or "any number",
        "models": models_in_words(i.preferred_models) or "any",
        "excluded models": models_in_words(i.excluded_models) or "none",
        "licences": ", ".join(i.licenses) or "any",
        "context": f"at least {i.min_context_tokens:,} tokens" if i.min_context_tokens else "any",
        "thinking": (
            s.thinking
            + (" as asked" if i.thinking else "")
            + (f", {s.thinking_tokens:,} tokens" if s.thinking_tokens else "")
        ),
        "quality": f"at least {i.min_quality:g} %" if i.min_quality else "any",
        "providers": ", ".join(i.providers) or "any",
        "excluded providers": ", ".join(i.excluded_providers) or "none",
        "regions": ", ".join(i.regions) or "any",
        "excluded regions": ", ".join(i.excluded_regions) or "none",
        "budget": f"${i.budget_usd_per_month:,.0f} a month" if i.budget_usd_per_month else "none",
        "priorities": (
            f"cost {i.priorities.cost}, latency {i.priorities.latency}, accuracy {i.priorities.accuracy}"
        ),
    }


def stock(intent: Intent) -> str:
    """The GPUs that there are, in words."""
    return ", ".join(f"{count} {gpu}" for gpu, count in intent.available_gpus.items())
