"""The seam between a conversation and what reads the person's words in it: the rules, or a chat model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from langchain_core.messages import ToolCall, ToolMessage

from agent.events import Event
from agent.moves import Move, Stage
from agent.state import ConversationState
from agent.words.prose import Prose


class Hearing(Protocol):
    """What a reader may do in the conversation in which the words were said."""

    def unless_stopped(self) -> None:
        """Raises Stopped if the person doesn't want to wait any longer."""

    def look_up(self, call: ToolCall) -> ToolMessage:
        """What a read-only tool answers."""

    def answer(self, pieces: Iterator[str], words: str) -> Prose:
        """Say in words of the reader's own what is borne out; what was left out is counted in the result."""

    def tell(self, event: Event) -> None:
        """How the reading goes, to whoever follows the turn."""


class Reader(Protocol):
    def read(
        self, words: str, stage: Stage, state: ConversationState, hearing: Hearing | None = None
    ) -> Move:
        """Which move the words are, of those that the stage offers; `Unclear` with a question if none.
        Without a `hearing` a reader does nothing but read.
        """
