"""What a chat model says in its own words, before a person sees it: sentence by sentence, without
figures that nothing bears out.

A sentence is left out, and counted, if it holds a figure that stems from no tool result, from nothing
of the plan and from no word of the person, or if it claims a deed: a model does nothing, so whatever
it says it has done is untrue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from pydantic import BaseModel

from agent.models.builtin.glossary import GLOSSARY
from agent.state import ConversationState
from agent.storage.story import Story
from agent.words.figures import Sources, ungrounded

MAX_CHARACTERS = 2000
"""More than this of a model's prose isn't shown."""
_CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffd]"
)
_END = re.compile(r"(?<=[.!?])[\"”')]*\s+(?=[A-Z“\"'(\d])|\n+")
_DEED = (
    r"(?:approv|deploy|appl(?:y|ied|ies)|delet|remov|scal|roll|chang|updat|set"
    r"|creat|start|stopp?|launch|configur|provision|install)\w*"
)
_CLAIM = re.compile(
    r"\b(?:i|i've|we|we've)\b(?: have| had| just| already| now| also| successfully| am| 'm|'ve| will| 'll)*"
    rf" {_DEED}\b"
    r"|\b(?:has|have|was|were|is|are|been)(?: now| been| just| already| successfully)*"
    r" (?:approved|deployed|applied|deleted|scaled|rolled|launched)\b"
    r"|\b(?:is|are)(?: now| already)? (?:live|up|running)\b|^(?:done|deployed|approved|applied)\b",
    re.IGNORECASE,
)


def sources_of(state: ConversationState, record: list[AnyMessage], words: str, story: Story) -> Sources:
    """Where a figure may come from in this conversation: tools' results, the plan as it
    is, what the person said, our glossary.
    """
    sources = Sources().add(words)
    for result in story.returned():
        sources.add(result)
    latest = [*state.get("messages", []), *record]
    known = {message.id for message in latest}
    for message in [*(m for m in story.messages() if m.id not in known), *latest]:
        if isinstance(message, HumanMessage | ToolMessage) or (
            isinstance(message, AIMessage) and message.content
        ):
            sources.add(str(message.text))
    for value in state.values():
        _add(value, sources)
    for _, meaning in GLOSSARY.values():
        sources.add(meaning)
    return sources


def _add(value: Any, sources: Sources) -> None:
    if isinstance(value, BaseModel):
        sources.add(value.model_dump(mode="json"))
    elif isinstance(value, list) and not (
        value and isinstance(value[0], HumanMessage | AIMessage | ToolMessage)
    ):
        for item in value:
            _add(item, sources)


class Prose:
    """What may be shown of a text as it comes; `removed` counts the sentences that were left out."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self.removed = 0
        self.text = ""

    def sentences(self, pieces: Iterable[str]) -> Iterator[str]:
        """The sentences that may be shown, each as soon as it is whole."""
        rest = ""
        for piece in pieces:
            rest += _CONTROL.sub("", piece)
            *whole, rest = _split(rest)
            for sentence in whole:
                yield from self._shown(sentence)
            if len(self.text) > MAX_CHARACTERS:
                return
        yield from self._shown(rest)

    def _shown(self, sentence: str) -> Iterator[str]:
        if not sentence.strip():
            return
        if (
            not re.search(r"[A-Za-z]{2}", sentence)
            or _CLAIM.search(sentence)
            or ungrounded(sentence, self._sources)
        ):
            self.removed += 1
            return
        self.text += sentence
        yield sentence


def _split(text: str) -> list[str]:
    """Whole sentences with what follows them, and the rest that may go on."""
    ends = [match.end() for match in _END.finditer(text)]
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]
