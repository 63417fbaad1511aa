"""Figures of a benchmark: the median of some runs, with the least and the most."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def timed(
    name: str, work: Callable[[], object], runs: int = 5, clock: Callable[[], float] = time.perf_counter
) -> None:
    """Print the median of some runs, with the least and the most."""
    taken = []
    for _ in range(runs):
        start = clock()
        work()
        taken.append(clock() - start)
    told(name, taken)


def told(name: str, taken: list[float]) -> None:
    print(
        f"{name:<78} {_time(median(taken))}   ({_time(min(taken))} to {_time(max(taken))}, {len(taken)}"
        " runs)",
        flush=True,
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:6.2f} ms" if seconds < 0.5 else f"{seconds:6.3f} s "
