"""Finding values in reports of unknown shape."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

Raw = dict[str, Any]
"""One row under our names, unchecked; `_load` is how its requests were sent, other names
with an underscore aren't of the row.
"""


def at(value: Any, *path: str) -> Any:
    """What lies at a path of names; None where it doesn't go that far."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def first(value: Any, *paths: Iterable[str]) -> Any:
    """Of several paths the first at which something lies."""
    return next((found for found in (at(value, *path) for path in paths) if found), None)


def table(value: Any) -> Mapping[str, Any]:
    """An object, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def figure(value: Any) -> float | None:
    """A finite number; None for anything else."""
    return (
        float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        else None
    )


def whole(value: Any) -> int | None:
    """Rounded; None for what is no number."""
    found = figure(value)
    return None if found is None else round(found)


def number(value: Any) -> int | None:
    """A whole number, also one written as text."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(str(value).strip())
    except ValueError:
        return None


def rate(value: Any) -> float | None:
    """Above 0 and finite, also written as text; None for `inf`."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and found > 0 else None


def in_ms(value: Any, ms: float) -> Any:
    """A figure whose unit is so many ms; what is no figure as it is, for whoever checks the row."""
    found = figure(value)
    return value if found is None else found * ms
