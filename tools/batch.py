"""Tool: how long a batch takes and what it costs: replicas are busy all the time, no target of latency holds.

    hours = items / (replicas x saturation rate) / 3600
    USD   = hours x USD an hour of the GPUs billed

The saturation rate is simulated: what a replica finishes while it always has more to do. Loading the model is
not counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from pydantic import Field

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.curves import Bools, CurveTable
from knowledge.database import Database
from knowledge.prices import HOURS_PER_MONTH, Price, prices
from tools.capacity import why_unfit, without_wishes
from tools.contract import Contract
from tools.plan_capacity import PlanRequest, begun
from tools.planning.carrying import quality_of, saturation_of
from tools.planning.hardware import Hardware, hardware_of, room
from tools.planning.inventory import Inventory, owned_by
from tools.planning.least_quality import may_lead, weaker
from tools.planning.placing import splits_by_model
from tools.planning.plan import Amount, AtLeastOne, Count, EstimateError
from tools.planning.provenance import estimate_error_of, provenance_of
from tools.planning.sizing import Sizing
from tools.specification import MAX_GPUS
from tools.tool import tool

OPTIMISM = 1.3
"""More than any simulated saturation is above the last rate of a table."""


class BatchRequest(Contract):
    """Items of the specification's lengths. On given hardware all of it is used; without any, as few replicas
    are rented as make the deadline, or one.
    """

    plan: PlanRequest
    items: int = Field(ge=1, le=10**12)
    deadline_hours: float | None = Field(default=None, gt=0, le=1e6)
    hardware: list[Hardware] = Field(default_factory=list, max_length=50)
    limit: int = Field(default=3, ge=1, le=100)


class Job(Contract):
    """The batch on replicas of one configuration."""

    model_id: str
    gpu_type: str
    gpu_count: AtLeastOne
    replicas: AtLeastOne
    items_per_second: Amount
    output_tokens_per_second: Amount
    hours: Amount
    cost_usd: Amount | None
    """None where nobody lists a price, or it is one's own and none was said."""
    usd_per_million_items: Amount | None
    in_time: bool
    quality: Amount | None
    simulated: bool
    """Otherwise the highest rate that was measured, which it may exceed."""
    provenance: str
    estimate_error: EstimateError | None


class Batch(Contract):
    """Each model once, of those good enough for the use unless some are named: the cheapest first; on given
    hardware, the soonest done first.
    """

    hardware: list[Hardware]
    items: AtLeastOne
    deadline_hours: Amount | None
    needed_per_second: Amount | None
    """Items, to make the deadline."""
    prompt_tokens: Count
    output_tokens: Count
    jobs: list[Job]
    unfit: dict[str, str]
    """Models asked for by name that can't do it, and why."""


@tool(reads=True)
def batch(request: BatchRequest, database: Database) -> Batch:
    """The time and the cost of so many items, at saturation."""
    return done(request, database.curves, prices(database.settings.prices))


def done(
    request: BatchRequest, tables: Callable[[TrafficProfile], CurveTable], listed: Sequence[Price]
) -> Batch:
    """The same as a pure function of the tables by their profile and of prices."""
    intent = request.plan.specification.intent
    hardware = request.hardware or hardware_of(intent)
    own = Inventory.of(owned_by(intent), [*gpus(), ""]) if hardware and not request.hardware else None
    plan = without_wishes(request.plan) if hardware else request.plan
    sizing = begun(plan, tables(plan.benchmark_profile), listed).sizing
    found = _jobs(sizing, request, hardware, own)
    named = [m for m in sizing.specification.intent.preferred_models if m in models()]
    placed = splits_by_model(sizing, hardware)
    needed = request.items / request.deadline_hours / 3600 if request.deadline_hours else None
    return Batch(
        hardware=hardware,
        items=request.items,
        deadline_hours=request.deadline_hours,
        needed_per_second=None if needed is None else round(needed, 4),
        prompt_tokens=sizing.specification.traffic_profile.prompt_tokens,
        output_tokens=sizing.specification.traffic_profile.output_tokens,
        jobs=found,
        unfit={m: why_unfit(sizing, m, hardware) for m in named if hardware and m not in placed},
    )


def _jobs(
    sizing: Sizing, request: BatchRequest, hardware: list[Hardware], own: Inventory | None
) -> list[Job]:
    """The first of each model, simulated as long as one could come before those that are."""
    table, hopeful = sizing.candidates.table, dict[int, float]()
    for n in np.flatnonzero(_good_enough(sizing)).tolist():
        rate = float(table.curves.highest_rate[n]) * (OPTIMISM if table.estimated[n] else 1.0)
        job = _job(sizing, request, hardware, own, n, rate)
        if job is not None:
            hopeful[n] = _order(job, hardware)
    best: dict[str, tuple[float, Job]] = {}
    for n in sorted(hopeful, key=lambda n: (hopeful[n], n)):
        model_id = table.model_ids[n]
        firsts = sorted(order for order, _ in best.values())
        if len(firsts) >= request.limit and hopeful[n] >= firsts[request.limit - 1]:
            break
        if model_id in best and hopeful[n] >= best[model_id][0]:
            continue
        job = _job(sizing, request, hardware, own, n, saturation_of(sizing, n))
        if job is not None and (model_id not in best or _order(job, hardware) < best[model_id][0]):
            best[model_id] = (_order(job, hardware), job)
    return [job for _, job in sorted(best.values(), key=lambda each: each[0])][: request.limit]


def _good_enough(sizing: Sizing) -> Bools:
    """Of those allowed, the ones that may lead a plan; all, where none is good enough for the use."""
    allowed, specification = sizing.candidates.allowed, sizing.specification
    found = allowed & ~weaker(sizing.candidates.table, specification)
    return allowed if may_lead(specification.intent) or not found.any() else found


def _order(job: Job, hardware: list[Hardware]) -> float:
    """What it is ranked by: hours on given hardware, else USD; what nobody sells comes last."""
    if hardware:
        return job.hours
    return math.inf if job.cost_usd is None else job.cost_usd


def _job(
    sizing: Sizing,
    request: BatchRequest,
    hardware: list[Hardware],
    own: Inventory | None,
    n: int,
    rate: float,
) -> Job | None:
    """At so many items/s a replica; None where there is no room for one, or none to rent in time. What is
    `own` costs one's own price, or nothing that we know; else it is what renting it would cost.
    """
    it, specification = sizing.candidates.configuration(n), sizing.specification
    if hardware:
        replicas = room(hardware, it.gpu_type, it.gpu_count)
    else:
        seconds = request.deadline_hours * 3600 if request.deadline_hours else math.inf
        replicas = max(1, math.ceil(request.items / seconds / rate * (1 - 1e-9)))
    if replicas < 1 or replicas * it.gpu_count > MAX_GPUS:
        return None
    hours = request.items / (rate * replicas) / 3600
    monthly = _usd_per_month(sizing, own, n, replicas)
    cost = None if monthly is None else hours * monthly / HOURS_PER_MONTH
    if cost is None and not hardware:
        return None
    return Job(
        model_id=it.model_id,
        gpu_type=it.gpu_type,
        gpu_count=it.gpu_count,
        replicas=replicas,
        items_per_second=round(rate * replicas, 4),
        output_tokens_per_second=round(rate * replicas * specification.traffic_profile.output_tokens, 1),
        hours=round(hours, 4),
        cost_usd=None if cost is None else round(cost, 2),
        usd_per_million_items=None if cost is None else round(cost / request.items * 1e6, 2),
        in_time=request.deadline_hours is None or hours <= request.deadline_hours * (1 + 1e-6),
        quality=quality_of(sizing, n),
        simulated=bool(sizing.candidates.table.estimated[n]),
        provenance=provenance_of(sizing.candidates.table, n),
        estimate_error=estimate_error_of(sizing.candidates.table, n),
    )


def _usd_per_month(sizing: Sizing, own: Inventory | None, n: int, replicas: int) -> float | None:
    if own is None:
        usd = sizing.cost_of(n, replicas - sizing.specification.spare_replicas)
        return usd if math.isfinite(usd) else None
    some, of = np.array([n]), sizing.candidates
    bills = own.bills(of.gpu_codes[some], of.table.gpu_counts[some], np.array([float(replicas)]))
    return bills[0].usd_per_month or None
