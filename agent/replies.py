"""A person's answer to one pause."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from agent.moves import BUTTONS
from tools.contract import Contract


def _known(name: str) -> str:
    if name not in BUTTONS:
        raise PydanticCustomError("button", "Input should be one of {names}", {"names": ", ".join(BUTTONS)})
    return name


Button = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(BUTTONS)})]


class Reply(Contract):
    """A person's answer to one pause. Either their words, or a button: a move by name with its arguments."""

    interrupt_id: str
    shown: bool = True
    """Whether whoever replies says that this very pause was before them; words without that can't approve."""
    text: str | None = Field(default=None, max_length=200_000)
    move: Button | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
