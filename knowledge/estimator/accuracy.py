"""How good are the estimates? Every measured point that the estimator can price, replayed through it.

The split was written down before anything was fitted: a (model, GPU, number of GPUs) is *seen*, and may be
fitted on, if the first 8 hex digits of sha256("MODEL GPU COUNT") make an even number, with the GPU named as
aiconfigurator-core names it. All its rows fall on one side, so that an unseen row is one of a configuration
that no constant was fitted on.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from statistics import fmean, median

from knowledge.catalogue import gpus
from knowledge.estimator.calibration import ErrorRange, calibration
from knowledge.estimator.measured import MeasuredPoint, measured_grids, measured_points
from knowledge.estimator.scheduler import simulate
from knowledge.estimator.steps import Overheads, StepGrid, StepTimes

REQUESTS_PER_SLOT = 10
"""The public runs send ten requests for each one in flight; the first wave is part of their means."""
SHORTEST = 0.8
"""Their lengths are spread evenly between 80 % and 100 % of the nominal ones."""
MAX_NUM_SEQS = 1024
MAX_NUM_BATCHED_TOKENS = 8192


@dataclass(frozen=True)
class Priced:
    """A measured point with the steps that price it."""

    point: MeasuredPoint
    source: str
    grid: StepGrid
    kv_tokens: int
    seen: bool

    @property
    def architecture(self) -> str:
        return gpus()[self.point.gpu_type].architecture

    @property
    def family(self) -> str:
        return self.point.model_id.split("/")[-1]


@dataclass(frozen=True)
class Estimate:
    ttft_mean_ms: float
    itl_mean_ms: float


@dataclass(frozen=True)
class Report:
    """Errors of one group of rows, by metric; relative and absolute."""

    group: str
    ttft: ErrorRange
    itl: ErrorRange


def is_seen(point: MeasuredPoint) -> bool:
    key = f"{point.model_id} {gpus()[point.gpu_type].kernel_system} {point.gpu_count}"
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 2 == 0


def priced_rows(source: str = "kernels") -> list[Priced]:
    """Every measured point that steps from `source` can price."""
    grids, rows = measured_grids(source), []
    for point in measured_points():
        if point.configuration in grids:
            kv_tokens, grid = grids[point.configuration]
            if kv_tokens > point.prompt_tokens + point.output_tokens:
                rows.append(Priced(point, source, grid, kv_tokens, is_seen(point)))
    return rows


def price(row: Priced, overheads: Overheads) -> Estimate:
    """Replay the run: a closed loop of the same concurrency, lengths and number of
    requests, the same seed every time.
    """
    point, generator = row.point, random.Random(1)  # noqa: S311 - a simulation, no secret
    steps = StepTimes(row.grid, overheads, MAX_NUM_SEQS, MAX_NUM_BATCHED_TOKENS)
    count = REQUESTS_PER_SLOT * point.concurrency
    prompts = [
        generator.randint(int(SHORTEST * point.prompt_tokens), point.prompt_tokens) for _ in range(count)
    ]
    outputs = [
        generator.randint(int(SHORTEST * point.output_tokens), point.output_tokens) for _ in range(count)
    ]
    seen = simulate(steps, row.kv_tokens, [], prompts, outputs, concurrency=point.concurrency)
    return Estimate(fmean(seen.ttft_ms), fmean(seen.itl_ms))


def errors(
    rows: Iterable[Priced], overheads: Callable[[str], Overheads]
) -> list[tuple[Priced, float, float]]:
    """Each row with its relative errors of TTFT and ITL (estimate / measured − 1)."""
    found = []
    for row in rows:
        estimate = price(row, overheads(row.architecture))
        found.append(
            (
                row,
                estimate.ttft_mean_ms / row.point.ttft_mean_ms - 1,
                estimate.itl_mean_ms / row.point.itl_mean_ms - 1,
            )
        )
    return found


def error_ranges(overheads: Callable[[str], Overheads]) -> dict[str, dict[str, ErrorRange]]:
    """By source of the steps and metric, over the unseen rows. Nothing of the
    roofline was fitted on measured rows.
    """
    ranges = {}
    for source in ("kernels", "roofline"):
        found = errors([row for row in priced_rows(source) if not row.seen], overheads)
        ranges[source] = {"ttft": _range([e for _, e, _ in found]), "itl": _range([e for _, _, e in found])}
    return ranges


@cache
def report() -> list[Report]:
    """The accuracy report: by split, then for the unseen rows by GPU and by model,
    and the roofline beside it.
    """
    kernels = errors(priced_rows(), calibration().overheads)
    unseen = [found for found in kernels if not found[0].seen]
    groups: list[tuple[str, list[tuple[Priced, float, float]]]] = [
        ("seen (fitted on)", [found for found in kernels if found[0].seen]),
        ("unseen", unseen),
    ]
    for gpu in sorted({found[0].point.gpu_type for found in unseen}):
        groups.append((f"unseen, {gpu}", [found for found in unseen if found[0].point.gpu_type == gpu]))
    for family in sorted({found[0].family for found in unseen}):
        groups.append((f"unseen, {family}", [found for found in unseen if found[0].family == family]))
    rooflines = errors([row for row in priced_rows("roofline") if not row.seen], calibration().overheads)
    groups.append(("unseen, by roofline", rooflines))
    return [
        Report(name, _range([t for _, t, _ in rows]), _range([i for _, _, i in rows]))
        for name, rows in groups
    ]


def unpriced() -> dict[str, int]:
    """How many measured points can't be priced, by reason."""
    priced = {id(row.point) for row in priced_rows()}
    reasons: dict[str, int] = {}
    for point in measured_points():
        if id(point) not in priced:
            known = point.configuration in measured_grids("kernels")
            reason = (
                "too large for the memory that we assume"
                if known
                else "no kernel measurements of this configuration"
            )
            reasons[reason] = reasons.get(reason, 0) + 1
    return reasons


def _range(relative: list[float]) -> ErrorRange:
    ordered = sorted(abs(e) for e in relative)
    if not ordered:
        return ErrorRange(rows=0, median=0, p90=0)
    return ErrorRange(
        rows=len(ordered),
        median=round(median(ordered), 4),
        p90=round(ordered[math.ceil(0.9 * len(ordered)) - 1], 4),
    )
