"""Configurations whose step times are in doubt: nothing is planned with them until their
grids are mended, or measured.

A format of narrower weights reads fewer bytes and multiplies no slower, so that by
kernels its decode step takes

    at most TOLERANCE x that of its wider sibling (the checkpoint that it was quantised from) on the same
    GPUs, and at most TOLERANCE x the roofline's, times what 16-bit checkpoints take of the roofline on as
    many of these GPUs (the median, at least 1)

where no measured run of the very configuration proves otherwise. The last factor takes out what a card's
links cost every format. The list is shipped in `data/withheld.csv`, written by `python -m
knowledge.estimator.withheld`; building grids fails where it isn't what the rule gives.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import median

from knowledge.catalogue import gpus, models
from knowledge.entries import data_text
from knowledge.estimator.grids import Key, shipped_grids
from knowledge.estimator.measured import measured_points
from knowledge.estimator.roofline import roofline_grid
from knowledge.estimator.steps import DECODE_BATCHES, StepGrid

TOLERANCE = 1.5
"""Quantising activations costs small models up to 1.3 times the step of their wider
sibling; what is in doubt takes 1.8 to 5 times it.
"""
AT_WORK = DECODE_BATCHES.index(64)
"""Running sequences: enough that arithmetic counts, few enough that most plans reach them."""
FILE = "withheld.csv"
COLUMNS = ("model_id", "gpu_type", "gpu_count", "times", "against")


def doubtful(grids: Mapping[Key, StepGrid]) -> dict[Key, tuple[float, str]]:
    """By the rule: how many times as long a step takes, and as what."""
    measured = {(p.model_id, p.gpu_type, p.gpu_count) for p in measured_points()}
    by_kernels = {key: grid for key, grid in grids.items() if grid.source != "roofline"}
    of_roofline = {
        k: _step(g) / _step(roofline_grid(models()[k[0]], gpus()[k[1]], k[2])) for k, g in by_kernels.items()
    }
    common = _median_of_16_bits(of_roofline)
    found: dict[Key, tuple[float, str]] = {}
    for key, grid in by_kernels.items():
        model, on = models()[key[0]], key[1:]
        if model.weight_format == "bf16" or key in measured:
            continue
        wider = by_kernels.get((model.base_id or "", *on))
        of_wider = _step(grid) / _step(wider) if wider else 0.0
        of_card = of_roofline[key] / max(1.0, common.get(on, 1.0))
        if of_wider > TOLERANCE:
            found[key] = (of_wider, f"that of {model.base_id}")
        elif of_card > TOLERANCE:
            found[key] = (of_card, "the roofline's")
    return found


def _step(grid: StepGrid) -> float:
    return grid.decode_short_ms[AT_WORK]


def _median_of_16_bits(of_roofline: Mapping[Key, float]) -> dict[tuple[str, int], float]:
    """By GPU type and count."""
    every: dict[tuple[str, int], list[float]] = defaultdict(list)
    for (model_id, gpu, count), times in of_roofline.items():
        if models()[model_id].weight_format == "bf16":
            every[gpu, count].append(times)
    return {on: median(times) for on, times in every.items()}


@cache
def withheld() -> dict[Key, str]:
    """The shipped list, each with the reason."""
    rows = csv.DictReader(data_text(FILE).splitlines())
    return {
        (
            r["model_id"],
            r["gpu_type"],
            int(r["gpu_count"]),
        ): f"its step takes {r['times']} times {r['against']}"
        for r in rows
    }


def rows_of(found: Mapping[Key, tuple[float, str]]) -> Iterator[tuple[object, ...]]:
    """As the list holds them."""
    return ((*key, f"{times:.1f}", against) for key, (times, against) in found.items())


def check(grids: Mapping[Key, StepGrid]) -> None:
    """Raises ValueError naming each configuration that is in doubt and not listed, or
    listed and no longer in doubt.
    """
    listed, found = set(withheld()), set(doubtful(grids))
    wrong = [f"{m} on {n} {g} is in doubt" for m, g, n in sorted(found - listed)]
    wrong += [f"{m} on {n} {g} no longer is" for m, g, n in sorted(listed - found)]
    if wrong:
        raise ValueError(
            f"{FILE} isn't what the rule gives: {'; '.join(wrong)}. Mend the grids, or write the list again:"
            " make withheld"
        )


def main() -> None:
    """Write the list for the shipped grids into this checkout."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows_of(doubtful(shipped_grids())))
    (Path(__file__).parents[1] / "data" / FILE).write_text(text.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
