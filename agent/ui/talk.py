"""One browser's side of one conversation: turns go to the engine in a thread of their own, and their events
come back to its screen.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator

from agent.background import in_background
from agent.events import Event
from agent.runtime import Runtime
from agent.services import Caller
from agent.ui import cards
from agent.ui.screen import Screen
from agent.ui.shown import Shown
from agent.ui.store import Store

log = logging.getLogger(__name__)
Turn = Callable[[Runtime, Caller], Iterator[Event]]


class Talk:
    """`thread` is the engine's name of it. One turn at a time; stopping one ends the
    wait, not what was begun.
    """

    def __init__(self, thread: str, actor: str, runtime: Runtime, store: Store) -> None:
        self.thread = thread
        self.actor = actor
        self.runtime = runtime
        self.shown = Shown(store)
        self._caller = Caller(actor)
        self.one_at_a_time = asyncio.Lock()
        """Held during a turn, and while a thread that is opened again is put before the person."""

    def stop(self) -> None:
        """End what takes long, at its next step."""
        self._caller.stopped.set()

    async def follow(self, turn: Turn) -> None:
        """Run a turn and show it. If the person stops waiting, what still comes is shown all the same."""
        await asyncio.shield(asyncio.create_task(self._follow(turn)))

    async def _follow(self, turn: Turn) -> None:
        async with self.one_at_a_time:
            caller = self._caller = Caller(self.actor)
            screen = Screen(self.shown)
            async for event in in_background(lambda: turn(self.runtime, caller)):
                try:
                    await screen.show(event)
                except Exception:  # one card that can't be drawn must not end the turn
                    log.exception("event %s of %s can't be shown", event.event, self.thread)
            await screen.end()

    async def restore(self) -> bool:
        """Show the open pause, if the card that this browser shows isn't its; returns
        whether a turn was cut off instead.
        """
        async with self.one_at_a_time:
            position = await asyncio.to_thread(self.runtime.position, self.thread)
            pause = position.checkpoint
            if pause is not None and pause.interrupt_id != self.shown.interrupt_id:
                await self.shown.open(*cards.of_pause(pause), pause.question)
            return position.interrupted_at is not None
