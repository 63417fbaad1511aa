"""Words in place of tokens: what a simulated model says, and how many tokens a text has."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

PIECE = 4
"""Characters a token, as English has it on average."""


def tokens_of(text: str) -> list[str]:
    """Pieces of a prompt that stand for its tokens; at least one."""
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)] or [""]


def count_tokens(text: str) -> int:
    return max(1, -(-len(text) // PIECE))


def words_of(model_name: str, prompt: str, endless: bool) -> Iterator[str]:
    """The answer, a word a token. It says what it is; `endless` begins again where it
    ends, as a model does that may not stop.
    """
    asked = " ".join(prompt[-2000:].split())[:120]
    text = (
        f"Hello! I am a simulated endpoint standing in for {model_name}. I was asked: “{asked}”. No language"
        " model produced these words; their timing follows the estimate for this model on this GPU. On a"
        " real cluster the same request goes to vLLM, unchanged."
    )
    words = text.split(" ")
    if endless:
        return (f"{w} " for w in itertools.cycle(words))
    return iter([*(f"{w} " for w in words[:-1]), words[-1]])
