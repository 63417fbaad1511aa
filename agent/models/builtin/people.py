"""How many people a text says will use it: not how many offices there are, or how old the company is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.models.builtin.quantities import Quantity
from agent.models.builtin.vocabulary import NOT_PEOPLE, PEOPLE

NEAR = 80
_SUREST = 4
"""“… of whom 2,000 will use it”."""
_TIME = re.compile(
    r"\s*-?(?:milliseconds?|msec|ms|seconds?|secs?|s|minutes?|min|hours?|h|days?|weeks?|months?|years?)\b"
)
_ADJECTIVES = r"(?:[\w'-]+\s+){0,3}?"
_NAMES_PEOPLE = (
    r"[a-z]{2,}(?:ers|ors|ists|ees|ants|ians|yers|eers|ents|smiths|men|women|folk|crew|mates|pals)"
)
_AT_ONCE = (
    r"\b(?:concurrent|simultaneous|at once|at a time|at the same time|in"
    r" parallel|simultaneously|concurrently|online)\b|\bactive\b"
)


@dataclass(frozen=True)
class Crowd:
    """Some people: how many, how sure it is that they are the users, and whether all
    are there at the same moment.
    """

    count: float
    sureness: int
    at_once: bool


def crowd(low: str, q: Quantity) -> Crowd | None:
    """Whom `q` counts, or None if it counts no people."""
    before, after = low[max(0, q.start - NEAR) : q.start], low[q.end : q.end + NEAR]
    if re.match(r"\s*of (?:them|these|those)\b", after) and re.search(r"\bon (?:the )?$", before):
        return None  # “on two of them”: of the GPUs
    if re.match(r"\s?x\b|\s+times\b|\s*%|\s*percent", after) or _TIME.match(after):
        return None
    at_once = re.search(_AT_ONCE, re.split(r"[,;.]", after)[0][:60]) is not None
    uses = (
        re.match(
            r"[\w\s'-]{0,30}?\b(?:will|would|to|can|shall)?\s?(?:use|using|uses|log in|be on it)\b",
            re.split(r"[,;.]", after)[0],
        )
        is not None
    )
    noun = re.match(rf"\+?\s*(?:of\s+)?(?:our |my |the |their )?({_ADJECTIVES})({PEOPLE})\b", after)
    if noun and not re.search(
        rf"\b(?:requests?|queries|per|tokens?|{NOT_PEOPLE}|and|or|to|in|on|for|with)\b", noun[1] or ""
    ):
        team = re.match(
            r"[\s-]?(?:person|people|man|strong|member)\s+\w*\s?(?:team|company|department|startup|shop|firm|office)",
            after,
        )
        return Crowd(q.value, 1 if team and not uses else _SUREST if uses else 3, at_once)
    label = re.search(
        r"(?:\busers?(?: count)?|number of users|\bhead ?count|team"
        r" size|audience|seats)\s*(?:to|=|:|is|are|of|at)?\s*(?:about |around )?$",
        before,
    )
    if label:
        return Crowd(q.value, 3, at_once)
    if re.match(r"\s*(?:of (?:them|us)\b|in (?:all|total)\b|altogether\b)", after):
        return Crowd(q.value, 3, at_once)
    if re.search(
        r"\b(?:team|group|department|staff|crew|class|firm) of (?:about |around )?$", before
    ) or re.search(rf"\b(?:{PEOPLE}|team|department|staff)\s*\($", before):
        return Crowd(q.value, 2, at_once)
    general = re.match(rf"\+?\s*(?:of\s+)?(?:our |my |the )?({_ADJECTIVES})({_NAMES_PEOPLE})\b", after)
    if general and not re.search(
        rf"\b(?:{NOT_PEOPLE}|per|and|or|to|in|on|for|with|of)\b", f"{general[1]} {general[2]}"
    ):
        return Crowd(q.value, _SUREST if uses else 2, at_once)
    if uses:
        return Crowd(q.value, _SUREST, at_once)
    served = (
        re.match(r"\s*(?:\w+ )?([a-z]{3,}s)\b", after)
        if re.search(r"\bfor (?:about |around |our |the |my |some |roughly )*$", before)
        else None
    )
    if served and not re.fullmatch(NOT_PEOPLE, served[1]):
        return Crowd(q.value, 1, at_once)
    if at_once and re.match(
        r"\s*(?:online|at a time|at once|at the same time|simultaneously|concurrently|in parallel)\b", after
    ):
        return Crowd(q.value, 2, at_once) if re.search(rf"\b{PEOPLE}\b", low) else None
    return None
