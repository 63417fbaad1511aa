"""A family's name with a size behind it: “Llama 3 8B”, “Llama 3.1 70B and 405B”. Those of just that size are
meant; where there are none, it is a model that nobody knows here, and no other takes its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from agent.models.builtin import kept
from agent.models.builtin.polarity import Mention
from agent.models.builtin.tidy import is_word
from agent.models.builtin.vocabulary import MODEL_LIKE
from knowledge.catalogue import models, models_in_words
from tools.specification.sizes import sizes_of

Found = list[Mention[list[str]]]
_SIZE = r"(?<![\w.])(\d+(?:\.\d+)?)b(?![\w])(?!-a\d)"
_NEXT = re.compile(rf"[\s-]*{_SIZE}")
_ANOTHER_VERSION = re.compile(rf"[\s-]*v?\d+(?:\.\d+)?[\s-]+{_SIZE}")
_AS_WELL = re.compile(rf"\s*(?:,|/|&|\bor\b|\band\b)\s*(?:the )?{_SIZE}")
_UNKNOWN = re.compile(rf"(?<![\w.-])([a-z]{{2,}}[a-z0-9.]*)[\s-]+(?:v?\d+(?:\.\d+)?[\s-]+)?{_SIZE}")
_LIKE_ONE = re.compile(rf"{MODEL_LIKE}[\s-]+{_SIZE}")
_KINDS = {"ai", "llm", "llms", "slm", "moe", "vlm", "gguf"}


def with_sizes(
    low: str, called: Found, find: Callable[[str], Found], problems: list[str]
) -> tuple[Found, list[tuple[int, int, str]]]:
    """The mentions with the sizes behind them, each with the checkpoints that it then means; and what is
    named so that nobody knows here, which is told.
    """
    found: Found = []
    unknown: list[tuple[int, int, str]] = []
    for start, end, ids in called:
        name = kept.fullmatch(rf"(.*?)[\s-]*{_SIZE}.*", low[start:end])
        family = name[1] if name else low[start:end]
        size = None if name else _NEXT.match(low, end)
        other = None if name or size else _ANOTHER_VERSION.match(low, end)
        meant, at = (_of(family, size[1], ids, find), size.end()) if size else (ids, end)
        if other or not meant:
            at = other.end() if other else at
            unknown.append((start, at, low[start:at]))
            problems.append(_not_known(low[start:at], [] if other else ids))
            continue
        found.append((start, at, meant))
        while (name or size) and (more := _AS_WELL.match(low, at)):
            meant, at = _of(family, more[1], None, find), more.end()
            if meant:
                found.append((more.start(1), at, meant))
            else:
                unknown.append((more.start(1), at, f"{family} {more[1]}b"))
                problems.append(_not_known(f"{family} {more[1]}b", []))
    return found, unknown


def unknown_names(low: str, problems: list[str]) -> list[tuple[int, int, str]]:
    """Names with sizes that are no words of English, “QwQ 32B”: they are told."""
    found = [
        (*match.span(), match[0])
        for pattern in (_UNKNOWN, _LIKE_ONE)
        for match in pattern.finditer(low)
        if pattern is _LIKE_ONE or not (match[1] in _KINDS or is_word(match[1]))
    ]
    problems += [_not_known(called, []) for _, _, called in found]
    return found


def _of(family: str, size: str, ids: list[str] | None, find: Callable[[str], Found]) -> list[str]:
    whole = f"{family} {size}b"
    named = find(whole)
    if len(named) == 1 and named[0][:2] == (0, len(whole)):
        return named[0][2]
    among = ids or [i for _, _, meant in named for i in meant]
    return [i for i in among if models()[i].size_b == float(size)]


def _not_known(called: str, of_that_name: list[str]) -> str:
    """What there is instead, for the person to choose: of that name, or about as large."""
    size = kept.search(_SIZE, called)
    near = sizes_of(f"{size[1]}B") if size else None
    alike = [i for i, m in models().items() if near and m.base_id is None and near.hold(m.size_b)]
    there_are = (
        f" Of that name I know {models_in_words(of_that_name)}."
        if of_that_name
        else f" About as large are {models_in_words(alike, 4)}."
        if alike
        else ""
    )
    return f"“{' '.join(called.split())}” isn't in my catalogue.{there_are}"
