"""Whether a model thinks before it answers, how vLLM is told, and what is planned
for it where nothing is said.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.entries import Entry

ThinkingMode = Literal["off", "on"]
"""off: a model answers at once; on: it writes down its thoughts first."""
MODES: dict[ThinkingMode, str] = {"off": "without thinking", "on": "with thinking"}


class ThinkingDefaults(BaseModel):
    """The mode that is planned where nothing is said, and the tokens of one request where it is on.

    `answer_tokens` where it differs from the profile's output: no benchmark has room
    for thoughts beside that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: ThinkingMode
    thinking_tokens: int = Field(gt=0, le=100_000)
    answer_tokens: int | None = Field(default=None, gt=1, le=100_000)


class Thinking(Entry):
    """Which modes a model has, and how vLLM is told.

    `argument` of its chat template switches them where both are there; `reasoning_parser`, by vLLM's name,
    keeps the thoughts out of the answers. A model that can think and has no parser is served without thinking
    alone: its users would read the thoughts.
    """

    modes: Literal["never", "always", "switchable"]
    argument: str | None
    unless_told: ThinkingMode
    """What its chat template does where nobody says anything."""
    reasoning_parser: str | None

    @model_validator(mode="after")
    def _can_be_told(self) -> Thinking:
        if (self.argument is not None) != (self.modes == "switchable"):
            raise ValueError("argument is what switches the modes of a model that has both, and of no other")
        if (self.reasoning_parser is None and self.modes == "always") or (
            self.reasoning_parser and self.modes == "never"
        ):
            raise ValueError(
                "reasoning_parser is needed for what always thinks, and has no use for what never does"
            )
        return self

    def mode(self, wanted: ThinkingMode) -> ThinkingMode:
        """What such a model is served in where this is wanted."""
        if self.modes == "always":
            return "on"
        return wanted if self.modes == "switchable" and self.reasoning_parser else "off"

    def arguments(self, mode: ThinkingMode) -> list[str]:
        """Of `vllm serve`, so that it serves this mode where a request says nothing, and
        thoughts never come as part of an answer.
        """
        parser = [f"--reasoning-parser={self.reasoning_parser}"] if self.reasoning_parser else []
        switch = json.dumps({self.argument: self.mode(mode) == "on"}) if self.argument else None
        return [*parser, *([f"--default-chat-template-kwargs={switch}"] if switch else [])]


def mode_in_words(thinking: Thinking | None, mode: ThinkingMode | None) -> str:
    """Of a model that is served in `mode`."""
    if thinking is None or mode is None:
        return "thinking unknown"
    if thinking.modes != "switchable":
        return f"{thinking.modes} thinks"
    return f"thinking {mode}"
