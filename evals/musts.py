"""What must be true of what somebody asked for: lines in words, each with how it is seen, or what it
waits for.

A line is seen in records: the specification, the options, the manifests' arguments. Where the words that
lead there aren't understood yet, it is seen in a plan of the same specification, written down.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

About = Literal["planning", "words", "serving"]
ABOUT: tuple[About, ...] = get_args(About)
WaitsFor = Literal[
    "what hardware takes",
    "ways to split",
    "instance types",
    "volumes",
    "the reader",
    "refusals in words",
    "adapters",
    "tool calls",
    "bounds of autoscaling",
]
"""What has to be built before a line can hold."""


class Seen(BaseModel):
    """Where a line is seen. `shows`, `says` and `says_not` are as a turn's expectations.

    A turn shows what its pause shows, and beside that `fields` (of the specification, what stems from the
    person), `state`, `tools` (names of what was called), `results` (of tools, by name), `told` (the facts of
    its messages, by kind), and `arguments` (of the vLLM in the manifests, by name). A specification that is
    written down shows its plan, its `fields`, and the first option's `arguments`; where it can't be planned,
    `refused` says why.
    """

    model_config = ConfigDict(extra="forbid")

    turn: int | None = Field(default=None, ge=1)
    specification: dict[str, Any] | None = None
    """Values of a change of a specification in which nothing is said yet."""
    shows: dict[str, Any] = {}
    says: list[str] = []
    says_not: list[str] = []

    @model_validator(mode="after")
    def _somewhere(self) -> Seen:
        if (self.turn is None) == (self.specification is None):
            raise ValueError("a line is seen either in a `turn` or in a `specification`")
        if not (self.shows or self.says or self.says_not):
            raise ValueError("nothing is said of what is seen there")
        if self.turn is None and (self.says or self.says_not):
            raise ValueError("a specification that is written down says nothing")
        return self


class Must(BaseModel):
    """One line. While it waits for something it is counted, and nothing of it is held against Compass."""

    model_config = ConfigDict(extra="forbid")

    must: str
    about: About
    seen: list[Seen] = []
    waits_for: WaitsFor | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Must:
        if not self.seen and self.waits_for is None:
            raise ValueError("a line has `seen`, or what it `waits_for`")
        return self
