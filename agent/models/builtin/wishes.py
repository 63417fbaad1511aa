"""What somebody wants the model for, and what matters to them: by telling phrases, and
where there are none by nearness.
"""

from __future__ import annotations

import re
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.nearest import OFF_TOPIC, nearest
from agent.models.builtin.priorities import PRIORITIES
from agent.models.builtin.vocabulary import HOW_MUCH, PEOPLE_WORDS, USE_CASES

_SAYS_NOTHING = (
    frozenset(PEOPLE_WORDS)
    | HOW_MUCH
    | frozenset(
        """
        one two three four five six seven eight nine ten twenty fifty couple several some many few
        something anything thing for my our the an need needs want wants we us llm ai model models would
        like have to be it in of on with and
    """.split()  # noqa: SIM905
    )
)
_OTHER_THAN = (
    r"\b(?:not(?! only| just)|(?:any|every)\w* (?:but|except(?: for)?)|(?:except(?: for)?|other than|apart"
    r" from|instead of|rather than))"
    r" (?:a |an |the |for |about )?[\w -]{0,25}(?=[!,.;]|$)"
)
"""“Not a chatbot, just …”, “anything but a chatbot”."""
NEAR_ENOUGH, AHEAD = 0.35, 0.035
"""Of the nearest use case: the least similarity to go by, and the least lead over the next."""
_WEAK = re.compile(
    r"(?:chat|chat assistants?|assistants?|bots?|research\w*(?: \w+)?|q ?(?:&|and) ?a|coding|legal(?:"
    r" \w+)?|summar(?:y"
    r"|ies)|digests?|patents?|court\w*)"
)
"""Phrases that alone tell little: nearness may know better."""
_MUCH_NEARER = 0.1


def find_use_case(low: str, by_nearness: bool = True) -> str | None:
    """The use case that the words describe, or None. `low` is tidied text. Without
    nearness only telling phrases count.
    """
    low = kept.sub(_OTHER_THAN, "", low)
    by_phrase, longest = _by_phrase(low)
    weak = _WEAK.fullmatch(longest) is not None
    if not by_nearness:
        return None if weak else by_phrase
    if by_phrase is not None and not weak:
        return by_phrase
    if not set(kept.findall(r"[a-z]{2,}", low)) - _SAYS_NOTHING:
        return by_phrase
    near = nearest(low, "use_cases")
    if near is None or near.label == OFF_TOPIC or near.similarity < NEAR_ENOUGH:
        return by_phrase
    if by_phrase is None:
        return near.label if near.margin >= AHEAD else None
    return near.label if near.margin >= _MUCH_NEARER else by_phrase


def _by_phrase(low: str) -> tuple[str | None, str]:
    """The use case with the longest phrase in the words, and that phrase; of equals, the
    one whose phrases cover more in all.
    """
    found = {
        name: [m.group() for p in patterns for m in kept.finditer(rf"(?<!\w)(?:{p})", low) if m.group()]
        for name, patterns in USE_CASES.items()
    }
    best = max(found, key=lambda name: (max(map(len, found[name]), default=0), sum(map(len, found[name]))))
    return (best, max(found[best], key=len)) if found[best] else (None, "")


def read_priorities(low: str, fields: dict[str, Any]) -> None:
    """High or low where the words say so; of one priority the first pattern that matches counts."""
    for name, level, patterns in PRIORITIES:
        if f"{name}_priority" not in fields and any(kept.search(p, low) for p in patterns):
            fields[f"{name}_priority"] = level
