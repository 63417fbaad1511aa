"""GPUs and models by the names that people use, and whether they are wanted or not."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from agent.models.builtin.vocabulary import GPU_LIKE, MODEL_LIKE, NAMED_AS_GPU, NOT_GPUS, ONLY, VENDORS, WEIGHT_FORMATS
from knowledge.catalogue import gpus, model_names, models

_NEGATION = re.compile(
    r"(?:\bnot?\b|\bneither\b|\bwithout\b|\bexcept(?: for)?\b|\bavoid\b|\banything but\b|\bexclud\w+|\bno more\b"
    r"|\bdon'?t (?:use|want|have|like|need)\b|\bnever\b|\bother than\b)[^,;.]{0,25}$"
)
_REFUSED = re.compile(
    r"s?(?: cards?| gpus?| models?)? ?(?:is|are|'s|was|were)?(?: \w+)? ?(?:\b(?:too|so|far too|way too) (?:expensive"
    r"|slow|big|large|costly|dear|weak|small|old|pricey)"
    r"|\b(?:excluded|forbidden|off the table|out of the question|unavailable|sold out|not (?:available|allowed"
    r"|an option|possible|wanted))|\bis out\b|\bare out\b)"
)
_TELLING = {"nemotron", "scout", "maverick"}
_TOO_SHORT = {"gpt", "r1", "v3", "4", "phi", "command", ""}


def negated(before: str) -> bool:
    """Whether what follows these words is not wanted; in a list, the word before the first of it counts for all."""
    alone = before
    while True:
        shorter = re.sub(
            (
                r"(?:\b[a-z]+-?\d[\w.-]*(?: \d+gb)?s?\b|\b(?:llama|qwen|mistral|mixtral|gemma|deepseek|granite)\b)(?:\s*[,/]"
                r"|\s+(?:or|and|nor)\b|\s*,\s*(?:or|and)\b)+\s*$"
            ),
            "",
            alone,
        )
        if shorter == alone:
            return _NEGATION.search(alone) is not None
        alone = shorter


def read_gpus(low: str, fields: dict[str, Any], problems: list[str]) -> None:
    """GPUs that are wanted, and those that are not to be used."""
    wanted: list[str] = []
    excluded: list[str] = []
    taken: list[tuple[int, int]] = []
    for alias, ids in gpu_aliases():
        for match in re.finditer(rf"(?<![\w-]){re.escape(alias)}s?(?![\w-])", low):
            if any(a < match.end() and match.start() < b for a, b in taken):
                continue
            taken.append(match.span())
            no = negated(low[: match.start()]) or _REFUSED.match(low[match.end() :])
            target = excluded if no else wanted
            target.extend(i for i in ids if i not in target)
    unknown = [(m.group(), m.span()) for m in re.finditer(GPU_LIKE, low)]
    if not find_models(low):
        unknown += [(m[1] or m[2], m.span(1) if m[1] else m.span(2)) for m in re.finditer(NAMED_AS_GPU, low)]
    for name, (start, end) in unknown:
        if name not in NOT_GPUS and not any(a < end and start < b for a, b in taken):
            taken.append((start, end))
            known = ", ".join(gpus())
            problems.append(f"I have no data for a GPU called “{name.upper().removesuffix('S')}”. I know {known}.")
    for vendor, pattern in VENDORS.items():
        named = re.search(pattern, low)
        if named is None or any(0 <= a - named.end() <= 2 for a, _ in taken):
            continue
        theirs = [g for g in gpus() if g.startswith("MI") == (vendor == "amd")]
        if negated(low[: named.start()]) or _REFUSED.match(low[named.end() :]):
            excluded.extend(theirs)
        elif not wanted and (re.search(ONLY[0], low[: named.start()]) or re.match(ONLY[1], low[named.end() :])):
            wanted.extend(theirs)
    if wanted:
        fields["preferred_gpu_types"] = [g for g in gpus() if g in wanted]
    if excluded:
        fields["excluded_gpu_types"] = [g for g in gpus() if g in excluded]


def mentioned_gpus(low: str) -> list[str]:
    """The GPU types that a text names, wanted or not."""
    taken: list[tuple[int, int]] = []
    found: list[str] = []
    for alias, ids in gpu_aliases():
        for match in re.finditer(rf"(?<![\w-]){re.escape(alias)}s?(?![\w-])", low):
            if not any(a < match.end() and match.start() < b for a, b in taken):
                taken.append(match.span())
                found += ids
    return list(dict.fromkeys(found))


@cache
def gpu_aliases() -> list[tuple[str, list[str]]]:
    """Longest first; a bare `a100` means either size."""
    named = [(alias, [g.id]) for g in gpus().values() for alias in {g.id.lower(), *g.aliases}]
    named.append(("a100", [g for g in gpus() if g.startswith("A100")]))
    return sorted(named, key=lambda pair: -len(pair[0]))


def read_models(low: str, fields: dict[str, Any], problems: list[str]) -> None:
    """Models that are wanted, by whatever people call them."""
    found = _mentions(low)
    wanted = {i for start, end, ids in found if not _unwanted(low, start, end) for i in ids}
    unwanted = {i for start, end, ids in found if _unwanted(low, start, end) for i in ids}
    left = wanted - unwanted
    if left:
        fields["preferred_models"] = [m for m in models() if m in left]
    if unwanted - wanted or (unwanted and not left):
        fields["excluded_models"] = [m for m in models() if m in unwanted]
    if wanted or unwanted:
        return
    unknown = re.search(MODEL_LIKE, low)
    if unknown and not re.search(
        (r"\b(?:like|similar to|such as|instead of|replac\w+|alternative to|as in|than)(?: an?| our| the)? $"), low[: unknown.start()]
    ):
        providers = ", ".join(dict.fromkeys(models()[ids[0]].provider for ids in model_names().values()))
        problems.append(
            f"“{unknown.group()}” isn't in my catalogue. I know {len(model_names())} models, of {providers};"
            " ask “which models do you know?”."
        )


def _unwanted(low: str, start: int, end: int) -> bool:
    return negated(low[:start]) or _REFUSED.match(low[end:]) is not None


def find_models(low: str) -> list[str]:
    """The catalogue entries that the names in a text mean."""
    named = {i for _, _, ids in _mentions(low) for i in ids}
    return [i for i in models() if i in named]


def _mentions(low: str) -> list[tuple[int, int, list[str]]]:
    """Where names of models stand, the longest first, and the entries that each means."""
    plain = re.sub(r"[^a-z0-9]", " ", low)
    found: list[tuple[int, int, list[str]]] = []
    for alias, ids in _model_aliases():
        for match in alias.finditer(plain):
            if not any(start < match.end() and match.start() < end for start, end, _ in found):
                found.append((match.start(), match.end(), _in_format(ids, plain)))
    return found


def _in_format(ids: list[str], plain: str) -> list[str]:
    """Of some checkpoints, those in the weight format that the words name; all where they name none, or one that there isn't."""
    named = {fmt for words, formats in WEIGHT_FORMATS if re.search(rf"\b(?:{words})\b", plain) for fmt in formats}
    return [i for i in ids if models()[i].weight_format in named] or ids


@cache
def _model_aliases() -> list[tuple[re.Pattern[str], list[str]]]:
    """What people call the models, longest first: whole ids, names, and the beginnings of names; more than `re` itself would keep."""
    aliases: dict[str, set[str]] = {}
    for model in models().values():
        words = _plain(model.name.replace("Instruct", ""))
        calls = {_plain(model.id), _plain(model.id.split("/")[1]), *(w for w in words.split() if w in _TELLING)}
        parts = words.split()
        calls |= {" ".join(parts[:n]) for n in range(1, len(parts) + 1)}
        stem = re.match(r"[a-z]{4,}", parts[0])
        calls |= {stem.group()} if stem else set()
        calls |= {f"{parts[0]} {size}" for size in parts[1:] if re.fullmatch(r"\d+b|\d+x\d+b", size)}  # “llama 8b”
        calls |= {re.sub(r"\b([a-z]+) (?=\d)", r"\1", c, count=1) for c in calls} | {c.replace("gpt oss", "gptoss") for c in calls}
        calls |= {re.sub(r"\b(qwen|phi|granite|llama|gemma|smollm)(\d)", r"\1 \2", c) for c in calls}
        for call in calls - _TOO_SHORT:
            aliases.setdefault(call, set()).add(model.id)
    longest_first = sorted(aliases.items(), key=lambda pair: (-len(pair[0]), pair[0]))
    return [(re.compile(rf"(?<!\w){re.escape(a)}(?!\w)".replace(r"\ ", r"\s+")), sorted(ids)) for a, ids in longest_first]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
