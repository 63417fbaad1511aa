"""The cards that one browser shows of one conversation: at most one of them is open."""

from __future__ import annotations

from typing import Any, cast

import chainlit as cl
from chainlit.utils import utc_now

from agent.ui import cards
from agent.ui.store import Store


class Shown:
    """`card` is that of the open pause, or of what can be done after a failure."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.card: cl.CustomElement | None = None

    @property
    def interrupt_id(self) -> str | None:
        """Of the pause that this browser shows as open."""
        found = self.card.props.get("interrupt_id") if self.card else None
        return str(found) if found else None

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
        await self._store.create_step(message.to_dict())
        await self._store.create_element(element)
        await message.send()
        return element

    async def lock(self) -> None:
        """The open card was answered, or is no longer what the conversation waits for."""
        if self.card is not None:
            self.card.props = self.card.props | {"locked": True}
            await self.card.update()
            self.card = None
