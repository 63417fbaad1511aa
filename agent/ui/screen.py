"""What one turn shows in a browser: its events as steps, messages and cards."""

from __future__ import annotations

import asyncio
import json
import time

import chainlit as cl
from chainlit.context import context
from chainlit.utils import utc_now

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
from agent.ui import cards
from agent.ui.shown import Shown

PATIENCE_S = 0.7
MAX_SHOWN = 20_000
"""Characters of a tool's result in its step."""


class Screen:
    """What one turn shows, in the order of its events."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._step: cl.Step | None = None
        self._stream: cl.Message | None = None
        self._progress: Progress | None = None
        self._state: str | None = None
        self._pause: CheckpointEvent | None = None
        self._failed = False

    async def show(self, event: Event) -> None:
        """Draw one event."""
        match event:
            case StateEvent():
                self._state = event.state
            case ToolCallEvent():
                await self._call(event)
            case ToolResultEvent():
                await self._result(event)
            case TokenEvent():
                self._stream = self._stream or cl.Message(content="")
                await self._stream.stream_token(event.text)
            case ProgressEvent():
                self._progress = self._progress or Progress(self._shown)
                await self._progress.add(event.text)
            case MessageEvent():
                await self._message(event)
            case CheckpointEvent():
                self._pause = event
            case ErrorEvent():
                self._failed = True
                await cl.ErrorMessage(content=event.text).send()

    async def _call(self, event: ToolCallEvent) -> None:
        run = context.current_run  # where its messages belong as well
        parent = run.id if run else None
        self._step = cl.Step(name=event.tool, type="tool", show_input="json", parent_id=parent)
        self._step.input = event.arguments
        self._step.start = self._step.created_at = utc_now()
        await self._step.send()

    async def _result(self, event: ToolResultEvent) -> None:
        if self._step is None:
            return
        told = event.result
        text = told if isinstance(told, str) else json.dumps(told, indent=1, ensure_ascii=False)
        self._step.output = text[:MAX_SHOWN] + ("\n…" if len(text) > MAX_SHOWN else "")
        self._step.language = "json" if event.ok else "text"
        self._step.is_error = not event.ok
        self._step.end = utc_now()
        await self._step.update()

    async def _message(self, event: MessageEvent) -> None:
        streamed = self._stream is not None
        await self._end_stream()
        if streamed and event.kind == "prose":  # it is on the screen already
            return
        card = cards.of_message(event)
        if card:
            await self._shown.send(*card, event.text)
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
            open_card = self._shown.card
            if open_card and open_card.name == name and open_card.props["card"] == props["card"]:
                open_card.props = props | {"id": open_card.props["id"]}
                await open_card.update()
            else:
                await self._shown.open(name, props, self._pause.question)
        elif self._state == "failed":
            await self._shown.open(*cards.of_failure(), "What now?")
        elif not self._failed:
            await self._shown.lock()


class Progress:
    """What takes so long, in one card that grows; what is over sooner than a
    person's patience isn't shown.
    """

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
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
        self._card = await self._shown.send(*cards.of_progress(self._lines, done=False), "")

    async def _draw(self, done: bool) -> None:
        if self._card is not None:
            self._card.props = cards.of_progress(self._lines, done)[1]
            await self._card.update()
