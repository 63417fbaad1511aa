"""Tool: the same GPUs split in every possible way, as many small replicas or few large ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import Field

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.curves import CurveTable
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.prices import Price, prices
from tools.capacity import as_planned, hardware_for, with_looser_defaults
from tools.contract import Contract
from tools.plan_capacity import PlanRequest
from tools.planning.carrying import Asked, Carried, asked_of, carried, predicted, quality_of
from tools.planning.hardware import Hardware, left, room
from tools.planning.memory import memory_of
from tools.planning.placing import splits_by_model
from tools.planning.plan import AtLeastOne, Count, LooserDefault, Memory, Predicted
from tools.planning.sizing import Sizing
from tools.planning.splitting import SPLITS, why_not_split
from tools.tool import tool

BestAt = Literal["load", "latency", "context", "at_once"]
"""load: requests/s within the targets; latency: E2E p95 at the peak asked for, of those that hold the targets
there; context: of the longest request; at_once: requests in the KV cache at a time.
"""


class SplitsRequest(Contract):
    """Of the models that the specification asks for, the one of highest quality that fits, unless one is
    named.
    """

    plan: PlanRequest
    hardware: list[Hardware] = Field(default_factory=list, max_length=50)
    model_id: str | None = None


class Split(Contract):
    """One way to split the hardware: `replicas` of `gpu_count` GPUs each."""

    gpu_type: str
    gpu_count: AtLeastOne
    replicas: Count
    why_not: str | None
    """Why it is impossible, or nothing is known of it; all below is None then."""
    carried: Carried | None = None
    at_load: Predicted | None = None
    """At the peak asked for; None where it doesn't hold the targets there."""
    memory: Memory | None = None
    """Of one replica."""
    best_at: list[BestAt] = Field(default_factory=list)
    """What no other split is better at, and some are worse."""


class Splits(Contract):
    hardware: list[Hardware]
    asked: Asked
    relaxed: list[LooserDefault]
    """Targets that nobody asked for, and that give way."""
    model_id: str
    splits: list[Split]
    """By GPU type, and by rising size of a replica."""


@tool(reads=True)
def compare_splits(request: SplitsRequest, database: Database) -> Splits:
    """Simulate every split of the hardware: what each carries, how fast it answers at the peak asked for, how
    its memory is spent; and why others, such as three GPUs or six, are impossible.
    """
    return every_split(request, database.curves, prices(database.settings.prices))


def every_split(
    request: SplitsRequest, tables: Callable[[TrafficProfile], CurveTable], listed: Sequence[Price]
) -> Splits:
    """The same as a pure function of the tables by their profile and of prices."""
    hardware = hardware_for(request.plan, request.hardware)
    sizing, relaxed = as_planned(request.plan, tables, listed)
    model_id = request.model_id or _best_model(sizing, hardware)
    splits = _splits(sizing, hardware, model_id)
    if not any(s.carried and s.carried.requests_per_second for s in splits):
        looser = with_looser_defaults(request.plan, hardware, tables, listed)
        if looser is not None:
            sizing, relaxed = looser
            splits = _splits(sizing, hardware, model_id)
    return Splits(
        hardware=hardware,
        asked=asked_of(sizing),
        relaxed=relaxed,
        model_id=model_id,
        splits=_marked(splits),
    )


def _splits(sizing: Sizing, hardware: Sequence[Hardware], model_id: str) -> list[Split]:
    sizes = {
        (h.gpu_type, count) for h in hardware for count in range(1, min(h.gpus_per_server, max(SPLITS)) + 1)
    }
    return [_split(sizing, hardware, model_id, gpu, count) for gpu, count in sorted(sizes)]


def _best_model(sizing: Sizing, hardware: Sequence[Hardware]) -> str:
    """Of highest quality; of equals the one that carries most by estimate. Raises CompassError for none."""
    fitting = splits_by_model(sizing, hardware)
    if not fitting:
        raise CompassError("None of the models fits on this hardware.")
    return max(fitting, key=lambda m: (quality_of(sizing, fitting[m][0].n) or 0.0, fitting[m][0].hopeful))


def _split(sizing: Sizing, hardware: Sequence[Hardware], model_id: str, gpu: str, count: int) -> Split:
    specification, table = sizing.specification, sizing.candidates.table
    replicas = room(hardware, gpu, count) - specification.spare_replicas
    tokens = specification.longest.tokens
    why = why_not_split(models()[model_id], gpus()[gpu], count, tokens)
    keys = zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)
    n = next((n for n, key in enumerate(keys) if key == (model_id, gpu, count)), None)
    if why is None and replicas < 1:
        why = "all of it would be spare"
    if why is None and (n is None or not sizing.candidates.allowed[n]):
        why = "nothing is known of it" if n is None else "a wish of yours, or a doubt of ours, excludes it"
    if why is not None or n is None:
        return Split(gpu_type=gpu, gpu_count=count, replicas=max(0, replicas), why_not=why)
    most = carried(sizing, n, replicas, left(hardware, gpu, count))
    holds = most.most_requests_per_second >= sizing.peak * (1 - 1e-6)
    return Split(
        gpu_type=gpu,
        gpu_count=count,
        replicas=replicas,
        why_not=None,
        carried=most,
        at_load=predicted(sizing, n, sizing.peak / replicas, replicas) if holds else None,
        memory=memory_of(model_id, gpu, count, specification.traffic_profile),
    )


def _marked(splits: list[Split]) -> list[Split]:
    """With what each is best at."""
    known = [s for s in splits if s.carried is not None and s.memory is not None]
    at_load = [s for s in known if s.at_load is not None]

    def first(among: list[Split], figure: Callable[[Split], float]) -> list[Split]:
        values = [figure(s) for s in among]
        worse = any(value < max(values) for value in values) or len(among) < len(known)
        return [s for s, value in zip(among, values, strict=True) if value == max(values)] if worse else []

    best: dict[BestAt, list[Split]] = {
        "load": first(known, lambda s: s.carried.requests_per_second if s.carried else 0),
        "latency": first(at_load, lambda s: -s.at_load.e2e_ms.p95 if s.at_load else 0),
        "context": first(known, lambda s: s.memory.max_context_tokens if s.memory else 0),
        "at_once": first(known, lambda s: s.carried.at_once if s.carried else 0),
    }
    return [s.model_copy(update={"best_at": [name for name, of in best.items() if s in of]}) for s in splits]
