"""What happens in the chat: a page opens, somebody writes, presses a button, comes
back, stops or changes a setting.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Literal
from weakref import WeakKeyDictionary

import chainlit as cl
from chainlit.element import ElementDict
from chainlit.input_widget import Select, TextInput
from chainlit.types import ThreadDict
from pydantic import Field, ValidationError

from agent.moves import EditSpecification, Explore
from agent.replies import Reply
from agent.storage.tags import Unreadable
from agent.threads import runtime_thread
from agent.ui.curve import CurveQuery, curve
from agent.ui.runtimes import DEPLOY, PLAN, SIMULATE, Choice, Runtimes
from agent.ui.store import Store
from agent.ui.turns import Talk, here
from agent.words.checks import change_or_problem
from knowledge.errors import CompassError
from tools.contract import Contract
from tools.deploying.listing import owned_by
from tools.get_status import StatusQuery, get_status

RESUME_AFTER_S = 0.3
"""The browser replaces what it shows by the thread's messages first."""
STARTERS = {
    "A support chatbot": "I need a chatbot for 1000 users, low latency critical",
    "Code completion": "Code completion for 300 developers, as fast as possible",
    "Answers from documents": "RAG over our documents for 2000 users, accuracy matters most",
    "Overnight summaries": "Summarise 20k long documents a day, cost matters most",
}
PROFILES = {
    PLAN: "Understand, plan and export. Nothing can be applied.",
    SIMULATE: "Everything, on a simulated cluster: no GPU and no cluster needed.",
    DEPLOY: "Everything, on a real cluster. Nothing is applied before you approve it.",
}


class Pressed(Contract):
    """A button of a card: a move with its arguments; `label` is what it says."""

    interrupt_id: str = Field(max_length=200)
    move: str = Field(max_length=40)
    arguments: dict[str, Any] = Field(default_factory=dict)
    label: str = Field(max_length=200)


class Said(Contract):
    """A suggestion that was taken up."""

    text: str = Field(max_length=20_000)


def install(runtimes: Runtimes, store: Store) -> None:
    """Tell Chainlit what to call. Once in a process."""
    talks: WeakKeyDictionary[Any, Talk] = WeakKeyDictionary()

    def choice() -> Choice:
        session = here()
        first = runtimes.first(session.chat_profile)
        chosen = {
            k: str(v)
            for k, v in (session.chat_settings or {}).items()
            if k in ("model", "prices", "cluster") and v is not None
        }
        return Choice(
            **(
                {
                    "profile": first.profile,
                    "model": first.model,
                    "prices": first.prices,
                    "cluster": first.cluster,
                }
                | chosen
            )
        )

    async def talk() -> Talk:
        session = here()
        if session not in talks:
            actor = session.user.identifier if session.user else runtimes.settings.actor
            thread = runtime_thread(actor, session.thread_id)
            made = Talk(thread, actor, await asyncio.to_thread(runtimes.of, choice()), store)
            talks.setdefault(
                session, made
            )  # a button may have been pressed while the thread was opened again
        return talks[session]

    async def follow(turn: Any) -> None:
        try:
            await (await talk()).follow(turn)
        except CompassError as error:
            await cl.ErrorMessage(content=str(error)).send()

    async def follow_from_button(turn: Any, label: str) -> None:
        """As Chainlit does for words: shown as the person's message, with a spinner, and to be stopped."""
        session = here()
        name = session.user.identifier if session.user else "You"
        await cl.Message(content=label, author=name, type="user_message").send()
        await cl.context.emitter.task_start()

        async def run() -> None:
            try:
                await follow(turn)
            finally:
                await cl.context.emitter.task_end()

        session.current_task = asyncio.create_task(run())

    async def offer_settings() -> None:
        now = choice()
        models = list(dict.fromkeys([runtimes.settings.model, "auto", "builtin"]))
        widgets: list[Any] = [
            Select(
                id="model",
                label="Model",
                values=models,
                initial_value=now.model,
                description="What reads your words",
            ),
        ]
        if runtimes.local:
            widgets.append(
                TextInput(
                    id="prices",
                    label="Price file",
                    initial=now.prices,
                    description="A CSV of your own prices, by its path",
                )
            )
            clusters = runtimes.clusters()
            if clusters:
                widgets.append(
                    Select(
                        id="cluster",
                        label="Cluster",
                        values=clusters,
                        initial_value=now.cluster,
                        description=DEPLOY,
                    )
                )
        if runtimes.local:
            await cl.ChatSettings(widgets).send()

    async def keep_choice() -> None:
        """With the thread, so that what was planned for one cluster isn't taken up
        for another after a restart.
        """
        session = here()
        kept = {"chat_profile": session.chat_profile, "chat_settings": session.chat_settings}
        await store.update_thread(session.thread_id, metadata=kept)

    @cl.data_layer
    def data_layer() -> Store:
        return store

    @cl.set_chat_profiles
    async def profiles(user: cl.User | None, language: str | None = None) -> list[cl.ChatProfile]:
        starters = [cl.Starter(label=label, message=text) for label, text in STARTERS.items()]
        return [
            cl.ChatProfile(name=name, markdown_description=PROFILES[name], default=n == 0, starters=starters)
            for n, name in enumerate(runtimes.profiles())
        ]

    @cl.on_chat_start
    async def start() -> None:
        await offer_settings()

    @cl.on_settings_update
    async def change_settings(values: dict[str, Any]) -> None:
        try:
            chosen = await asyncio.to_thread(runtimes.of, choice())
        except CompassError as error:
            await cl.ErrorMessage(content=f"{error} The settings before stay in use.").send()
            return
        (await talk()).runtime = chosen
        await keep_choice()
        await cl.context.emitter.send_toast(f"Your words are read by {chosen.chosen.label}.")

    @cl.on_message
    async def hear(message: cl.Message) -> None:
        try:
            current = await talk()
        except CompassError as error:
            await cl.ErrorMessage(content=str(error)).send()
            return
        await keep_choice()
        shown = current.interrupt_id
        await follow(lambda runtime, caller: runtime.say(current.thread, message.content, shown, caller))

    @cl.action_callback("reply")
    async def press(action: cl.Action) -> dict[str, Any]:
        try:
            pressed = Pressed.model_validate(action.payload)
        except ValidationError as error:
            return _cant_be(error)
        kind = {"EditSpecification": EditSpecification, "Explore": Explore}.get(pressed.move)
        checked = change_or_problem(kind, pressed.arguments) if kind else None
        if isinstance(checked, str):
            return {"error": checked}
        arguments = (
            checked.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
            if checked
            else pressed.arguments
        )
        try:
            reply = Reply.model_validate(
                {"interrupt_id": pressed.interrupt_id, "move": pressed.move, "arguments": arguments}
            )
        except ValidationError:
            return {"error": f"{pressed.move} is nothing that a button can say."}
        current = await talk()
        await follow_from_button(
            lambda runtime, caller: runtime.reply(current.thread, reply, caller), pressed.label
        )
        return {}

    @cl.action_callback("say")
    async def say(action: cl.Action) -> dict[str, Any]:
        try:
            text = Said.model_validate(action.payload).text
        except ValidationError as error:
            return _cant_be(error)
        current = await talk()
        shown = current.interrupt_id
        await follow_from_button(
            lambda runtime, caller: runtime.say(current.thread, text, shown, caller), text
        )
        return {}

    @cl.action_callback("look")
    async def look(action: cl.Action) -> dict[str, Any]:
        """How a deployment does now, for a card that refreshes itself."""
        current = await talk()
        name = str(action.payload.get("name"))
        runtime = current.runtime
        if not await asyncio.to_thread(owned_by, current.actor, name, runtime.cluster, runtime.database):
            return {"error": f"There is no deployment {name} of yours."}
        try:
            found = await asyncio.to_thread(
                get_status, StatusQuery(name=name), runtime.cluster, runtime.database
            )
        except CompassError as error:
            return {"error": str(error)}
        return {"status": found.model_dump(mode="json"), "at": time.strftime("%H:%M:%S")}

    @cl.action_callback("curve")
    async def latencies(action: cl.Action) -> dict[str, Any]:
        """Latency against rate of one option."""
        try:
            query = CurveQuery.model_validate(action.payload)
            current = await talk()
            return await asyncio.to_thread(curve, query, current.runtime.database)
        except (ValidationError, CompassError) as error:
            return {"error": str(error)}

    @cl.on_stop
    async def stop() -> None:
        (await talk()).stop()

    @cl.on_chat_resume
    async def come_back(thread: ThreadDict) -> None:
        """The thread as it was left; what a killed server didn't store of it is made
        again from the engine's own state.
        """
        session = here()
        kept = thread.get("metadata") or {}
        session.chat_profile = kept.get("chat_profile") or session.chat_profile
        session.chat_settings = kept.get("chat_settings") or session.chat_settings
        await offer_settings()
        try:
            current = await talk()
        except CompassError as error:
            await cl.ErrorMessage(content=str(error)).send()
            return
        await current.one_at_a_time.acquire()  # until the browser has drawn the thread
        asyncio.create_task(after_resume(current))  # noqa: RUF006 - the session outlives it
        try:
            position = await asyncio.to_thread(current.runtime.position, current.thread)
        except Unreadable:
            position = None  # nothing waits for an answer
        except CompassError:
            return
        thread.update(
            await store.get_thread(thread["id"]) or thread
        )  # as it is now: a turn may have come first
        waits = position.checkpoint.interrupt_id if position and position.checkpoint else None
        for element in thread.get("elements") or []:
            await settle(element, waits, position.state if position else None, current)

    async def settle(element: ElementDict, waits: str | None, state: str | None, current: Talk) -> None:
        """Of the cards of a thread, only the one of the open pause can be answered."""
        props = element.get("props") or {}
        details = props.get("details") or {}
        is_open = (waits is not None and props.get("interrupt_id") == waits) or (
            props.get("kind") == state == "failed"
        )
        changed: Literal[True] | None = None
        if props.get("kind") == "progress" and not details.get("done"):
            props["details"], changed = details | {"done": True}, True
        if props.get("locked") is not None and props["locked"] == is_open:
            props["locked"], changed = not is_open, True
        if changed:
            await store.keep_element(element)
        if is_open:
            current.card = cl.CustomElement(
                name=str(element["name"]),
                props=props,
                display="inline",
                id=element["id"],
                for_id=element.get("forId"),
            )

    async def after_resume(current: Talk) -> None:
        """What the thread's own messages don't show: the end of a turn that was cut off,
        or a card that was never kept.
        """
        await asyncio.sleep(RESUME_AFTER_S)
        current.one_at_a_time.release()
        try:
            cut_off = await current.restore()
        except CompassError as error:
            await cl.ErrorMessage(content=str(error)).send()
            return
        if not cut_off:
            return
        await cl.context.emitter.task_start()
        try:
            await current.follow(lambda runtime, caller: runtime.resume(current.thread, caller))
        finally:
            await cl.context.emitter.task_end()


def _cant_be(error: ValidationError) -> dict[str, Any]:
    return {"error": f"That button sent something that can't be: {error.errors()[0]['msg']}."}
