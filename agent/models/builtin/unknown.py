"""Figures that no reader knew: which of them a person would expect to count, and how they are told."""

from __future__ import annotations

from agent.models.builtin import kept
from agent.models.builtin.quantities import Quantity

_AROUND = 40
_ENDS = r"[.,;:!?()|\n]"
_LEADS = (
    r"(?:\b(?:within|in|under|below|over|above|about|around|at|most|least|more|less|than|no|not|only|up|to|every"
    r"|per|max(?:imum)?|min(?:imum)?)\s+|[$€£<>≤≥=]\s*)+$"
)
_LINKS = (
    r"\s+(?:and|or|but|for|in|into|to|of|on|with|that|which|who|whose|where|each|as|from|by|at|per|is|are|we|i"
    r"|our|my|the|have|has|want|wants|need|needs|use|uses|will|would|should|can)\b"
)
_CLOCK = r"24\s*/\s*7"
_YEAR = r"(?:19|20)\d\d(?!\w)"
_DATED = r"\b(?:since|founded|in|est\.?|from|until|by|before|after)\s+$"
_OF_THEM = r"(?:%|percent) of (?:all |the |our )?(?:answers|requests|responses|calls|time)"
_NO_FIGURE = rf"\s*(?:-?years?[- ]old\b|{_OF_THEM}\b)"
"""An age; and of how many requests a target must hold, which `statistics` reads."""


def counts(low: str, q: Quantity) -> bool:
    """Whether it could be meant as a figure: no “24/7”, no age and no year."""
    around = low[max(0, q.start - 4) : q.end + 4]
    if kept.search(_CLOCK, around) or kept.match(_NO_FIGURE, low[q.end :]):
        return False
    return not (kept.match(_YEAR, low[q.start :]) and kept.search(_DATED, low[: q.start]))


def in_its_words(low: str, q: Quantity) -> str:
    """“within 400 ms”, “3 offices”, “java 21”: the figure with what leads to it and what it counts."""
    before = kept.split(_ENDS, low[max(0, q.start - _AROUND) : q.start])[-1]
    after = kept.split(rf"{_ENDS}|{_LINKS}", low[q.end : q.end + _AROUND])[0]
    counted = " ".join(after.split(" ")[:3] if after.startswith((" ", "-")) else after.split(" ")[:2])
    leads, named = kept.search(_LEADS, before), kept.search(r"[a-z]\w* $", before)
    lead = leads[0] if leads else "" if counted.strip() or named is None else named[0]
    return " ".join(f"{lead}{low[q.start : q.end]}{counted}".split())
