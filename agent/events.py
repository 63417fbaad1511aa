"""What a turn tells an interface, in order. The same events reach the terminal,
`--json`, the API and the evaluation. Messages and pauses carry facts for programs, and a card for people.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import Annotated, Any, Literal

from langgraph.config import get_stream_writer
from pydantic import BaseModel, Field, ValidationInfo, computed_field, field_validator

from agent.cards.build import card_of
from agent.cards.card import Card
from agent.cards.facts import MessageFacts, PauseFacts, read


class Event(BaseModel):
    """`event` names the kind; the other fields depend on it."""

    event: Literal[
        "state", "tool_call", "tool_result", "checkpoint", "message", "error", "progress", "token", "model"
    ]

    def line(self) -> str:
        """One line of JSON."""
        values = self.model_dump(mode="json")
        said = {name: value for name, value in values.items() if value is not None}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


class StateEvent(Event):
    """The node that is now at work."""

    event: Literal["state"] = "state"
    state: str


class ToolCallEvent(Event):
    event: Literal["tool_call"] = "tool_call"
    tool: str
    arguments: dict[str, Any]


class ToolResultEvent(Event):
    event: Literal["tool_result"] = "tool_result"
    tool: str
    ok: bool
    result: Any


class MessageEvent(Event):
    """Words to the person; with `details` of that kind, what they tell of, and where words aren't enough
    their `card`.
    """

    event: Literal["message"] = "message"
    text: str
    kind: str | None = None
    details: MessageFacts | None = None

    @field_validator("details", mode="before")
    @classmethod
    def _as_kept(cls, value: Any, info: ValidationInfo) -> Any:
        return read(info.data.get("kind"), value)

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def card(self) -> Card | None:
        return card_of(self.details)


class TokenEvent(Event):
    """A piece of a streamed answer, of an endpoint or of the chat model; the message that follows ends it."""

    event: Literal["token"] = "token"
    text: str


class ModelEvent(Event):
    """What reading the words of this turn took the chat model, and how it went.

    `handed over`: nothing usable came, and the built-in interpreter read them; `failed`: the same,
    because of an error. `removed` counts sentences that held a figure, or claimed a deed, that nothing
    bears out; they weren't shown.
    """

    event: Literal["model"] = "model"
    outcome: Literal["answered", "repaired", "handed over", "failed"]
    calls: int
    input_tokens: int
    output_tokens: int
    duration_ms: float
    removed: int = 0


class ProgressEvent(Event):
    """What takes so long, in plain words."""

    event: Literal["progress"] = "progress"
    text: str


class CheckpointEvent(Event):
    """The conversation waits for the person: what is asked, what may be answered,
    and everything needed to decide, as facts and as a card. Both are missing where a release that
    is long gone has kept them in a form of its own.
    """

    event: Literal["checkpoint"] = "checkpoint"
    state: str
    interrupt_id: str
    question: str
    replies: list[str]
    details: PauseFacts | None

    @field_validator("details", mode="before")
    @classmethod
    def _as_kept(cls, value: Any, info: ValidationInfo) -> Any:
        return read(info.data.get("state"), value)

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def card(self) -> Card | None:
        return card_of(self.details)


class ErrorEvent(Event):
    """The turn failed; nothing was lost, and the conversation goes on."""

    event: Literal["error"] = "error"
    text: str


AnyEvent = Annotated[
    StateEvent
    | ToolCallEvent
    | ToolResultEvent
    | MessageEvent
    | TokenEvent
    | ModelEvent
    | ProgressEvent
    | CheckpointEvent
    | ErrorEvent,
    Field(discriminator="event"),
]
"""One line of `compass chat --json`."""


def emit(event: Event) -> None:
    """From inside a node, to whoever follows the turn."""
    get_stream_writer()(event)
