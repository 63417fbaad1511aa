"""From an event of the engine to a card of the chat: which one draws it, and what it is given."""

from __future__ import annotations

import secrets
from typing import Any

from pydantic import BaseModel

from agent.events import CheckpointEvent, MessageEvent
from agent.ui.fields import editable
from knowledge.catalogue import use_cases
from tools.specification import Specification

CARDS = {
    "specification_review": "Specification",
    "presenting_options": "Options",
    "configuration_finalized": "Approval",
    "basic_monitoring": "Running",
    "manifests": "Manifests",
    "status": "Status",
    "validation": "Validation",
    "kept": "Plans",
}
"""Kind of a pause or of a message's details, to the file in `web/elements` that draws it."""
Props = dict[str, Any]


def of_pause(event: CheckpointEvent) -> tuple[str, Props]:
    """The card of a pause: open until it is answered."""
    return CARDS[event.state], _props(event.state, event.details, event.interrupt_id, event.replies)


def of_message(event: MessageEvent) -> tuple[str, Props] | None:
    """The card of a message's details, to look at only; None if words are enough."""
    if event.kind not in CARDS or event.card is None:
        return None
    return CARDS[event.kind], _props(event.kind, event.details) | {"locked": True}


def of_failure() -> tuple[str, Props]:
    """What can be done after a failure, which is no pause: each button says its words."""
    return "Choices", _props("failed", {}, replies=["retry", "keep it", "roll back", "options", "start over"])


def of_progress(lines: list[dict[str, Any]], done: bool) -> tuple[str, Props]:
    """What takes so long; `lines` of `text` and `at_s`, the seconds since it began."""
    return "Progress", _props("progress", {"lines": lines, "done": done}) | {"locked": True}


def _props(
    kind: str,
    details: BaseModel | dict[str, Any] | None,
    interrupt_id: str | None = None,
    replies: list[str] | None = None,
) -> Props:
    """`id` is the card's own, for what a person has begun to type into it."""
    return {
        "id": secrets.token_hex(8),
        "kind": kind,
        "details": _prepared(
            kind, details.model_dump(mode="json") if isinstance(details, BaseModel) else details or {}
        ),
        "interrupt_id": interrupt_id,
        "replies": replies or [],
        "locked": False,
    }


def _prepared(kind: str, details: dict[str, Any]) -> dict[str, Any]:
    if kind not in ("specification_review", "presenting_options"):
        return details
    specification = Specification.model_validate(details["specification"])
    title = use_cases()[specification.intent.use_case or ""].title
    more = (
        {"title": title, "fields": editable(specification)}
        if kind == "specification_review"
        else {"title": title}
    )
    return details | more
