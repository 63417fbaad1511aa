"""A thread that is opened again: as it was left, with what a killed server didn't store made again from the
engine's own state.
"""

from __future__ import annotations

import asyncio
from typing import Any

import chainlit as cl
from chainlit.element import ElementDict
from chainlit.types import ThreadDict

from agent.storage.tags import Unreadable
from agent.ui.session import errors_told
from agent.ui.store import Store
from agent.ui.talk import Talk
from knowledge.errors import CompassError

DRAWN_AFTER_S = 0.3
"""The browser replaces what it shows by the thread's messages first."""


async def open_again(thread: ThreadDict, talk: Talk, store: Store) -> None:
    """Bring the thread that Chainlit is about to show up to date, and go on from it once it is drawn."""
    await talk.one_at_a_time.acquire()  # until the browser has drawn the thread
    asyncio.create_task(_go_on(talk))  # noqa: RUF006 - the session outlives it
    try:
        position = await asyncio.to_thread(talk.runtime.position, talk.thread)
    except Unreadable:
        position = None  # nothing waits for an answer
    except CompassError:
        return
    # As it is now: a turn may have come first.
    thread.update(await store.get_thread(thread["id"]) or thread)
    waits = position.checkpoint.interrupt_id if position and position.checkpoint else None
    for element in thread.get("elements") or []:
        props = element.get("props") or {}
        failed = props.get("kind") == (position.state if position else None) == "failed"
        is_open = failed or (waits is not None and props.get("interrupt_id") == waits)
        if _settled(props, is_open):
            await store.keep_element(element)
        if is_open:
            talk.shown.card = _card(element, props)


def _settled(props: dict[str, Any], is_open: bool) -> bool:
    """Of the cards of a thread, only the one of the open pause can be answered, and none still works;
    whether this one had to be changed for that.
    """
    before = dict(props)
    if props.get("kind") == "progress":
        props["work"] = (props.get("work") or {}) | {"done": True}
    if props.get("locked") is not None:
        props["locked"] = not is_open
    return props != before


def _card(element: ElementDict, props: dict[str, Any]) -> cl.CustomElement:
    return cl.CustomElement(
        name=str(element["name"]),
        props=props,
        display="inline",
        id=element["id"],
        for_id=element.get("forId"),
    )


async def _go_on(talk: Talk) -> None:
    """What the thread's own messages don't show: the end of a turn that was cut off, or a card that was
    never kept.
    """
    await asyncio.sleep(DRAWN_AFTER_S)
    talk.one_at_a_time.release()
    async with errors_told():
        if not await talk.restore():
            return
        await cl.context.emitter.task_start()
        try:
            await talk.follow(lambda runtime, caller: runtime.resume(talk.thread, caller))
        finally:
            await cl.context.emitter.task_end()
