"""Values of a line, as they may be written: counts of tokens, times, lists of blocks."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

MOST_TOKENS = 10_000_000
LONGEST_NAME = 200
FORMATS = ("%d/%b/%Y:%H:%M:%S %z", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M")
"""Beside ISO 8601: that of web servers' logs, and of dates with strokes whose order is sure."""


class Unusable(Exception):
    """A line can't be used: why, in words that are the same for all such lines."""


def tokens(value: Any, what: str, least: int) -> int:
    """A count of tokens; raises Unusable."""
    if value is None or value == "":
        raise Unusable(f"no {what}")
    try:
        figure = value if type(value) is int else int(value) if type(value) is str else float(value)
    except (TypeError, ValueError, OverflowError):
        figure = _float(value)
    if isinstance(value, bool) or not least <= figure <= MOST_TOKENS or figure != int(figure):
        raise Unusable(f"{what} that aren't a whole number from {least} to {MOST_TOKENS:,}")
    return int(figure)


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def moment(value: Any) -> tuple[float, bool | None]:
    """A time: seconds since 1970 if it is a date, else the bare number, whose unit shows when all are known.
    For a date, whether it says its time zone; None for a number. Raises Unusable.
    """
    if type(value) is str:
        value = value.strip()
        try:
            when = datetime.fromisoformat(value) if value[4:5] == "-" else None
        except ValueError as error:
            raise Unusable("a time that can't be read") from error
        when = when or _otherwise(value)
        if when is not None:
            zoned = when.tzinfo is not None
            try:
                return (when if zoned else when.replace(tzinfo=UTC)).timestamp(), zoned
            except (OverflowError, ValueError) as error:
                raise Unusable("a time that can't be read") from error
    if value is None or value == "":
        raise Unusable("no time")
    number = _float(value) if not isinstance(value, bool) else math.nan
    if not math.isfinite(number) or abs(number) > 1e20:
        raise Unusable("a time that can't be read")
    return number, None


def _otherwise(value: str) -> datetime | None:
    if "/" not in value:
        return None
    for form in FORMATS:
        try:
            return datetime.strptime(value, form)
        except ValueError:
            continue
    raise Unusable("a time that can't be read")


def hashes(value: Any) -> list[Any]:
    """Ids of blocks: a list, or one written in a cell."""
    if isinstance(value, list):
        if not all(isinstance(each, int | str) for each in value):
            raise Unusable("ids of blocks that aren't numbers or words")
        return value
    return re.findall(r"[^\s,;|\[\]\"']+", value) if isinstance(value, str) else []


def name(value: Any) -> str | None:
    """Of a session or a prefix."""
    return str(value)[:LONGEST_NAME] if isinstance(value, str | int | float) and value != "" else None
