"""What a person chooses for a conversation: its profile, and its settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import chainlit as cl
from chainlit.input_widget import Select, TextInput
from chainlit.types import ThreadDict

from agent.ui.runtimes import DEPLOY, PLAN, SIMULATE, Choice, Runtimes
from agent.ui.session import here
from agent.ui.store import Store

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
SETTINGS = ("model", "prices", "cluster")


def profiles(runtimes: Runtimes) -> list[cl.ChatProfile]:
    """Those that are possible here, the first to begin with, and how to begin."""
    starters = [cl.Starter(label=label, message=text) for label, text in STARTERS.items()]
    return [
        cl.ChatProfile(name=name, markdown_description=PROFILES[name], default=n == 0, starters=starters)
        for n, name in enumerate(runtimes.profiles())
    ]


def chosen(runtimes: Runtimes) -> Choice:
    """Of this session: its profile, and what its settings change."""
    session = here()
    settings = session.chat_settings or {}
    changed = {name: str(settings[name]) for name in SETTINGS if settings.get(name) is not None}
    return replace(runtimes.first(session.chat_profile), **changed)


async def offer_settings(runtimes: Runtimes) -> None:
    """Put the settings before the user of this machine; others may choose none of them."""
    if not runtimes.local:
        return
    now = chosen(runtimes)
    models = list(dict.fromkeys([runtimes.settings.model, "auto", "builtin"]))
    clusters = runtimes.clusters()
    widgets: list[Any] = [
        Select(
            id="model",
            label="Model",
            values=models,
            initial_value=now.model,
            description="What reads your words",
        ),
        TextInput(
            id="prices",
            label="Price file",
            initial=now.prices,
            description="A CSV of your own prices, by its path",
        ),
    ]
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
    await cl.ChatSettings(widgets).send()


async def keep_choice(store: Store) -> None:
    """With the thread, so that what was planned for one cluster isn't taken up for another
    after a restart.
    """
    session = here()
    kept = {"chat_profile": session.chat_profile, "chat_settings": session.chat_settings}
    await store.update_thread(session.thread_id, metadata=kept)


def take_up_choice(thread: ThreadDict) -> None:
    """What was kept with the thread counts in this session."""
    session, kept = here(), thread.get("metadata") or {}
    session.chat_profile = kept.get("chat_profile") or session.chat_profile
    session.chat_settings = kept.get("chat_settings") or session.chat_settings
