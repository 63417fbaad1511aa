"""Telling whoever follows a turn which node is at work."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from agent.events import StateEvent, emit


def announced(node: Callable[..., Any]) -> Callable[..., Any]:
    """`node`, with a `state` event before it. Its signature stays, since LangGraph reads where it can go from it."""

    @functools.wraps(node)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        emit(StateEvent(state=node.__name__))
        return node(*args, **kwargs)

    return wrapped
