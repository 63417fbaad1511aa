"""What a turn tells an interface, in order. The same events reach the terminal,
`--json`, the API and the evaluation.
"""

from __future__ import annotations

from typing import Any, Literal

from langgraph.config import get_stream_writer
from pydantic import BaseModel


class Event(BaseModel):
    """`event` names the kind; the other fields depend on it."""

    event: Literal[
        "state", "tool_call", "tool_result", "checkpoint", "message", "error", "progress", "token", "model"
    ]

    def line(self) -> str:
        """One line of JSON."""
        return self.model_dump_json(exclude_none=True)


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
    """Words to the person; `details`, if given, is shown with them as a table or card of that kind."""

    event: Literal["message"] = "message"
    text: str
    kind: str | None = None
    details: dict[str, Any] | None = None


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
    and everything needed to decide.
    """

    event: Literal["checkpoint"] = "checkpoint"
    state: str
    interrupt_id: str
    question: str
    replies: list[str]
    details: dict[str, Any]


class ErrorEvent(Event):
    """The turn failed; nothing was lost, and the conversation goes on."""

    event: Literal["error"] = "error"
    text: str


def emit(event: Event) -> None:
    """From inside a node, to whoever follows the turn."""
    get_stream_writer()(event)
