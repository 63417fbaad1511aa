"""Work in a thread of its own, and what it makes handed to whoever waits for it."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from typing import TypeVar

from agent.events import ErrorEvent, Event

T = TypeVar("T")
log = logging.getLogger(__name__)
_turns = ThreadPoolExecutor(max_workers=1000, thread_name_prefix="turn")
"""More than may work at once: others watch a rollout, or wait and are told so by the runtime."""


def apart(items: Callable[[], Iterable[T]], patience_s: float) -> Iterator[T | None]:
    """The items, made in another thread, and None whenever none came for `patience_s`. Raises what making
    them raises. Whoever stops listening leaves the thread to itself.
    """
    made: queue.SimpleQueue[tuple[T] | BaseException | None] = queue.SimpleQueue()

    def pump() -> None:
        try:
            for item in items():
                made.put((item,))
            made.put(None)
        except BaseException as error:
            made.put(error)

    threading.Thread(target=pump, daemon=True).start()
    while True:
        try:
            found = made.get(timeout=patience_s)
        except queue.Empty:
            yield None
            continue
        if found is None:
            return
        if isinstance(found, BaseException):
            raise found
        yield found[0]


async def in_background(events: Callable[[], Iterator[Event]]) -> AsyncIterator[Event]:
    """The engine's events, made in another thread, while this one goes on serving.

    They are made to the last whether or not somebody still listens: a turn that was left suspended
    would keep its conversation locked.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Event | None] = asyncio.Queue()

    def tell(event: Event | None) -> None:
        with suppress(RuntimeError):  # the loop has ended, and nobody listens any more
            loop.call_soon_threadsafe(arrived.put_nowait, event)

    def pump() -> None:
        try:
            for event in events():
                tell(event)
        except Exception:
            log.exception("a turn ended with an error that it should have told")
            tell(ErrorEvent(text="Something went wrong inside Compass. “start over” always works."))
        finally:
            tell(None)

    _turns.submit(copy_context().run, pump)  # so that its lines in the log name the request that it came with
    while (event := await arrived.get()) is not None:
        yield event
