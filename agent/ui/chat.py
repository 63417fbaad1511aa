"""What happens in the chat: a page opens, somebody writes, presses a button, comes
back, stops or changes a setting.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

import chainlit as cl
from chainlit.types import ThreadDict
from pydantic import ValidationError

from agent.cards.build import card_of
from agent.cards.charts import CurveQuery
from agent.threads import runtime_thread
from agent.ui.choosing import chosen, keep_choice, offer_settings, profiles, take_up_choice
from agent.ui.coming_back import open_again
from agent.ui.curve import curve
from agent.ui.pressed import Said, pressed
from agent.ui.runtimes import Runtimes
from agent.ui.session import errors_told, here
from agent.ui.store import Store
from agent.ui.talk import Talk, Turn
from knowledge.errors import CompassError
from tools.deploying.listing import owned_by
from tools.get_status import StatusQuery
from tools.records import watched

Answer = dict[str, Any]


def install(runtimes: Runtimes, store: Store) -> None:
    """Tell Chainlit what to call. Once in a process."""
    chat = Chat(runtimes, store)
    cl.data_layer(lambda: store)
    cl.set_chat_profiles(chat.profiles)
    cl.on_chat_start(chat.start)
    cl.on_chat_resume(chat.come_back)
    cl.on_settings_update(chat.change_settings)
    cl.on_message(chat.hear)
    cl.on_stop(chat.stop)
    actions = {"reply": chat.press, "say": chat.say, "look": chat.look, "curve": chat.curve}
    for name, action in actions.items():
        cl.action_callback(name)(_or_why_not(action))


class Chat:
    """Each method is called for one browser's session."""

    def __init__(self, runtimes: Runtimes, store: Store) -> None:
        self._runtimes = runtimes
        self._store = store
        self._talks: WeakKeyDictionary[Any, Talk] = WeakKeyDictionary()

    async def profiles(self, user: cl.User | None, language: str | None = None) -> list[cl.ChatProfile]:
        """What a new chat can begin as."""
        return profiles(self._runtimes)

    async def start(self) -> None:
        """A page opens on a new chat."""
        await offer_settings(self._runtimes)

    async def change_settings(self, values: dict[str, Any]) -> None:
        """From the next turn on."""
        try:
            runtime = await asyncio.to_thread(self._runtimes.of, chosen(self._runtimes))
        except CompassError as error:
            await cl.ErrorMessage(content=f"{error} The settings before stay in use.").send()
            return
        (await self._talk()).runtime = runtime
        await keep_choice(self._store)
        await cl.context.emitter.send_toast(f"Your words are read by {runtime.chosen.label}.")

    async def hear(self, message: cl.Message) -> None:
        """Somebody wrote."""
        async with errors_told():
            talk = await self._talk()
            await keep_choice(self._store)
            await talk.follow(said(talk, message.content))

    async def press(self, action: cl.Action) -> Answer:
        """A button of a card: a move, for the pause that the card shows."""
        reply, label = pressed(action.payload)
        talk = await self._talk()
        await self._follow_aside(
            talk, lambda runtime, caller: runtime.reply(talk.thread, reply, caller), label
        )
        return {}

    async def say(self, action: cl.Action) -> Answer:
        """A suggestion that was taken up: as if it had been written."""
        text = Said.model_validate(action.payload).text
        talk = await self._talk()
        await self._follow_aside(talk, said(talk, text), text)
        return {}

    async def look(self, action: cl.Action) -> Answer:
        """How a deployment does now, for a card that refreshes itself."""
        talk = await self._talk()
        name = str(action.payload.get("name"))
        cluster, database = talk.runtime.cluster, talk.runtime.database
        if not await asyncio.to_thread(owned_by, talk.actor, name, cluster, database):
            raise CompassError(f"There is no deployment {name} of yours.")
        found = await asyncio.to_thread(watched, StatusQuery(name=name), cluster, database)
        card = card_of(found)
        return {"card": card and card.model_dump(mode="json"), "at": time.strftime("%H:%M:%S")}

    async def curve(self, action: cl.Action) -> Answer:
        """Latency against rate of one option."""
        query = CurveQuery.model_validate(action.payload)
        talk = await self._talk()
        found = await asyncio.to_thread(curve, query, talk.runtime.database)
        return found.model_dump(mode="json")

    async def stop(self) -> None:
        """The person no longer waits."""
        (await self._talk()).stop()

    async def come_back(self, thread: ThreadDict) -> None:
        """A page opens on a thread that is there."""
        take_up_choice(thread)
        await offer_settings(self._runtimes)
        async with errors_told():
            await open_again(thread, await self._talk(), self._store)

    async def _talk(self) -> Talk:
        """This session's. Raises CompassError for settings that can't be used."""
        session = here()
        if session not in self._talks:
            actor = session.user.identifier if session.user else self._runtimes.settings.actor
            thread = runtime_thread(actor, session.thread_id)
            runtime = await asyncio.to_thread(self._runtimes.of, chosen(self._runtimes))
            # A button may have been pressed while the thread was opened again.
            self._talks.setdefault(session, Talk(thread, actor, runtime, self._store))
        return self._talks[session]

    async def _follow_aside(self, talk: Talk, turn: Turn, label: str) -> None:
        """As Chainlit does for words: shown as the person's message, with a spinner, and to be stopped."""
        session = here()
        name = session.user.identifier if session.user else "You"
        await cl.Message(content=label, author=name, type="user_message").send()
        await cl.context.emitter.task_start()

        async def run() -> None:
            try:
                async with errors_told():
                    await talk.follow(turn)
            finally:
                await cl.context.emitter.task_end()

        session.current_task = asyncio.create_task(run())


def said(talk: Talk, text: str) -> Turn:
    """Words, about the pause that this browser shows when they are said."""
    shown = talk.shown.interrupt_id
    return lambda runtime, caller: runtime.say(talk.thread, text, shown, caller)


def _or_why_not(action: Callable[[cl.Action], Awaitable[Answer]]) -> Callable[[cl.Action], Awaitable[Answer]]:
    """What a card gets back holds `error`, in a sentence, if nothing was done."""

    async def answer(pressed: cl.Action) -> Answer:
        try:
            return await action(pressed)
        except CompassError as error:
            return {"error": str(error)}
        except ValidationError as error:
            return {"error": f"That button sent something that can't be: {error.errors()[0]['msg']}."}

    return answer
