"""GPUs, models, providers, regions and licences by the names that people use, and
whether they are wanted or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Literal, get_args

from agent.models.builtin import kept
from agent.models.builtin.checkpoints import blanked, check_kinds, format_mentions, read_sizes
from agent.models.builtin.families import unknown_names, with_sizes
from agent.models.builtin.origins import mentioned_origins
from agent.models.builtin.polarity import Mention, Polarity, sorted_by_polarity
from agent.models.builtin.vocabulary import (
    GPU_LIKE,
    LICENSES,
    MODEL_LIKE,
    MODEL_SIZE,
    NAMED_AS_GPU,
    NOT_GPUS,
    ONLY,
    PROVIDERS,
    SIZED_NAME,
    VENDORS,
)
from knowledge.catalogue import gpus, model_names, models
from knowledge.model import LICENSE_KINDS, WEIGHT_FORMATS
from knowledge.prices import prices
from tools.specification import KINDS, Kind

Named = Kind | Literal["licenses", "weight_formats"]
_INTO: dict[Named, tuple[str, str]] = dict(KINDS.items())

_ONLY_LIKENED = (
    r"\b(?:like|similar to|such as|instead of|replac\w+|alternative to|as in|than)(?: an?| our| the)? $"
)
_MUST_BE_ALLOWED = r"\bcommercial\w*\b[^,;.]{0,20} (?:must|has to|have to|needs? to|should) be\b"
_PART_OF_FAMILY = (
    r"\b(?:but not|except(?: for)?|apart from|other than|without|not|excluding|no) (?:the |an? )?"
    r"(\d+(?:\.\d+)?b|nemo|scout|maverick|small|large|mini|micro|nano|coder|air)(?![\w-])"
)
_ACTIVE = re.compile(r"a\d+b")
_TELLING = {"nemotron", "scout", "maverick"}
_TOO_SHORT = {"gpt", "r1", "v3", "4", "phi", "command", ""}


def read_names(low: str, fields: dict[str, Any], problems: list[str]) -> str:
    """GPUs, models, providers, regions and licences: which are wanted, which aren't,
    and which are allowed again.

    Models come first, since their names hold what looks like GPUs and figures (“-A3B”, “70B”). What is left
    to read of the text, where they stand as blanks.
    """
    licences = _licences(low)
    blank, called = _without_names(low)
    called = [
        m for m in called if not any(a <= m[0] and m[1] <= b for a, b, _ in licences)
    ]  # “no Llama licence” is about licences
    called, unknown = with_sizes(low, called, _mentions, problems)
    called += _parts_of_families(low, called)
    formats = format_mentions(blanked(low, called))
    blank = blanked(blank, [*called, *unknown, *formats])
    unknown += unknown_names(blanked(blank, _gpu_mentions(blank)), problems)
    blank = _without_sizes(read_sizes(blanked(blank, unknown), fields))
    called += mentioned_origins(low)
    gpu_names = _gpu_mentions(blank)
    named: list[tuple[Named, list[Mention[list[str]]]]] = [
        ("models", called),
        ("gpu_types", gpu_names),
        ("licenses", licences),
        ("weight_formats", formats),
    ]
    found = [
        (start, end, (kind, names))
        for kind, mentions in [*named, *_places(low)]
        for start, end, names in mentions
    ]
    wanted, unwanted, allowed = _by_kind(sorted_by_polarity(low, found))
    wanted["licenses"] |= {name for name in allowed["licenses"] if kept.search(_MUST_BE_ALLOWED, low)}
    _read_vendors(low, gpu_names, wanted, unwanted)
    for kind, order in _order().items():
        into, out_of = _INTO.get(kind, (kind, f"excluded_{kind}"))
        wanted[kind] -= unwanted[kind] if wanted[kind] - unwanted[kind] else set()
        left = wanted[kind] - unwanted[kind]  # “the Qwens, but not the 32B”
        if left:
            fields[into] = [name for name in order if name in left]
        if unwanted[kind] - wanted[kind] or (unwanted[kind] and not left):
            fields[out_of] = [name for name in order if name in unwanted[kind]]
        if allowed[kind]:
            fields.setdefault("allowed", {})[kind] = [name for name in order if name in allowed[kind]]
    check_kinds(fields, [low[a:b] for a, b, can_be in formats if not can_be], problems)
    _say_unknown(low, blank, gpu_names, [*called, *unknown], problems)
    return blank


def _parts_of_families(low: str, called: list[Mention[list[str]]]) -> list[Mention[list[str]]]:
    """“Qwen, but not the 235B”: the entries of a family that a size or a word of theirs
    names, where they are left out of it.
    """
    found: list[Mention[list[str]]] = []
    for part in kept.finditer(_PART_OF_FAMILY, low):
        family = next((ids for _, end, ids in reversed(called) if 0 <= part.start() - end <= 40), None)
        ids = [
            i
            for i in family or []
            if kept.search(rf"(?<![a-z0-9.]){re.escape(part[1])}(?![a-z0-9])", i.lower())
        ]
        if (
            ids
            and family
            and len(ids) < len(family)
            and not any(a < part.end(1) and part.start(1) < b for a, b, _ in called)
        ):
            found.append((part.start(1), part.end(1), ids))
    return found


def _by_kind(found: dict[Polarity, list[tuple[Named, list[str]]]]) -> list[dict[Named, set[str]]]:
    return [
        {kind: {name for k, names in found[polarity] if k == kind for name in names} for kind in _order()}
        for polarity in get_args(Polarity)
    ]


def _order() -> dict[Named, list[str]]:
    """Every name of each kind, in the order in which they are told."""
    return {
        "gpu_types": list(gpus()),
        "models": list(models()),
        "providers": list(PROVIDERS),
        "regions": _regions(),
        "licenses": list(LICENSE_KINDS),
        "weight_formats": list(WEIGHT_FORMATS),
    }


def _regions() -> list[str]:
    return sorted({p.region for p in prices()} - {"any"})


def _places(low: str) -> list[tuple[Named, list[Mention[list[str]]]]]:
    providers = [
        (*m.span(), [name]) for name, pattern in PROVIDERS.items() for m in kept.finditer(pattern, low)
    ]
    regions = [
        (*m.span(), [region])
        for region in _regions()
        for m in kept.finditer(rf"(?<![\w-]){re.escape(region)}(?![\w-])", low)
    ]
    return [("providers", providers), ("regions", regions)]


def _licences(low: str) -> list[Mention[list[str]]]:
    found: list[Mention[list[str]]] = []
    for pattern, kinds in LICENSES:
        for match in kept.finditer(pattern, low):
            if not any(a < match.end() and match.start() < b for a, b, _ in found):
                found.append((*match.span(), list(kinds)))
    return found


def _gpu_mentions(low: str) -> list[Mention[list[str]]]:
    found: list[Mention[list[str]]] = []
    for alias, ids in gpu_aliases():
        for match in kept.finditer(rf"(?<![\w-]){re.escape(alias)}s?(?![\w-])", low):
            if not any(a < match.end() and match.start() < b for a, b, _ in found):
                found.append((*match.span(), list(ids)))
    return sorted(found)


def _read_vendors(
    low: str, named: list[Mention[list[str]]], wanted: dict[Named, set[str]], unwanted: dict[Named, set[str]]
) -> None:
    """“Only NVIDIA”, “no AMD”: all GPUs of a maker, where it isn't part of one's name."""
    for vendor, pattern in VENDORS.items():
        found = kept.search(pattern, low)
        if found is None or any(0 <= start - found.end() <= 2 for start, _, _ in named):
            continue
        theirs = {g for g in gpus() if g.startswith("MI") == (vendor == "amd")}
        polarity = sorted_by_polarity(low, [(*found.span(), vendor)])
        if polarity["unwanted"]:
            unwanted["gpu_types"] |= theirs
        alone = kept.search(ONLY[0], low[: found.start()]) or kept.match(ONLY[1], low[found.end() :])
        if alone and polarity["wanted"] and not wanted["gpu_types"]:
            wanted["gpu_types"] |= theirs


def _say_unknown(
    whole: str,
    low: str,
    gpu_names: list[Mention[list[str]]],
    called: Sequence[Mention[Any]],
    problems: list[str],
) -> None:
    """Names in the place of a GPU or a model that the catalogue doesn't have."""
    taken = [(start, end) for start, end, _ in gpu_names]
    unknown = [(m.group(), m.span()) for m in kept.finditer(GPU_LIKE, low)]
    if not called:
        unknown += [
            (m[1] or m[2], m.span(1) if m[1] else m.span(2)) for m in kept.finditer(NAMED_AS_GPU, low)
        ]
    for name, (start, end) in unknown:
        if name not in NOT_GPUS and not any(a < end and start < b for a, b in taken):
            taken.append((start, end))
            problems.append(
                f"I have no data for a GPU called “{name.upper().removesuffix('S')}”. I know"
                f" {', '.join(gpus())}."
            )
    sized = (
        m
        for m in kept.finditer(SIZED_NAME, whole)
        if not any(a < m.end() and m.start() < b for a, b, _ in called)
    )
    model = next(sized, None) or (None if called else kept.search(MODEL_LIKE, low))
    if model and not kept.search(_ONLY_LIKENED, whole[: model.start()]):
        providers = ", ".join(dict.fromkeys(models()[ids[0]].provider for ids in model_names().values()))
        problems.append(
            f"“{model.group()}” isn't in my catalogue. I know {len(model_names())} models, of {providers};"
            " ask “which models do you know?”."
        )


def mentioned_gpus(low: str) -> list[str]:
    """The GPU types that a text names, wanted or not."""
    return list(dict.fromkeys(i for _, _, ids in _gpu_mentions(without_models(low)[0]) for i in ids))


def without_models(low: str) -> tuple[str, list[Mention[list[str]]]]:
    """The text with blanks for the names and sizes of models, and which catalogue entries each name means."""
    blank, called = _without_names(low)
    return _without_sizes(blank), called


def _without_sizes(blank: str) -> str:
    return kept.sub(MODEL_SIZE, lambda m: " " * len(m.group()), blank)


def _without_names(low: str) -> tuple[str, list[Mention[list[str]]]]:
    called = _mentions(low)
    blank = low
    for start, end, _ in called:
        whole = re.compile(r"[\w./-]*").match(low, end)
        end = whole.end() if whole and kept.search(r"\w", whole.group()) else end
        blank = blank[:start] + " " * (end - start) + blank[end:]
    return blank, called


@cache
def gpu_aliases() -> list[tuple[str, list[str]]]:
    """Longest first; a bare `a100` means either size."""
    named = [(alias, [g.id]) for g in gpus().values() for alias in {g.id.lower(), *g.aliases}]
    named.append(("a100", [g for g in gpus() if g.startswith("A100")]))
    return sorted(named, key=lambda pair: -len(pair[0]))


def find_models(low: str) -> list[str]:
    """The catalogue entries that the names in a text mean; of their checkpoints, those in the weight format
    that the words name, if there are any.
    """
    blank, called = _without_names(low)
    formats = {name for _, _, can_be in format_mentions(blank) for name in can_be}
    named = {i for _, _, ids in called for i in ids}
    return [i for i in models() if i in named and models()[i].weight_format in formats] or [
        i for i in models() if i in named
    ]


def _mentions(low: str) -> list[Mention[list[str]]]:
    """Where names of models stand, the longest first, and the entries that each means."""
    plain = kept.sub(r"[^a-z0-9]", " ", low)
    found: list[Mention[list[str]]] = []
    for alias, ids in _model_aliases():
        for match in alias.finditer(plain):
            if not any(start < match.end() and match.start() < end for start, end, _ in found):
                found.append((match.start(), match.end(), ids))
    return found


@cache
def _model_aliases() -> list[tuple[re.Pattern[str], list[str]]]:
    """What people call the models, longest first: whole ids, names, and the beginnings of
    names; more than `re` itself would keep.
    """
    aliases: dict[str, set[str]] = {}
    for model in models().values():
        words = _plain(model.name.replace("Instruct", ""))
        calls = {
            _plain(model.id),
            _plain(model.id.split("/")[1]),
            *(w for w in words.split() if w in _TELLING),
        }
        parts = words.split()
        calls |= {" ".join(parts[:n]) for n in range(1, len(parts) + 1)}
        stem = kept.match(r"[a-z]{4,}", parts[0])
        calls |= {stem.group()} if stem else set()
        calls |= {
            f"{parts[0]} {size}" for size in parts[1:] if kept.fullmatch(r"\d+b|\d+x\d+b", size)
        }  # “llama 8b”
        calls |= {
            f"{all_of_them} {active}" for all_of_them, active in pairwise(parts) if _ACTIVE.fullmatch(active)
        }
        calls |= {part for part in parts if _ACTIVE.fullmatch(part)}  # “30B-A3B”, “A3B”
        calls |= {kept.sub(r"\b([a-z]+) (?=\d)", r"\1", c, count=1) for c in calls} | {
            c.replace("gpt oss", "gptoss") for c in calls
        }
        calls |= {kept.sub(r"\b(qwen|phi|granite|llama|gemma|smollm)(\d)", r"\1 \2", c) for c in calls}
        for call in calls - _TOO_SHORT:
            aliases.setdefault(call, set()).add(model.id)
    longest_first = sorted(aliases.items(), key=lambda pair: (-len(pair[0]), pair[0]))
    return [
        (re.compile(rf"(?<!\w){re.escape(a)}(?!\w)".replace(r"\ ", r"\s+")), sorted(ids))
        for a, ids in longest_first
    ]


def _plain(name: str) -> str:
    return kept.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
