"""Compiling a numeric function on its first call, and finding it compiled on the next start.

`python -m knowledge.estimator.ready` does it beforehand, so that nobody's first plan waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """`function` as machine code that other threads run beside. What was compiled is kept in numba's cache:
    beside the source, else in the user's own cache folder.
    """
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder can be written to: it is compiled at every start then
        return cast(F, numba.njit(nogil=True)(function))
