"""`re`'s functions over as many compiled patterns as there are. A sentence is read by more than a thousand,
most of them made of names and templates; `re` itself forgets all but 512, and so compiled most of them for
every sentence anew, which took two thirds of the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

PATTERNS = 8192
"""Some are made of a name in a sentence: they mustn't pile up for ever."""
Replacement = str | Callable[[re.Match[str]], str]


@lru_cache(maxsize=PATTERNS)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def search(pattern: str, text: str) -> re.Match[str] | None:
    return _compiled(pattern).search(text)


def match(pattern: str, text: str) -> re.Match[str] | None:
    return _compiled(pattern).match(text)


def fullmatch(pattern: str, text: str) -> re.Match[str] | None:
    return _compiled(pattern).fullmatch(text)


def finditer(pattern: str, text: str) -> Iterator[re.Match[str]]:
    return _compiled(pattern).finditer(text)


def findall(pattern: str, text: str) -> list[Any]:
    return _compiled(pattern).findall(text)


def split(pattern: str, text: str) -> list[str | Any]:
    return _compiled(pattern).split(text)


def sub(pattern: str, by: Replacement, text: str, count: int = 0) -> str:
    return _compiled(pattern).sub(by, text, count)
