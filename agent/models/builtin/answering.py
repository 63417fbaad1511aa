"""A reply to a question of ours, as the whole sentence that it stands for: “yes”,
“130”, “the first”, “points”.

Our questions say themselves how they are answered: what stands after “Do you mean”, and the figure
that “What should … be?” is about.
"""

from __future__ import annotations

import re

from agent.models.builtin import kept
from agent.models.builtin.phrases import ORDINALS
from agent.models.builtin.quantities import find_quantities

_YES = (
    r"(?:yes|yep|yeah|y|sure|right|correct|exactly|ok(?:ay)?|please(?: do)?|do (?:it|that|so)|that'?s"
    r" (?:it|right)|indeed|go ahead)"
    r"(?:[, ]+(?:please|thanks|exactly|that|do (?:it|that)))*"
)
_NO = (
    r"(?:no|nope|nah|neither|none(?: of (?:them|those|these))?|leave it|never ?mind)(?:[, ]+(?:thanks|thank"
    r" you|leave it))*"
)
_MEANT = re.compile(r"Do you mean ([^?]+)\?")
_UNIT = (
    r"(?:\s?(?:%|percent|ms|msec|milliseconds?|s|secs?|seconds?|min|minutes?|tokens?|points?|dollars?|usd|bucks|users?|people|replicas?"
    r"|a month|/ ?month|per month))*"
)
_BEFORE = r"(?:(?:make it|let'?s say|say|i think|maybe|about|around|to|at|on|just|exactly|only|roughly) )*"
_AFTER = r"(?:[, ]+(?:please|thanks|then|in all|altogether))*"
_FIGURE = re.compile(rf"{_BEFORE}(?P<by>by )?(?P<figure>\$?(?:[^,;?!]|,(?=\d)){{1,30}}?{_UNIT}){_AFTER}")
_ASKED: list[tuple[str, str]] = [
    (r"How many replicas", "scale to {figure} replicas"),
    (r"How many users", "{figure} users"),
    (r"What should (?P<what>[^?]+?) be\?", "{what} to {figure}"),
    (r"How far shall (?P<what>[^?]+?) be (?P<verb>raised|lowered)", "{verb} {what} to {figure}"),
]
_SAYS_NOTHING = frozenset(
    "the a one i we mean meant of it that please option first second third last latter former to yes".split()  # noqa: SIM905
)


def completed(reply: str, asked: str) -> str | None:
    """The sentence that `reply` is as the answer to what we said last; None if it is
    no answer to a question of ours.
    """
    bare = kept.sub(r"\s+", " ", reply.lower()).strip(" .!")
    meant = _MEANT.search(asked)
    if meant:
        return _chosen(bare, kept.split(r", or | or |, ", meant[1]))
    figure = _FIGURE.fullmatch(bare)
    found = find_quantities(kept.sub(r"^(?:a|one)$", "1", figure["figure"])) if figure else []
    if (
        figure is None
        or len(found) != 1
        or found[0].start > 1
        or kept.search(r"[a-z]{2}", kept.sub(_UNIT, "", figure["figure"][found[0].end :]))
    ):
        return None  # more than a figure
    for pattern, sentence in _ASKED:
        question = kept.search(pattern, asked)
        if question:
            said = {
                **question.groupdict(),
                "figure": kept.sub(r"\s(?:users?|people|replicas?)$", "", figure["figure"]),
            }
            if figure["by"] and "verb" in said:
                sentence = "{verb} {what} by {figure}"
            return sentence.format(**said)
    return None


def declines(reply: str, asked: str) -> bool:
    """Whether a reply is a plain no to what we asked whether it was meant."""
    return _MEANT.search(asked) is not None and kept.fullmatch(_NO, reply.lower().strip(" .!")) is not None


def _chosen(bare: str, alternatives: list[str]) -> str | None:
    """The one alternative that a reply agrees to, or names by a word of its own or by its place."""
    if len(alternatives) == 1:
        return alternatives[0] if kept.fullmatch(_YES, bare) else None
    place = next((ORDINALS[word] for word in bare.split() if word in ORDINALS), None)
    words = set(kept.findall(r"[\w.%]+", bare)) - _SAYS_NOTHING
    if not words and place is not None and place <= len(alternatives):
        return alternatives[place - 1 if place > 0 else -1]
    fitting = [
        a
        for a in alternatives
        if words and all(kept.search(rf"(?<![\w.]){re.escape(word)}", a.lower()) for word in words)
    ]
    return fitting[0] if len(fitting) == 1 else None
