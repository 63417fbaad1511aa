"""One browser's view of one conversation: turns go to the engine in a thread of their
own, their events come back as messages and cards.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import chainlit as cl
from chainlit.context import context
from chainlit.utils import utc_now

from agent.background import in_background
from agent.events import (
    CheckpointEvent,
    ErrorEvent,
    Event,
    MessageEvent,
    ProgressEvent,
    StateEvent,
    TokenEvent,
    ToolCallEvent,
    ToolResultEvent,
)
from agent.runtime import Runtime
from agent.services import Caller
from agent.ui import cards
from agent.ui.store import Store
from knowledge.errors import CompassError

log = logging.getLogger(__name__)
PATIENCE_S = 0.7
MAX_SHOWN = 20_000
"""Characters of a tool's result in its step."""
Turn = Callable[[Runtime, Caller], Iterator[Event]]


class Talk:
    """`thread` is the engine's name of it. One turn at a time; stopping one ends the
    wait, not what was begun.
    """

    def __init__(self, thread: str, actor: str, runtime: Runtime, store: Store) -> None:
        self.thread = thread
        self.store = store
        self.actor = actor
        self.runtime = runtime
        self.card: cl.CustomElement | None = None
        """The card of the open pause, or of what can be done after a failure."""
        self._caller = Caller(actor)
        self.one_at_a_time = asyncio.Lock()
        """Held during a turn, and while a thread that is opened again is put before the person."""

    @property
    def interrupt_id(self) -> str | None:
        """Of the pause that this browser shows as open."""
        found = self.card.props.get("interrupt_id") if self.card else None
        return str(found) if found else None

    def stop(self) -> None:
        """End what takes long, at its next step."""
        self._caller.stopped.set()

    async def follow(self, turn: Turn) -> None:
        """Run a turn and show it. If the person stops waiting, what still comes is shown all the same."""
        await asyncio.shield(asyncio.create_task(self._follow(turn)))

    async def _follow(self, turn: Turn) -> None:
        async with self.one_at_a_time:
            caller = self._caller = Caller(self.actor)
            screen = Screen(self)
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
            if pause is not None and pause.interrupt_id != self.interrupt_id:
                await self.open(*cards.of_pause(pause), pause.question)
            return position.interrupted_at is not None

    async def open(self, name: str, props: cards.Props, text: str) -> None:
        """A new card to answer; the one before is locked."""
        await self.lock()
        self.card = await self.send(name, props, text)

    async def send(self, name: str, props: cards.Props, text: str) -> cl.CustomElement:
        """A message with one card, which can be changed later. It is kept before it is
        shown, so that a kill can't part the two.
        """
        message = cl.Message(content=text)
        message.created_at = utc_now()
        element = cl.CustomElement(name=name, props=props, display="inline", for_id=message.id)
        message.elements = [cast(Any, element)]
        await self.store.create_step(message.to_dict())
        await self.store.create_element(element)
        await message.send()
        return element

    async def lock(self) -> None:
        """The open card was answered, or is no longer what the conversation waits for."""
        if self.card is not None:
            self.card.props = self.card.props | {"locked": True}
            await self.card.update()
            self.card = None


class Screen:
    """What one turn shows, in the order of its events."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._step: cl.Step | None = None
        self._stream: cl.Message | None = None
        self._progress: Progress | None = None
        self._state: str | None = None
        self._pause: CheckpointEvent | None = None
        self._failed = False

    async def show(self, event: Event) -> None:
        """Draw one event."""
        if isinstance(event, StateEvent):
            self._state = event.state
        elif isinstance(event, ToolCallEvent):
            run = context.current_run  # where its messages belong as well
            self._step = cl.Step(
                name=event.tool, type="tool", show_input="json", parent_id=run.id if run else None
            )
            self._step.input = event.arguments
            self._step.start = self._step.created_at = utc_now()
            await self._step.send()
        elif isinstance(event, ToolResultEvent) and self._step is not None:
            shown = (
                event.result
                if isinstance(event.result, str)
                else json.dumps(event.result, indent=1, ensure_ascii=False)
            )
            self._step.output = shown[:MAX_SHOWN] + ("\n…" if len(shown) > MAX_SHOWN else "")
            self._step.language = "json" if event.ok else "text"
            self._step.is_error = not event.ok
            self._step.end = utc_now()
            await self._step.update()
        elif isinstance(event, TokenEvent):
            self._stream = self._stream or cl.Message(content="")
            await self._stream.stream_token(event.text)
        elif isinstance(event, ProgressEvent):
            self._progress = self._progress or Progress(self._talk)
            await self._progress.add(event.text)
        elif isinstance(event, MessageEvent):
            await self._message(event)
        elif isinstance(event, CheckpointEvent):
            self._pause = event
        elif isinstance(event, ErrorEvent):
            self._failed = True
            await cl.ErrorMessage(content=event.text).send()

    async def _message(self, event: MessageEvent) -> None:
        streamed = self._stream is not None
        await self._end_stream()
        if streamed and event.kind == "prose":  # it is on the screen already
            return
        card = cards.of_message(event)
        if card:
            await self._talk.send(*card, event.text)
        else:
            await cl.Message(content=event.text).send()

    async def _end_stream(self) -> None:
        if self._stream is not None:
            await self._stream.send()
            self._stream = None

    async def end(self) -> None:
        """The turn is over: its pause becomes the open card, unless the one that is shown is the same."""
        await self._end_stream()
        if self._progress:
            await self._progress.done()
        if self._pause is not None:
            name, props = cards.of_pause(self._pause)
            shown = self._talk.card
            if shown is not None and shown.name == name and shown.props["card"] == props["card"]:
                shown.props = props | {"id": shown.props["id"]}
                await shown.update()
            else:
                await self._talk.open(name, props, self._pause.question)
        elif self._state == "failed":
            await self._talk.open(*cards.of_failure(), "What now?")
        elif not self._failed:
            await self._talk.lock()


class Progress:
    """What takes so long, in one card that grows; what is over sooner than a
    person's patience isn't shown.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._lines: list[tuple[float, str]] = []
        self._began = time.monotonic()
        self._card: cl.CustomElement | None = None
        self._soon = asyncio.create_task(self._begin())

    async def add(self, text: str) -> None:
        """One more line, with the seconds since the first."""
        self._lines.append((time.monotonic() - self._began, text))
        await self._draw(done=False)

    async def done(self) -> None:
        """Nothing more comes."""
        self._soon.cancel()
        await self._draw(done=True)

    async def _begin(self) -> None:
        await asyncio.sleep(PATIENCE_S)
        self._card = await self._talk.send(*cards.of_progress(self._lines, done=False), "")

    async def _draw(self, done: bool) -> None:
        if self._card is not None:
            self._card.props = cards.of_progress(self._lines, done)[1]
            await self._card.update()


def here() -> Any:
    """The browser's session."""
    return context.session


@asynccontextmanager
async def errors_told() -> AsyncIterator[None]:
    """What a person can mend is shown to them, and ends what stands in here."""
    try:
        yield
    except CompassError as error:
        await cl.ErrorMessage(content=str(error)).send()
