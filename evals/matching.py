"""What was found against what was wanted: values at dotted paths, patterns and bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

MISSING = object()


def at_path(value: Any, path: str) -> Any:
    """What stands at a dotted path of mappings and lists, or MISSING; `*` gives a list of
    what stands there in every item.
    """
    head, _, rest = path.partition(".")
    if not path:
        return value
    if head == "*" and isinstance(value, list):
        return [at_path(item, rest) for item in value]
    if isinstance(value, dict) and head in value:
        return at_path(value[head], rest)
    if isinstance(value, list) and re.fullmatch(r"-?\d+", head) and -len(value) <= int(head) < len(value):
        return at_path(value[int(head)], rest)
    if head == "length" and isinstance(value, list) and not rest:
        return len(value)
    return MISSING


def same(wanted: Any, found: Any) -> bool:
    """Equal; figures to a millionth. For a list from `*`, one value stands for all; a
    text between slashes is searched for; a mapping of BOUNDS alone is held to each of them.
    """
    if isinstance(wanted, dict) and wanted and wanted.keys() <= BOUNDS.keys():
        return all(BOUNDS[name](bound, found) for name, bound in wanted.items())
    if found is MISSING:
        return wanted is None
    if isinstance(found, list) and not isinstance(wanted, list):
        return bool(found) and all(same(wanted, item) for item in found)
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(same(w, f) for w, f in zip(wanted, found, strict=True))
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(
            same(value, found[name]) for name, value in wanted.items()
        )
    if isinstance(wanted, str) and isinstance(found, str | int | float) and _is_pattern(wanted):
        return re.search(wanted[1:-1], str(found)) is not None
    if isinstance(wanted, int | float) and isinstance(found, int | float) and not isinstance(wanted, bool):
        return abs(wanted - found) <= 1e-6 * max(1.0, abs(wanted))
    return bool(wanted == found)


def in_text(part: str, text: str) -> bool:
    """A part of a text, whatever its case; between slashes, a regular expression."""
    plain = " ".join(text.split())
    if _is_pattern(part):
        return re.search(part[1:-1], plain, re.IGNORECASE) is not None
    return part.lower() in plain.lower()


def _is_pattern(text: str) -> bool:
    return len(text) > 2 and text[0] == text[-1] == "/"


def _at_least(bound: Any, found: Any) -> bool:
    """Every one of a list, which isn't empty."""
    if isinstance(found, list):
        return bool(found) and all(_at_least(bound, item) for item in found)
    return isinstance(found, int | float) and found >= bound


def _at_most(bound: Any, found: Any) -> bool:
    if isinstance(found, list):
        return bool(found) and all(_at_most(bound, item) for item in found)
    return isinstance(found, int | float) and found <= bound


def _has(wanted: Any, found: Any) -> bool:
    """Some item of a list, some value of a mapping, or the value itself."""
    items = found.values() if isinstance(found, dict) else found if isinstance(found, list) else [found]
    return any(same(wanted, item) for item in items)


BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "at_least": _at_least,
    "at_most": _at_most,
    "has": _has,
    "has_not": lambda unwanted, found: found is not MISSING and not _has(unwanted, found),
}
"""has, has_not: some item of a list, or the value itself; nothing at all has neither."""
