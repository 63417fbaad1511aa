"""How many people a text says will use it: not how many offices there are, or how old the company is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.models.builtin import kept
from agent.models.builtin.quantities import NEAR, Quantity
from agent.models.builtin.vocabulary import NOT_PEOPLE, PEOPLE

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
    if kept.match(r"\s*of (?:them|these|those)\b", after) and kept.search(r"\bon (?:the )?$", before):
        return None  # “on two of them”: of the GPUs
    if kept.match(r"\s?x\b|\s+times\b|\s*%|\s*percent", after) or _TIME.match(after):
        return None
    at_once = kept.search(_AT_ONCE, kept.split(r"[,;.]", after)[0][:60]) is not None
    uses = (
        kept.match(
            r"[\w\s'-]{0,30}?\b(?:will|would|to|can|shall)?\s?(?:use|using|uses|log in|be on it)\b",
            kept.split(r"[,;.]", after)[0],
        )
        is not None
    )
    noun = kept.match(rf"\+?\s*(?:of\s+)?(?:our |my |the |their )?({_ADJECTIVES})({PEOPLE})\b", after)
    if noun and not kept.search(
        rf"\b(?:requests?|queries|per|tokens?|{NOT_PEOPLE}|and|or|to|in|on|for|with)\b", noun[1] or ""
    ):
        team = kept.match(
            r"[\s-]?(?:person|people|man|strong|member)\s+\w*\s?(?:team|company|department|startup|shop|firm|office)",
            after,
        )
        return Crowd(q.value, 1 if team and not uses else _SUREST if uses else 3, at_once)
    label = kept.search(
        r"(?:\busers?(?: count)?|number of users|\bhead ?count|team"
        r" size|audience|seats)\s*(?:to|=|:|is|are|of|at)?\s*(?:about |around )?$",
        before,
    )
    if label:
        return Crowd(q.value, 3, at_once)
    if kept.match(r"\s*(?:of (?:them|us)\b|in (?:all|total)\b|altogether\b)", after):
        return Crowd(q.value, 3, at_once)
    if kept.search(
        r"\b(?:team|group|department|staff|crew|class|firm) of (?:about |around )?$", before
    ) or kept.search(rf"\b(?:{PEOPLE}|team|department|staff)\s*\($", before):
        return Crowd(q.value, 2, at_once)
    general = kept.match(rf"\+?\s*(?:of\s+)?(?:our |my |the )?({_ADJECTIVES})({_NAMES_PEOPLE})\b", after)
    if general and not kept.search(
        rf"\b(?:{NOT_PEOPLE}|per|and|or|to|in|on|for|with|of)\b", f"{general[1]} {general[2]}"
    ):
        return Crowd(q.value, _SUREST if uses else 2, at_once)
    if uses:
        return Crowd(q.value, _SUREST, at_once)
    served = (
        kept.match(r"\s*(?:\w+ )?([a-z]{3,}s)\b", after)
        if kept.search(r"\bfor (?:about |around |our |the |my |some |roughly )*$", before)
        else None
    )
    if served and not kept.fullmatch(NOT_PEOPLE, served[1]):
        return Crowd(q.value, 1, at_once)
    if at_once and kept.match(
        r"\s*(?:online|at a time|at once|at the same time|simultaneously|concurrently|in parallel)\b", after
    ):
        return Crowd(q.value, 2, at_once) if kept.search(rf"\b{PEOPLE}\b", low) else None
    return None
