"""Numbers and their units in English text: “1.5k users”, “a dozen”, “$2,000 a month”, “0.3 seconds”, “-5”."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.models.builtin import kept

_SCALE = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "millions": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "billions": 1e9,
    "trillion": 1e12,
    "lakh": 1e5,
    "lakhs": 1e5,
    "crore": 1e7,
    "crores": 1e7,
    "hundred": 1e2,
    "dozen": 12.0,
}
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
WORDS = {w: float(i) for i, w in enumerate(_ONES.split())} | {
    w: float(10 * i)
    for i, w in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_WORD_SCALES = ("hundred", "thousand", "million", "billion", "trillion", "dozen", "lakh", "crore")

NEAR = 80
"""Characters before and after a number in which its unit and its label are looked for."""
LARGEST = 1e30
"""Beyond any figure of this domain; larger numbers count as this."""
_DIGITS = (
    r"(?P<digits>(?<![\w.])(?<![\w.][-−])[-−]?(?:\d{1,3}(?:[,_']\d{3})+"
    r"|\d+)(?:\.\d+)?(?!e\d)|(?<![\w.])[-−]?\.\d+)"
)
_SUFFIX = (
    r"(?P<suffix>\s?(?:k|mn|mio|bn|m|b)(?![\w-])|(?:\s+(?:hundred|thousand"
    r"|millions?|billions?|trillion|dozen|lakhs?|crores?)\b)+)?"
)
_WORD = "|".join([*WORDS, *_WORD_SCALES])
_SPELLED = (
    rf"(?P<spelled>\b(?:(?:half\s+a|a|an)\s+(?:{'|'.join(_WORD_SCALES)})|(?:{_WORD}))"
    rf"(?:[\s-]+(?:and\s+)?(?:{_WORD}))*\b)"
)
_NUMBER = re.compile(rf"{_DIGITS}{_SUFFIX}|{_SPELLED}")


@dataclass(frozen=True)
class Quantity:
    """A number and where it stands in the text."""

    value: float
    start: int
    end: int


def find_quantities(text: str) -> list[Quantity]:
    """Every number in `text` (lower case), in order. Digits inside names (`h100`,
    `p95`, `llama-3.1`) don't count.
    """
    found = []
    for match in _NUMBER.finditer(text):
        if match["digits"] is not None:
            value = float(kept.sub(r"[,_']", "", match["digits"]).replace("−", "-"))
            for word in (match["suffix"] or "").split():
                value *= _SCALE[word]
        else:
            value = _spelled(match["spelled"])
            if match["spelled"] in ("one", "a", "second"):  # “this one” is no number
                continue
        found.append(Quantity(min(value, LARGEST), match.start(), match.end()))
    return found


def _spelled(words: str) -> float:
    total, current = 0.0, None
    tokens = [w for w in kept.split(r"[\s-]+", words) if w != "and"]
    if tokens[:2] == ["half", "a"]:
        tokens, current = tokens[2:], 0.5
    for token in tokens:
        if token in ("a", "an"):
            current = 1.0
        elif token in WORDS:
            current = (current or 0.0) + WORDS[token]
        elif token in ("hundred", "dozen"):
            current = (1.0 if current is None else current) * _SCALE[token]
        elif current is None and total:  # “a million billion”
            total *= _SCALE[token]
        else:
            total += (1.0 if current is None else current) * _SCALE[token]
            current = None
    return total + (current or 0.0)
