"""How much is tried. `make test` tries samples that are the same each time; `make soak` tries all, at random
where a property is searched.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SOAKS = bool(os.environ.get("COMPASS_TESTS_SOAK"))
SHARE = 4
"""One of so many examples of a property is tried in `make test`."""


def examples(full: int) -> int:
    """How many of so many."""
    return full if SOAKS else max(6, full // SHARE)


def sample(values: Sequence[T], usual: int) -> Sequence[T]:
    """All, or so many that are spread over them, the first always among them."""
    return values if SOAKS else values[:: max(1, len(values) // usual)]
