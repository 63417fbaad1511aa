"""What makes a function a tool: its name, its request, and whether it only reads. Declared where it is
defined; `registry.py` lists them all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar, get_type_hints

from pydantic import BaseModel

P = ParamSpec("P")
R = TypeVar("R", bound=BaseModel)


class Tool(Generic[P, R]):
    """Called like the function that it is made of. What that takes besides its request it takes by name:
    `database`, `cluster`, …
    """

    def __init__(self, function: Callable[P, R], reads: bool, about: str, deployment: str) -> None:
        update_wrapper(self, function)
        self._function = function
        self.name = function.__name__
        self.reads = reads
        """Whether it leaves everything as it was."""
        self.about = about
        """What chat models are told of it; "" for a tool that none may call."""
        self.deployment = deployment
        """The field of its request that names a deployment, of which its owner alone may learn."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._function(*args, **kwargs)

    @property
    def request(self) -> type[BaseModel]:
        found: type[BaseModel] = get_type_hints(self._function)[self._parameters[0]]
        return found

    @property
    def needs(self) -> list[str]:
        """Names of what it takes besides its request."""
        return self._parameters[1:]

    @property
    def _parameters(self) -> list[str]:
        return list(inspect.signature(self._function).parameters)


AnyTool = Tool[..., Any]


def tool(*, reads: bool, about: str = "", deployment: str = "") -> Callable[[Callable[P, R]], Tool[P, R]]:
    """Make a tool of a function."""
    return lambda function: Tool(function, reads, about, deployment)
