"""Tool: the most that given hardware takes within all targets, model by model: how to split it, requests per
second, users, tokens, and which target breaks first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import Field

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.curves import CurveTable
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.prices import Price, prices
from tools.contract import Contract
from tools.plan_capacity import PlanRequest, begun
from tools.planning.carrying import Asked, Carried, asked_of, quality_of
from tools.planning.defaults import relaxed_defaults, relaxed_where_needed
from tools.planning.hardware import Hardware, hardware_of
from tools.planning.placing import Placed, best_split, splits_by_model
from tools.planning.plan import LooserDefault
from tools.planning.sizing import Sizing
from tools.planning.splitting import SPLITS, why_not_split
from tools.specification import Specification, SpecificationChange, with_defaults
from tools.tool import tool

ANY_HARDWARE = ("available_gpus", "owned", "instance_types", "preferred_gpu_types", "excluded_gpu_types")
"""Wishes that hardware which somebody asks about stands in place of."""


class CapacityRequest(Contract):
    """A specification with its targets, and hardware; without any, what the specification says there is."""

    plan: PlanRequest
    hardware: list[Hardware] = Field(default_factory=list, max_length=50)
    limit: int = Field(default=3, ge=1, le=100)
    """Models to be told of."""


class Looser(Contract):
    """What would be carried if targets that nobody asked for were looser."""

    relaxed: list[LooserDefault]
    carried: Carried


class Capacity(Contract):
    """Each model once, as the split of the hardware that carries most. Those that carry the peak asked for
    come first, the best of them first; then the others, by what they carry.
    """

    hardware: list[Hardware]
    asked: Asked
    relaxed: list[LooserDefault]
    """Targets that nobody asked for, and that gave way in the plan."""
    carried: list[Carried]
    if_looser: Looser | None
    """Where nothing is carried within the targets, and only defaults are in the way."""
    unfit: dict[str, str]
    """Models asked for by name that no split of the hardware can serve, and why."""


@tool(reads=True)
def capacity(request: CapacityRequest, database: Database) -> Capacity:
    """Simulate every split of the hardware that could carry most, for the models that count.

    Replicas are as many as fit; none spans two servers. The same figures as a plan's: its own option carries
    at least the peak that it was made for.
    """
    return most_carried(request, database.curves, prices(database.settings.prices))


def most_carried(
    request: CapacityRequest, tables: Callable[[TrafficProfile], CurveTable], listed: Sequence[Price]
) -> Capacity:
    """The same as a pure function of the tables by their profile and of prices."""
    hardware = hardware_for(request.plan, request.hardware)
    sizing, relaxed = as_planned(request.plan, tables, listed)
    by_model = splits_by_model(sizing, hardware)
    named = [m for m in sizing.specification.intent.preferred_models if m in models()]
    found, looser = _first(sizing, by_model, request.limit), None
    if found and not any(c.requests_per_second for c in found):
        looser = with_looser_defaults(request.plan, hardware, tables, listed)
    return Capacity(
        hardware=hardware,
        asked=asked_of(sizing),
        relaxed=relaxed,
        carried=found,
        if_looser=_looser(*looser, hardware) if looser else None,
        unfit={m: why_unfit(sizing, m, hardware) for m in named if m not in by_model},
    )


def hardware_for(plan: PlanRequest, hardware: list[Hardware]) -> list[Hardware]:
    """What is asked about, else what the specification says there is. Raises CompassError for neither."""
    found = hardware or hardware_of(plan.specification.intent)
    if not found:
        raise CompassError("Which hardware? Say how many GPUs of which type, for instance “8 H100”.")
    return found


def without_wishes(plan: PlanRequest) -> PlanRequest:
    """Of the specification without its wishes for hardware."""
    return plan.under(SpecificationChange.model_validate({"clear": list(ANY_HARDWARE)}))


def as_planned(
    plan: PlanRequest, tables: Callable[[TrafficProfile], CurveTable], listed: Sequence[Price]
) -> tuple[Sizing, list[LooserDefault]]:
    """The specification without its wishes for hardware, under the targets that its plan is made for: some
    that nobody asked for may have given way.
    """
    asked = begun(plan, tables(plan.benchmark_profile), listed)
    held = relaxed_where_needed(asked)
    return _under(without_wishes(plan), held.specification, tables, listed), relaxed_defaults(asked, held)


def with_looser_defaults(
    plan: PlanRequest,
    hardware: Sequence[Hardware],
    tables: Callable[[TrafficProfile], CurveTable],
    listed: Sequence[Price],
) -> tuple[Sizing, list[LooserDefault]] | None:
    """The same with targets that nobody asked for as loose as a plan for this hardware alone would have them;
    None where none of them is in the way.
    """
    stock = {h.gpu_type: sum(o.gpus for o in hardware if o.gpu_type == h.gpu_type) for h in hardware}
    free = without_wishes(plan)
    there = free.under(SpecificationChange(available_gpus=stock))
    for wanted in (there, there.under(SpecificationChange(user_count=1))):
        asked = begun(wanted, tables(wanted.benchmark_profile), listed)
        held = relaxed_where_needed(asked)
        if held is not asked:
            return _under(free, held.specification, tables, listed), relaxed_defaults(asked, held)
    return None


def _under(
    plan: PlanRequest,
    relaxed: Specification,
    tables: Callable[[TrafficProfile], CurveTable],
    listed: Sequence[Price],
) -> Sizing:
    looser = with_defaults(plan.specification, relaxed.overrides.relaxed_ms)
    request = plan.model_copy(update={"specification": looser})
    return begun(request, tables(plan.benchmark_profile), listed).sizing


def _looser(sizing: Sizing, relaxed: list[LooserDefault], hardware: Sequence[Hardware]) -> Looser | None:
    found = _first(sizing, splits_by_model(sizing, hardware), 1)
    return Looser(relaxed=relaxed, carried=found[0]) if found else None


def _first(sizing: Sizing, by_model: dict[str, list[Placed]], limit: int) -> list[Carried]:
    """The best models that carry the peak; if they are too few, with those that come closest to it."""
    enough: list[Carried] = []
    less: list[Carried] = []
    could = {
        m: splits[0].hopeful for m, splits in by_model.items() if splits[0].hopeful >= sizing.planned_rate
    }
    by_quality = sorted(could, key=lambda m: (-(quality_of(sizing, by_model[m][0].n) or 0.0), -could[m]))
    others = sorted(by_model.keys() - could.keys(), key=lambda m: -by_model[m][0].hopeful)
    for model_id in [*by_quality, *others]:
        if len(enough) == limit:
            break
        worst = sorted((c.most_requests_per_second for c in less), reverse=True)[limit - len(enough) - 1 :]
        if model_id not in could and worst and by_model[model_id][0].hopeful <= worst[0]:
            break
        found = best_split(sizing, by_model[model_id])
        (enough if found.enough else less).append(found)
    less.sort(key=lambda c: -c.requests_per_second)
    return [*enough, *less][:limit]


def why_unfit(sizing: Sizing, model_id: str, hardware: Sequence[Hardware]) -> str:
    """Why no split of the hardware serves a model; of the largest that each GPU type has room for."""
    if model_id not in sizing.candidates.table.model_ids:
        return f"nothing is known of it at {sizing.specification.traffic_profile} tokens"
    tokens = sizing.specification.longest.tokens
    reasons = []
    for h in hardware:
        count = max((c for c in SPLITS if c <= h.gpus_per_server), default=1)
        why = why_not_split(models()[model_id], gpus()[h.gpu_type], count, tokens)
        reasons.append(
            f"on {count} × {h.gpu_type}, {why or 'a wish of yours, or a doubt of ours, excludes it'}"
        )
    return "; ".join(dict.fromkeys(reasons))
