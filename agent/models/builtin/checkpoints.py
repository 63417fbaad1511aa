"""Sizes and weight formats of models as people say them: “a 70B”, “1–8B”, “nothing above 14B”, “8-bit or
FP8”, “no AWQ”. What is part of a model's name is read with the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.polarity import Mention, sorted_by_polarity
from agent.models.builtin.units import REQUESTS
from agent.models.builtin.vocabulary import PEOPLE
from knowledge.catalogue import checkpoints_in, models, models_in_words, same_models
from knowledge.formats import BITS, FP8, formats_in_words
from knowledge.model import WEIGHT_FORMATS, WeightFormat
from tools.specification.sizes import ABOUT, nearest_in_words, sizes_in_words, sizes_of

_BITS = r"[\s-]?bits?"
_OF_NO_WEIGHTS = r"(?![\s-]*(?:kv|cache|attention|activations?|support|tflops|tensor|compute|floats))"
FORMATS: list[tuple[str, tuple[WeightFormat, ...]]] = [
    (r"fp8(?:[\s_-](?:dynamic|block))?|float8|8[\s-]bit floats?", FP8),
    (r"w8a8|int[\s-]?8", ("int8",)),
    (rf"(?:8|eight){_BITS}", BITS[8]),
    (r"w4a16|int[\s-]?4|awq", ("w4a16",)),
    (r"mxfp4|fp4", ("mxfp4",)),
    (rf"(?:4|four){_BITS}", BITS[4]),
    (r"gptq", ("w4a16", "int8")),
    (
        rf"b?fp?16|b?float16|(?:16|sixteen){_BITS}|(?:full|half)[\s-]precision|un-?quanti[sz]ed"
        r"|(?:not|non)[\s-]quanti[sz]ed|(?:no|without) quanti[sz]ation",
        BITS[16],
    ),
    (
        r"quanti[sz]ed(?= (?:models?|versions?|checkpoints?|weights|ones?|variants?)\b)",
        tuple(name for name in WEIGHT_FORMATS if name not in BITS[16]),
    ),
    (rf"(?:1|1\.58|2|3|5|6|32|two|three|five|six){_BITS}|q[2-8]_\w+|gguf|exl[23]|nf4|nvfp4|fp6|fp32|bnb", ()),
]
"""What people call a format of weights, and the catalogue's names of it; none where it has no checkpoint."""
_OF = r"(?: (?:weights?|checkpoints?|quanti[sz]ations?|formats?|precision|versions?|variants?)\b)?"
_FORMAT = [
    (re.compile(rf"(?<![\w.])(?:{words})(?!\w){_OF_NO_WEIGHTS}{_OF}"), formats) for words, formats in FORMATS
]
_THE_SAME = re.compile(r"[\s(/-]{1,2}")
"""Between two words for one format: “GPTQ-Int8”, “8-bit (FP8”."""

_N = r"\d+(?:\.\d+)?"
_PARAMETERS = r"[\s-]*(?:of )?param(?:eter)?s?\b"
_COUNTED = (
    rf"(?!\s*(?:active |concurrent |daily |monthly |total )?(?:{PEOPLE}|{REQUESTS}|tokens?|items|rows|usd"
    r"|dollars?|per|a (?:day|month|year))\b)(?!\s?/)"
)
"""After a figure in billions that counts something else than parameters."""
_B = rf"(?:b(?!\w)(?!-a\d){_COUNTED}|\s?(?:b|bn|billion){_PARAMETERS}|\sb(?=[\s-]models?\b))"
_TO = r"b?\s?(?:-|–|—|to)\s?"
_SIZES = re.compile(
    rf"(?:(?P<between>\bbetween\s+)|\bfrom\s+)?(?<![\w.$€£-])(?P<low>{_N})"
    rf"(?:(?(between)b?\s+and\s+|{_TO})(?P<high>{_N}))?{_B}"
    rf"|(?<![\w.$€£-])(?P<millions>{_N})\s?(?:m|million){_PARAMETERS}"
)
_BEFORE = {
    "<=": (
        r"at most|up to|max(?:imum)?(?: of)?|no (?:more|larger|bigger|greater) than"
        r"|not (?:more|larger|bigger|above|over)(?: than)?|≤|<="
    ),
    "<": r"under|below|(?:less|smaller|fewer) than|<",
    ">=": (
        r"at least|min(?:imum)?(?: of)?|no (?:less|smaller) than"
        r"|not (?:smaller|less|below|under)(?: than)?|≥|>="
    ),
    ">": r"over|above|beyond|(?:more|larger|bigger|greater) than|>",
}
"""Words before a size that make it a bound."""
_AFTER = {
    "<=": r"(?:or|and) (?:less|smaller|below|under|lower)|max(?:imum)?\b|at most\b",
    ">=": r"\+|(?:or|and) (?:more|larger|bigger|above|up|over|greater|higher)|min(?:imum)?\b|at least\b",
}
_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}
_NOUN = r"(?:[\s-]*(?:param(?:eter)?s?|models?|llms?|class))*\s*"


def format_mentions(low: str) -> list[Mention[list[str]]]:
    """Where formats of weights are named, and those that each can be; where two words stand for one, both."""
    found: list[Mention[list[str]]] = []
    for pattern, formats in _FORMAT:
        for match in pattern.finditer(low):
            if not any(a < match.end() and match.start() < b for a, b, _ in found):
                found.append((*match.span(), list(formats)))
    merged: list[Mention[list[str]]] = []
    for start, end, can_be in sorted(found):
        both = [name for name in can_be if merged and name in merged[-1][2]]
        if both and _THE_SAME.fullmatch(low[merged[-1][1] : start]):
            merged[-1] = (merged[-1][0], end, both)
        else:
            merged.append((start, end, can_be))
    return merged


def without_checkpoint(low: str) -> list[str]:
    """The formats that a text names and that no checkpoint has."""
    return [low[start:end] for start, end, can_be in format_mentions(low) if not can_be]


def size_mentions(low: str) -> list[Mention[str]]:
    """Where sizes of models are named, with the words that bound them."""
    return [_size(low, match) for match in _SIZES.finditer(low)]


def _size(low: str, match: re.Match[str]) -> Mention[str]:
    start, end = match.span()
    if match["high"]:
        return start, end, f"{match['low']}-{match['high']}B"
    start = start if match["millions"] else match.start("low")  # “everything apart from 70B”
    size = float(match["low"] or float(match["millions"]) / 1000)
    for bound, words in _BEFORE.items():
        if said := kept.search(rf"(?<!\w)(?:{words})\s*(?:an? |the |about |around )?$", low[:start]):
            return said.start(), end, f"{bound}{size:g}B"
    for bound, words in _AFTER.items():
        if said := re.compile(rf"{_NOUN}(?:{words})").match(low, end):
            return start, said.end(), f"{bound}{size:g}B"
    thing = re.compile(r"[\s-]+(?:models?|llms?)\b").match(low, end)
    return start, thing.end() if thing else end, f"{size:g}B"


def _others(text: str) -> list[str]:
    """All sizes but those that one text means."""
    sizes = sizes_of(text)
    if sizes.high is not None:
        return [f"<{sizes.low:g}B", f">{sizes.high:g}B"]
    if sizes.bound:
        return [f"{_OPPOSITE[sizes.bound]}{sizes.low:g}B"]
    return [f"<{sizes.low * (1 - ABOUT):g}B", f">{sizes.low * (1 + ABOUT):g}B"]


def read_sizes(low: str, fields: dict[str, Any]) -> str:
    """What is left to read of the text, where sizes stand as blanks."""
    found = size_mentions(low)
    said = sorted_by_polarity(low, found)
    sizes = said["wanted"] or [other for text in said["unwanted"] for other in _others(text)]
    if sizes:
        fields["model_sizes"] = list(dict.fromkeys(sizes))
    if said["allowed"]:
        fields.setdefault("allowed", {})["model_sizes"] = said["allowed"]
    return blanked(low, found)


def blanked(low: str, found: Sequence[tuple[int, int, Any]]) -> str:
    for start, end, _ in found:
        low = low[:start] + " " * (end - start) + low[end:]
    return low


def check_kinds(fields: dict[str, Any], not_planned: Sequence[str], problems: list[str]) -> None:
    """A model that is named by one checkpoint and wanted in another format is its other checkpoints. What
    can't be met by any that there is, is said with what there is.
    """
    known, named = models(), fields.get("preferred_models") or []
    formats, sizes = fields.get("weight_formats"), fields.get("model_sizes")
    if named and formats:
        fields["preferred_models"] = named = checkpoints_in(formats, named)
    if not_planned and not formats:
        problems.append(
            f"{' and '.join(f'“{said}”' for said in not_planned)}: I know no checkpoint in such a format."
            f" There are {formats_in_words(WEIGHT_FORMATS)}."
        )
    if formats and named and not any(known[i].weight_format in formats for i in named):
        there_are = formats_in_words([known[i].weight_format for i in same_models(named)])
        problems.append(
            f"I know no checkpoint of {models_in_words(named)} in {formats_in_words(formats)}. There are"
            f" {there_are}."
        )
    there_are_of = {known[i].size_b for i in named or known}
    if sizes and not any(sizes_of(text).hold(size) for text in sizes for size in there_are_of):
        whose = f"of {models_in_words(named)} " if named else ""
        problems.append(
            f"I know no model {whose}of {sizes_in_words(sizes)}; the nearest there are:"
            f" {nearest_in_words(sizes, there_are_of)}."
        )
