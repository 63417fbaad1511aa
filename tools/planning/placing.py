"""Replicas of each model on given hardware: every way to split it, and the one that carries most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tools.planning.carrying import Carried, carried, hopeful
from tools.planning.hardware import Hardware, left, room
from tools.planning.sizing import Sizing


@dataclass(frozen=True)
class Placed:
    """The `n`-th candidate in so many serving replicas."""

    n: int
    replicas: int
    gpus_left: int
    hopeful: float
    """More requests/s than it can come out with."""


def splits_by_model(sizing: Sizing, hardware: Sequence[Hardware]) -> dict[str, list[Placed]]:
    """Every way to put replicas of each model on one of the GPU types, by what it could carry at best."""
    table, found = sizing.candidates.table, dict[str, list[Placed]]()
    for n in np.flatnonzero(sizing.candidates.allowed).tolist():
        gpu, count = table.gpu_types[n], int(table.gpu_counts[n])
        replicas = room(hardware, gpu, count) - sizing.specification.spare_replicas
        if replicas >= 1:
            found.setdefault(table.model_ids[n], []).append(
                Placed(n, replicas, left(hardware, gpu, count), hopeful(sizing, n, replicas))
            )
    for splits in found.values():
        splits.sort(key=lambda s: (-s.hopeful, s.n))
    return found


def best_split(sizing: Sizing, splits: Sequence[Placed]) -> Carried:
    """The one that carries most; whatever could carry more is simulated."""
    best: Carried | None = None
    for split in splits:
        if best is None or not best.most_requests_per_second or split.hopeful > best.most_requests_per_second:
            found = carried(sizing, split.n, split.replicas, split.gpus_left)
            if best is None or _carries_more(found) > _carries_more(best):
                best = found
    if best is None:
        raise ValueError("No split to choose from.")
    return best


def _carries_more(one: Carried) -> tuple[float, float]:
    """Of two that carry nothing within the targets, the one that comes closest to the target it misses."""
    missed = one.breaks_first.seen_ms / one.breaks_first.target_ms if one.breaks_first else 0.0
    return one.most_requests_per_second, -missed
