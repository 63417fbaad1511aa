"""Tests against a real clock, at a pace that the machine can keep at the moment.

No test waits for a fixed time. A wait ends when what it waits for has happened, or fails after
`patient(seconds)`, where the seconds are ample on an idle machine. What checks times themselves
runs `at_some_pace`.
"""

import os
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
PACES = (1.0, 4.0, 16.0)
POLL_S = 0.02


def pace() -> float:
    """How many times as long as on an idle machine all may take: COMPASS_TESTS_PACE, or else how many
    processes want each core at the moment.
    """
    said = os.environ.get("COMPASS_TESTS_PACE")
    return float(said) if said else max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def patient(seconds: float) -> float:
    """So many seconds on an idle machine."""
    return seconds * pace()


def until(
    happened: Callable[[], Found | None], seconds: float = 60.0, why: Callable[[], object] = lambda: None
) -> Found:
    """The first true answer of `happened`. Raises AssertionError, with what `why` says, where none came
    within so many seconds.
    """
    deadline = time.monotonic() + patient(seconds)
    while not (found := happened()):
        assert time.monotonic() < deadline, why() or "it didn't happen in time"
        time.sleep(POLL_S)
    return found


def at_some_pace(check: Callable[[float], None]) -> None:
    """Run `check`, which multiplies all its times by its argument. On a busy machine whatever waits
    for a core is late by a tenth of a second or more, which weighs less the slower the pace is;
    what is wrong is wrong at each.

    Raises the AssertionError of the slowest pace where the check holds at none.
    """
    for slower in PACES[:-1]:
        try:
            return check(slower)
        except AssertionError:
            continue
    return check(PACES[-1])
