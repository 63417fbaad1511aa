"""Which tests are pure: they start no process, and connect to no server, database, cluster or browser.

Found out from what a test and its fixtures name, and held to while it runs. `make test-fast` runs them;
what is marked as slow is none of them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

STARTS_OR_CONNECTS = (
    "agent.models.choose",
    "agent.runtime",
    "http.server",
    "httpx",
    "knowledge.database",
    "knowledge.postgres.embedded",
    "knowledge.postgres.locks",
    "knowledge.postgres.postmaster",
    "knowledge.postgres.sockets",
    "multiprocessing",
    "openai",
    "playwright",
    "psycopg",
    "runpy",
    "socket",
    "subprocess",
    "tests.browser.conftest",
    "tests.ollama",
    "tests.pooler",
    "tests.simulator.load",
    "tests.simulator.serving",
    "tests.web",
    "tools.clusters.cluster",
    "tools.clusters.connection",
    "tools.clusters.simulated",
    "uvicorn",
)
"""Modules whose names are for what isn't pure."""
REFUSED = ("socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.posix_spawn")
"""Events of Python's own audit that a pure test has none of."""


def is_pure(item: pytest.Function) -> bool:
    known = item._fixtureinfo.name2fixturedefs
    fixtures = [known[name][-1].func for name in item.fixturenames if name in known]
    return not any(_reaches(plain(function), set()) for function in (item.function, *fixtures))


def plain(function: Any) -> Any:
    """Without what hypothesis, pytest and others have wrapped around it."""
    tried = getattr(function, "hypothesis", None)
    function = tried.inner_test if tried else function
    return plain(function.__wrapped__) if hasattr(function, "__wrapped__") else function


def _reaches(function: Any, seen: set[Any]) -> bool:
    """Whether it, or a function of the tests that it names, names something of STARTS_OR_CONNECTS."""
    if not isinstance(function, FunctionType) or function in seen:
        return False
    if not function.__module__.startswith("tests."):
        return False
    seen.add(function)
    named = [function.__globals__.get(name) for name in _names(function.__code__)]
    return any(_is_of(thing) or _reaches(thing, seen) for thing in named)


def _names(code: CodeType) -> set[str]:
    """With those of the functions inside."""
    inside = (_names(const) for const in code.co_consts if isinstance(const, CodeType))
    return set(code.co_names).union(*inside)


def _is_of(thing: object) -> bool:
    home = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
    return isinstance(home, str) and f"{home}.".startswith(tuple(f"{m}." for m in STARTS_OR_CONNECTS))


_held: set[int] = set()
"""Threads in which a pure test runs."""


@contextmanager
def held_to() -> Iterator[None]:
    """What isn't pure raises an error in here."""
    thread = threading.get_ident()
    _held.add(thread)
    try:
        yield
    finally:
        _held.discard(thread)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if _held and event in REFUSED and threading.get_ident() in _held:
        raise RuntimeError(f"{event} in a test that counts as pure: list its module in tests/pure.py")


sys.addaudithook(_refuse)
