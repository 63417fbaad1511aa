"""What a card's buttons send: checked before anything of it counts."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationError

from agent.moves import EditSpecification, Explore
from agent.replies import Reply
from agent.words.checks import change_or_problem
from knowledge.errors import CompassError
from tools.contract import Contract

CHANGES = {"EditSpecification": EditSpecification, "Explore": Explore}
"""Moves with figures of the person's own, about which one wants to be told what would be accepted."""


class Pressed(Contract):
    """A move with its arguments; `label` is what the button says."""

    interrupt_id: str = Field(max_length=200)
    move: str = Field(max_length=40)
    arguments: dict[str, Any] = Field(default_factory=dict)
    label: str = Field(max_length=200)


class Said(Contract):
    """A suggestion that was taken up."""

    text: str = Field(max_length=20_000)


def pressed(payload: dict[str, Any]) -> tuple[Reply, str]:
    """The reply of a button, and its label. Raises ValidationError or CompassError for what can't be said."""
    sent = Pressed.model_validate(payload)
    arguments = sent.arguments
    if sent.move in CHANGES:
        change = change_or_problem(CHANGES[sent.move], arguments)
        if isinstance(change, str):
            raise CompassError(change)
        arguments = change.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    try:
        reply = Reply.model_validate(
            {"interrupt_id": sent.interrupt_id, "move": sent.move, "arguments": arguments}
        )
    except ValidationError:
        raise CompassError(f"{sent.move} is nothing that a button can say.") from None
    return reply, sent.label
