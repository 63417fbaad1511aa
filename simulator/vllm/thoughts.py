"""What a simulated model thinks before it answers, as its chat template and vLLM's reasoning parser have it.

A model that can think does so as its template says: by the request's `chat_template_kwargs`, else by the
server's defaults, else as it does unless told. With a reasoning parser the thoughts come in a field of their
own; without one they stand in the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from knowledge.catalogue import models
from knowledge.model import Model

BY_ITSELF = "openai_gptoss"
"""The parser that vLLM uses for its model, told or not: that speaks in channels of its own."""
TEXT = "I look at what was asked and at what I know of it."


@dataclass(frozen=True)
class Thoughts:
    """`words`, one a token, come before the answer's; the first `kept_apart` of all are told from it."""

    words: tuple[str, ...] = ()
    kept_apart: int = 0


NO_THOUGHTS = Thoughts()


@dataclass(frozen=True)
class Told:
    """How a server was started: `--reasoning-parser` and `--default-chat-template-kwargs`."""

    reasoning_parser: str | None = None
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def by(cls, reasoning_parser: str | None, template_kwargs: str | None) -> Told:
        """From the arguments as they stand. Raises ValueError in vLLM's place for a
        parser that it lacks or kwargs that are no object.
        """
        if reasoning_parser and reasoning_parser not in parsers():
            known = ", ".join(sorted(parsers()))
            raise ValueError(f"invalid reasoning parser: {reasoning_parser} (chose from {known})")
        kwargs = json.loads(template_kwargs) if template_kwargs else {}
        if not isinstance(kwargs, dict):
            raise ValueError(f"default chat template kwargs must be an object, not {template_kwargs}")
        return cls(reasoning_parser or None, kwargs)


NOTHING_TOLD = Told()


def parsers() -> frozenset[str]:
    """Names of those that any model of the catalogue is served with."""
    ways = [model.thinking for model in models().values() if model.thinking]
    return frozenset(way.reasoning_parser for way in ways if way.reasoning_parser)


def thoughts_of(model: Model, told: Told, asked: Mapping[str, Any] | None) -> Thoughts:
    """Before an answer to a chat request with these `chat_template_kwargs`."""
    way = model.thinking
    if way is None or way.modes == "never":
        return NO_THOUGHTS
    if way.argument:
        said = {**told.template_kwargs, **(asked or {})}.get(way.argument)
        thinks = way.unless_told == "on" if said is None else bool(said)
    else:
        thinks = way.modes == "always"
    if not thinks:
        return NO_THOUGHTS
    words = [f"{word} " for word in TEXT.split(" ")]
    kept_apart = told.reasoning_parser or way.reasoning_parser == BY_ITSELF
    return (
        Thoughts(tuple(words), len(words))
        if kept_apart
        else Thoughts(("<think>\n", *words, "\n</think>\n\n"))
    )
