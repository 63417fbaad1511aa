"""Simulating on all cores at once. What runs there is machine code that holds no lock of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """Of this machine."""
    return os.cpu_count() or 1


def at_once(function: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """`function` of each thing, in their order. It must not call this itself: all threads might wait for it.

    Raises what `function` raises.
    """
    each = list(things)
    if len(each) == 1:
        return [function(each[0])]
    return list(_threads().map(function, each))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="simulating")
