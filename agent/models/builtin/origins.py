"""“Nothing Chinese”, “only models from Europe”: models by the countries of their makers.

A country's word alone is mostly a language (“a French model”, “answers in Chinese”): it is an origin where
it excludes, where it says “only”, or where it says itself that it is one (“made in”, “from”, “-based”).
"""

from __future__ import annotations

import re
from functools import cache

from agent.models.builtin import kept
from agent.models.builtin.polarity import Mention, sorted_by_polarity
from knowledge.catalogue import models
from knowledge.makers import countries_of

_COUNTRIES: list[tuple[str, str, frozenset[str]]] = [
    ("chinese", "china|the prc|prc|mainland china", frozenset({"CN"})),
    (
        "american|u\\.s\\.|usa|us(?=-)",
        "america|the us|the u\\.s\\.|the usa|usa|the united states|the states",
        frozenset({"US"}),
    ),
    ("french", "france", frozenset({"FR"})),
    (
        "european|eu",
        "europe|the eu|the european union",
        frozenset(
            "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
        ),
    ),
]
"""The adjective, the country as a noun, and which of the makers' countries it means."""
_MODELS = (
    r"(?:(?:open|free|source|weights?|large|language|ai|foundation|base|llm)[- ]){0,4}"
    r"(?:models?|llms?|weights|ai|ais|model (?:labs?|makers?|vendors?|famil(?:y|ies)))\b"
)
_MADE = r"(?:[- ](?:made|built|trained|developed|based|owned|origin))"
_FROM = (
    r"(?:made|built|trained|developed|created|based|come|comes|coming|originat\w+)"
    r" (?:in|by|from|out of)(?: an?)?|from|out of"
)
_BARE = (
    r"(?=\s*(?:ones?|stuff|things?|please|thanks|allowed|and|or|nor)?\s*(?:[,.;!?)]|$|\b(?:and|or|please)\b))"
)


def mentioned_origins(low: str) -> list[Mention[list[str]]]:
    """Where a text names models by the country of their makers, and the catalogue's entries that it means."""
    found: list[Mention[list[str]]] = []
    for pattern, theirs in _origins():
        for match in pattern.finditer(low):
            start, end = match.start(match.lastgroup or 0), match.end()
            if match["non"]:
                found.append((start, end, [i for i in models() if i not in theirs]))
            elif match["made"] or match["noun"] or _excludes_or_only(low, start, end):
                found.append((start, end, theirs))
    return found


@cache
def _origins() -> list[tuple[re.Pattern[str], list[str]]]:
    """Of each country, or several that go by one name: how it is said, and its models."""
    return [
        (re.compile(_pattern(adjective, noun)), [i for i in models() if countries & countries_of(i)])
        for adjective, noun, countries in _COUNTRIES
    ]


def _pattern(adjective: str, noun: str) -> str:
    """All ways to say it; the group that matched begins where the country is said, after a “nothing”."""
    return (
        rf"\bnon[- ](?P<non>(?:{adjective}){_MADE}?) {_MODELS}"
        rf"|(?<!non[- ])\b(?P<made>(?:{adjective}){_MADE}) {_MODELS}"
        rf"|(?<!non[- ])\b(?P<bare>{adjective}) {_MODELS}"
        rf"|\b(?:nothing|anything|ones?|not|no|except|only)[- ](?P<alone>{adjective})\b{_BARE}"
        r"|\b(?:models?|llms?|nothing|anything|ones?|weights)(?: (?:that|which) (?:are|were|is|was))?"
        rf" (?:{_FROM}) (?P<noun>(?:{noun})|(?:{adjective}) (?:compan\w+|labs?|makers?|vendors?))\b"
    )


def _excludes_or_only(low: str, start: int, end: int) -> bool:
    # ONLY of the vocabulary takes “use” too, and “use a French model” is as likely about the language.
    polarity = sorted_by_polarity(low, [(start, end, "")])
    only = kept.search(r"\b(?:only|just|exclusively|strictly) (?:use |with |take |the )?$", low[:start])
    only = only or kept.match(r" (?:only|exclusively)\b", low[end:])
    return bool(polarity["unwanted"] or only)
