"""A turn in a thread of its own: whoever follows it may leave, and it is finished all the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context

from agent.events import ErrorEvent, Event

log = logging.getLogger(__name__)
_turns = ThreadPoolExecutor(max_workers=1000, thread_name_prefix="turn")
"""More than may work at once: others watch a rollout, or wait and are told so by the runtime."""


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
