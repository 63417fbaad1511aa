"""Sizes of models as a person asks for them, in billions of parameters: “70B” is about that, “1-8B” a range,
“<=14B” and “>30B” are bounds.

A mixture of experts counts with all its experts. What is compared is the size that a model goes by, `size_b`,
so that “at most 8B” has Llama 3.1 8B in it, which has 8.03 billion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

from knowledge.catalogue import models

ABOUT = 0.08
"""Share by which a size may be off that is asked for as “a 70B”. Our choice: who says 70B takes 65 to 75, and
who says 13B takes 12 and 14, but 7B and 8B, 8B and 9B, 27B and 30B stay what they are.
"""
LEAST_B, MOST_B = 0.001, 100_000.0
_NUMBER = r"(\d+(?:\.\d+)?)\s*([bm]?)"
_FORMS = re.compile(rf"(?P<bound><=|>=|<|>|)\s*{_NUMBER}(?:\s*-\s*{_NUMBER})?")
_SPELT = {"≤": "<=", "≥": ">=", "–": "-", "—": "-", " to ": "-"}
_IN_WORDS = {"<=": "at most ", "<": "under ", ">=": "at least ", ">": "over ", "": "about "}


class Sizes(NamedTuple):
    """What one such text means: from `low` to `high`, or less, or more than `low` where `bound` says so."""

    bound: str
    low: float
    high: float | None

    def hold(self, size_b: float) -> bool:
        if self.high is not None:
            return self.low <= size_b <= self.high
        if not self.bound:
            return abs(size_b / self.low - 1) <= ABOUT
        more = size_b > self.low if self.bound[0] == ">" else size_b < self.low
        return more or (self.bound[-1] == "=" and size_b == self.low)

    def off(self, size_b: float) -> float:
        """How many times too small or too large a size is; 1 for one that is meant."""
        if self.hold(size_b):
            return 1.0
        return min(max(end / size_b, size_b / end) for end in (self.low, self.high or self.low))

    def __str__(self) -> str:
        return f"{self.bound}{self.low:.10g}{'' if self.high is None else f'-{self.high:.10g}'}B"

    @property
    def in_words(self) -> str:
        if self.high is not None:
            return f"{self.low:.10g}B to {self.high:.10g}B"
        return f"{_IN_WORDS[self.bound]}{self.low:.10g}B"


def sizes_of(text: str) -> Sizes:
    """Raises ValueError for what is no size."""
    low = text.strip().lower()
    for said, spelt in _SPELT.items():
        low = low.replace(said, spelt)
    match = _FORMS.fullmatch(low)
    if match is None or (match["bound"] and match[4]):
        raise ValueError(
            f"“{text[:40]}” is no size of a model: say 70B for about that, 1-8B for a range, <=14B or >=30B"
        )
    first, second = match[2], match[4]
    scale = {"b": 1.0, "m": 1e-3}
    low_b = float(first) * scale[match[3] or (match[5] if second else "") or "b"]
    high_b = float(second) * scale[match[5] or "b"] if second else None
    if not LEAST_B <= low_b <= (high_b or MOST_B) <= MOST_B:
        raise ValueError(
            f"“{text[:40]}” is no size that a model has: {LEAST_B:g}B to {MOST_B:,.0f}B, the smaller first"
        )
    return Sizes(match["bound"], low_b, high_b)


def sizes_in_words(texts: Sequence[str]) -> str:
    return " or ".join(sizes_of(text).in_words for text in texts)


def nearest(asked: Sequence[str], sizes: Iterable[float]) -> list[float]:
    """Other sizes than are asked for, those that are least off first."""
    wanted = [sizes_of(text) for text in asked]
    off = {size: min(one.off(size) for one in wanted) for size in sizes}
    return sorted((size for size in off if off[size] > 1), key=lambda size: (off[size], size))


def nearest_in_words(asked: Sequence[str], sizes: Iterable[float], most: int = 4) -> str:
    return ", ".join(f"{size:g}B" for size in sorted(nearest(asked, sizes)[:most]))


def known_sizes() -> dict[str, str]:
    """Those that models of the catalogue have, smallest first."""
    return {f"{size:g}B": f"{size:g}B" for size in sorted({m.size_b for m in models().values()})}


def _normal(text: str) -> str:
    return str(sizes_of(text))


ModelSize = Annotated[str, AfterValidator(_normal)]
"""As it is told and kept: “70B”, “1-8B”, “<=14B”."""
