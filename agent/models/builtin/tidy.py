"""Making a person's English easier to read by rule, without changing what it says: typing
errors, ways to write numbers, ranges, and corrections (“500, no, I meant 200 users”), of which
only what was meant in the end stays.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA
from spellchecker import SpellChecker

from agent.models.builtin import kept
from agent.models.builtin.glossary import GLOSSARY
from agent.models.builtin.quantities import find_quantities
from agent.models.builtin.vocabulary import PEOPLE_WORDS, SPELLED_RIGHT
from knowledge.catalogue import gpus, models
from tools.specification import FIELDS

_SCALE = r"k|m|mn|mio|thousand|million|bn|billion"
_NUMBERS: list[tuple[str, str]] = [
    (rf"(?<![\d.,])(\d+),(\d{{1,2}})(?=\s?(?:{_SCALE})\b)", r"\1.\2"),  # 1,5 million
    (r"(?<![\w.,])(\d{1,3})((?:[  ]\d{3})+)(?![\d.,]*\d)", ""),  # 1 000: digits are joined below
    (r"(?<![\w.,])(\d+)(k|m)(\d{1,2})\b", r"\1.\3\2"),  # 1k5
    (r"\b(?:a |one )?quarter (?:of )?(?:a )?million\b", "250 thousand"),
    (r"\bthree quarters? (?:of )?(?:a )?million\b", "750 thousand"),
    (r"\ba couple (?:of )?(?=hundred|thousand|dozen|million)", "2 "),
    (r"\b(?:a |one )?quarter (?:of a )?(?=second|minute)", "0.25 "),
    (r"\bhalf a(?=\s(?:second|minute)\b)", "0.5"),
    (r"\b(?:a (?:full |whole |single )|one )(?=(?:second|minute)\b)", "1 "),
    (r"\b(within|under|in|below|inside|less than|at most) a (?=(?:second|minute)\b)", r"\1 1 "),
    (r"\bsub-?second\b", "under 1 second"),
    (r"\b(?:a|one) (?:full |whole )?hundred percent\b", "100 percent"),
]
_NUMBER = rf"\d[\d,.]*(?:\s?(?:{_SCALE})\b)?"
_NO_SIZE = r"(?!\d+(?:\.\d+)?b\b)"
"""A range of models' sizes is a range: “1–8B”."""
_RANGES: list[tuple[str, str]] = [
    (rf"\bfrom\s+\$?{_NUMBER}(?:\s?[a-z%$/]+){{0,4}}?\s+(?:up |down )?to\s+(?=\$?\d){_NO_SIZE}", "to "),
    (rf"\bbetween\s+{_NUMBER}\s+and\s+(?=\d){_NO_SIZE}", ""),
    (
        rf"(?<![\w.-]){_NUMBER}\s?(?:-|–|to|up to)\s?(?=\d){_NO_SIZE}",
        "",
    ),  # of a range, or “from 100 to 200”, the end counts
]
_NOT_THIS_NUMBER: list[tuple[str, str]] = [
    (
        rf"\bnot \$?{_NUMBER}(\s?[a-z%]+)?,? but (?:rather |only |just )?(\$?{_NUMBER})(?!\s?[a-z%])",
        r"\2\1",
    ),  # not 1000 users but 300
    (
        (
            r"(?:,\s*|\band |\bbut |\b(?:is|are)n't |\b)(?:not|instead of|rather than)"
            rf" \$?{_NUMBER}(?!b\b|[\s-]?bits?\b)(?:\s?[a-z%]+)?(?=\s*[,.;!?]|\s*$)"
        ),
        "",
    ),
]
"""Figures that are not meant."""
_MARKER = re.compile(
    r"[\s,.;:–—-]*(?:\b(?:oh|ah|hm+|er|uh)\b[\s,]*)?"
    r"(?:\bno\b(?=\s*,|\s+wait|\s+i\s|\s+make)[\s,]*(?:wait[\s,]*)?|\bwait\b[\s,]*|\bsorry\b[\s,]*|\bactually\b[\s,]*"
    r"|\bscratch that\b[\s,]*"
    r"|\bcorrection\b[\s,:]*|\bor rather\b[\s,]*|\brather\b[\s,]*|\bi (?:mean|meant)\b[\s,]*|\bmake"
    r" (?:that|it)\b[\s,]*)+"
    r"(?:\b(?:i (?:mean|meant)|make (?:that|it)|it(?:'s| is)|let'?s say|we"
    r" (?:have|need)|only|about|with|use|take|the)\b[\s,]*)*"
)
_CORRECTING = re.compile(r"\b(?:no|wait|sorry|actually|scratch|correction|rather|mean|meant|make)\b")
NEAR = 45
"""Characters between what was said first and the correction."""
_LONGEST_TYPO = 24
OFTEN = 60
"""Uses in the dictionary's texts that make a word one; rarer ones are mostly slips of others."""


def tidy(text: str) -> str:
    """`text` in lower case, tidied; digits and names stay as they were."""
    low = kept.sub(r"[ \t]+", " ", text.lower().replace("’", "'").replace("`", "'"))
    low = corrected(low)
    low = kept.sub(
        r"(?<![\w.,])(\d+)\s?m(?:in)?\s?(\d+)\s?s(?:ec)?\b", lambda m: f"{60 * int(m[1]) + int(m[2])} s", low
    )  # 1m30s
    for pattern, instead in _NUMBERS:
        low = kept.sub(pattern, instead or (lambda m: m[1] + kept.sub(r"\D", "", m[2])), low)
    for pattern, instead in [*_RANGES, *_NOT_THIS_NUMBER]:
        low = kept.sub(pattern, instead, low)
    return _without_retracted(low)


def plain(text: str) -> str:
    """`text` in lower case with its slips mended and what was taken back left out;
    numbers stay as they were written.
    """
    low = kept.sub(r"\s+", " ", text.lower().replace("’", "'").replace("`", "'")).strip()
    return _without_retracted(corrected(low))


def corrected(low: str) -> str:
    """Words that no dictionary has, as the word of this domain that they are one slip
    away from (two, if they are long).

    What is run together, or abbreviated, is written out: “2xH100”, “32k ctx”.
    """
    low = kept.sub(r"\bctx\b", "context", kept.sub(r"\b(\d+)x(?=(?:[a-z]\d|mi\d|rtx))", r"\1 x ", low))
    return kept.sub(r"(?<![\w/.@'-])[a-z]{4,}(?![\w/@'-]|\.\w)", lambda m: _corrected_word(m[0]), low)


@cache
def _corrected_word(word: str) -> str:
    if len(word) > _LONGEST_TYPO or word in known_words() or _dictionary()[word] >= OFTEN:
        return word
    slips = 1 if len(word) < 8 else 2
    words = (
        known_words() if len(word) >= 5 else frozenset(SPELLED_RIGHT)
    )  # short words are one slip from many
    near = (w for w in words if w[0] == word[0] and abs(len(w) - len(word)) <= slips)
    candidates = sorted(
        near, key=lambda w: (-len(w), w)
    )  # of equally near ones the longer: letters are left out more than added
    found = process.extractOne(word, candidates, scorer=OSA.distance, score_cutoff=slips)
    return found[0] if found else word


def is_word(word: str) -> bool:
    """Whether it is English, or a word of this domain, and no name."""
    return word in known_words() or _dictionary()[word] >= OFTEN


@cache
def _dictionary() -> SpellChecker:
    """How often each English word is used."""
    return SpellChecker(language="en")


@cache
def known_words() -> frozenset[str]:
    """The words of this domain: of the exemplars, the glossary, the catalogue, and
    those that people misspell most.
    """
    exemplars = (files("agent.models.builtin") / "exemplars.yaml").read_text(encoding="utf-8")
    labelled = yaml.safe_load(exemplars)
    texts = [t for group in ("use_cases", "moves") for said in labelled[group].values() for t in said]
    texts += [meaning for _, meaning in GLOSSARY.values()]
    texts += [m.name for m in models().values()] + [g.name for g in gpus().values()]
    texts += [name for field in FIELDS.values() for name in (field.spec.label, field.spec.called)]
    words = {w for text in texts for w in kept.findall(r"[a-z]{4,}", text.lower())}
    return frozenset(words | set(PEOPLE_WORDS) | set(SPELLED_RIGHT))


def _without_retracted(low: str) -> str:
    """“500, no, I meant 200 users” → “200 users”: of two figures, GPUs or models
    around a correction, the later one.
    """
    for _ in range(5):
        for marker in _MARKER.finditer(low):
            if not _CORRECTING.search(marker.group()):
                continue
            changed = _retracted(low, marker.start(), marker.end())
            if changed is not None:
                low = changed
                break
        else:
            return low
    return low


def _retracted(low: str, start: int, end: int) -> str | None:
    values = _values(low)
    before = [v for v in values if v[1] <= start and start - v[1] <= NEAR]
    after = [v for v in values if v[0] >= end and v[0] - end <= 12]
    if not before or not after or before[-1][2] != after[0][2]:
        return None
    (first, first_end, kind), (second, second_end, _) = before[-1], after[0]
    has_unit = kept.match(r"\s*(?:%|[a-z$€£])", low[second_end:]) is not None and not kept.match(
        r"\s*(?:please|instead|then|and|but|in)\b", low[second_end:]
    )
    if kind == "name" or has_unit:
        return low[:first] + low[second:]
    return low[:first] + low[second:second_end] + low[first_end:start] + low[second_end:]


def _values(low: str) -> list[tuple[int, int, str]]:
    """Where figures and names stand: start, end, kind."""
    found = [(q.start, q.end, "number") for q in find_quantities(low)]
    names = (
        r"\b(?:"
        + "|".join(re.escape(g.lower()) for g in sorted([*gpus(), "a100"], key=len, reverse=True))
        + r")s?\b"
    )
    found += [(m.start(), m.end(), "name") for m in kept.finditer(names, low)]
    return sorted(found)
