"""From an event of the engine to a card of the chat: which element draws it, and what it is given."""

from __future__ import annotations

import secrets
from typing import Any

from agent.cards.build import card_of, earlier, failure
from agent.cards.card import Card
from agent.cards.facts import read
from agent.cards.parts import Row, Work
from agent.events import CheckpointEvent, MessageEvent

ELEMENTS = {"specification": "Specification", "options": "Options", "running": "Running"}
"""Kind of a card, to the file in `web/elements` that draws it; all others are drawn by PLAIN."""
PLAIN, PROGRESS = "Told", "Progress"
AFTER_A_FAILURE = ["retry", "keep it", "roll back", "options", "start over"]
Props = dict[str, Any]


def of_pause(event: CheckpointEvent) -> tuple[str, Props]:
    """The card of a pause: open until it is answered."""
    card = event.card or earlier(event.question)
    return _element(card), _props(event.state, card, event.interrupt_id, event.replies)


def of_message(event: MessageEvent) -> tuple[str, Props] | None:
    """The card of a message, to look at only; None if words are enough."""
    if event.card is None:
        return None
    return _element(event.card), _props(event.kind, event.card) | {"locked": True}


def of_failure() -> tuple[str, Props]:
    """What can be done after a failure, which is no pause: each button says its words."""
    return PLAIN, _props("failed", failure(), replies=AFTER_A_FAILURE)


def of_progress(lines: list[tuple[float, str]], done: bool) -> tuple[str, Props]:
    """What takes so long; `lines` of the seconds since it began, and the words."""
    work = Work(lines=[Row(label=f"{at_s:,.1f} s", text=text) for at_s, text in lines], done=done)
    return PROGRESS, _props("progress") | {"work": work.model_dump(mode="json"), "locked": True}


def renewed(element: dict[str, Any]) -> dict[str, Any]:
    """A card as it was kept, for today's elements: earlier releases kept facts, which each put in words."""
    props = element.get("props") or {}
    kind, details = props.get("kind"), props.get("details")
    if not isinstance(details, dict) or "card" in props:
        return element
    if kind == "progress":
        lines = [(float(line["at_s"]), str(line["text"])) for line in details.get("lines", [])]
        name, made = of_progress(lines, bool(details.get("done")))
    else:
        facts = read(kind, {k: v for k, v in details.items() if k not in ("title", "fields")})
        card = failure() if kind == "failed" else card_of(facts) or earlier("")
        name, made = _element(card), _props(kind, card)
    return element | {"name": name, "props": made | {k: v for k, v in props.items() if k != "details"}}


def _element(card: Card) -> str:
    return ELEMENTS.get(card.kind, PLAIN)


def _props(
    kind: str | None,
    card: Card | None = None,
    interrupt_id: str | None = None,
    replies: list[str] | None = None,
) -> Props:
    """`id` is the card's own, for what a person has begun to type into it."""
    return {
        "id": secrets.token_hex(8),
        "kind": kind,
        "card": card.model_dump(mode="json") if card else None,
        "interrupt_id": interrupt_id,
        "replies": replies or [],
        "locked": False,
    }
