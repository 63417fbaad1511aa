"""Reading a trace: finding out its format, taking each line that can be used, and telling which can't."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from knowledge.errors import CompassError
from knowledge.traffic.lines import ACCEPTED, Limits, lines, opened
from knowledge.traffic.rows import CsvLines, JsonLines
from knowledge.traffic.trace import Collected, Trace
from knowledge.traffic.values import Unusable

MOST_LEFT_OUT = 0.5
"""Of the lines: with more of them unusable, the rest isn't the traffic."""
NAMED = 3
SHORTEST_SPAN_S = 1.0
LONGEST_SPAN_S = 3660 * 86_400
LOOKED_AT = 20
LONGEST_LIST = 16_000_000
"""Bytes of a single JSON list, which has to be read as a whole."""


@dataclass
class LeftOut:
    """Lines that couldn't be used for one reason; `lines` are the first few of them."""

    reason: str
    count: int = 0
    lines: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        places = ", ".join(f"{n:,}" for n in self.lines) + (" …" if self.count > len(self.lines) else "")
        return f"{self.count:,} with {self.reason} (line{'s' if self.count > 1 else ''} {places})"


@dataclass(frozen=True)
class Read:
    """A file's trace, its format, and what of it was left out."""

    kind: str
    trace: Trace
    left_out: list[LeftOut]


def read_trace(path: Path, name: str = "", unit_s: float | None = None, limits: Limits | None = None) -> Read:
    """The trace in a file, called `name` in errors; `unit_s` is what a bare number of its times counts.

    Raises CompassError, saying what was wrong, where, and what would be accepted: for a file that isn't a
    trace, one most of whose lines can't be used, and one of more than `limits`.
    """
    name, limits = name or path.name, limits or Limits()
    found, left_out = Collected(name, limits), dict[str, LeftOut]()
    with opened(path, name) as file:
        rows, numbered = _rows(enumerate(lines(file, name, limits), start=1), name)
        for number, line in numbered:
            try:
                if line is None:
                    raise Unusable("more than a line holds")
                row = rows.row(line.decode() if isinstance(line, bytes) else line)
                if row is not None:
                    found.add(row)
            except UnicodeDecodeError:
                _leave_out(left_out, "text that isn't UTF-8", number)
            except Unusable as reason:
                _leave_out(left_out, str(reason), number)
    left = sorted(left_out.values(), key=lambda each: -each.count)
    _check(name, len(found), left)
    trace = found.trace(unit_s, rows.bare_unit_s)
    if trace.span_s < SHORTEST_SPAN_S:
        raise CompassError(
            f"All requests of {name} are within {trace.span_s:.3g} s ({trace.clock.told}), so there is no"
            " rate. Is a time in another column, or its unit another?"
        )
    if trace.span_s > LONGEST_SPAN_S:
        raise CompassError(
            f"{name} is of {trace.span_s / 86_400 / 365:,.0f} years by its first and last time"
            f" ({trace.clock.told}); ten at most can be. Is a time wrong, or its unit?"
        )
    return Read(rows.kind, trace, left)


def _leave_out(left_out: dict[str, LeftOut], reason: str, number: int) -> None:
    one = left_out.setdefault(reason, LeftOut(reason))
    one.count += 1
    if len(one.lines) < NAMED:
        one.lines.append(number)


def _check(name: str, used: int, left_out: list[LeftOut]) -> None:
    unused = sum(each.count for each in left_out)
    if unused > MOST_LEFT_OUT * (used + unused):
        raise CompassError(
            f"{name} isn't read as a trace: {unused:,} of its {used + unused:,} lines can't be used,"
            f" {left_out[0]}. Each line needs a time, prompt tokens and answer tokens. {ACCEPTED}"
        )
    if used < 2:
        raise CompassError(
            f"{name} has {'one request' if used else 'no request'}; a rate needs two at least. {ACCEPTED}"
        )


def _rows(
    numbered: Iterator[tuple[int, bytes | None]], name: str
) -> tuple[JsonLines | CsvLines, Iterable[tuple[int, Any]]]:
    """What reads these lines, and the lines again, without empty ones and comments."""
    filled = ((n, line) for n, line in numbered if line is None or (line.strip() and line[:1] != b"#"))
    first = list(islice(filled, LOOKED_AT))
    texts = [line.decode(errors="replace").lstrip() for _, line in first if line is not None]
    if not texts:
        raise CompassError(f"{name} is empty. {ACCEPTED}")
    if any("\0" in text for text in texts):
        raise CompassError(f"{name} isn't text. {ACCEPTED}")
    every = chain(first, filled)
    if texts[0].startswith("["):
        return JsonLines(), enumerate(_listed(every, name), start=1)
    if any(text.startswith("{") for text in texts):
        return JsonLines(), every
    return CsvLines(texts[0].rstrip("\r\n"), name), every


def _listed(numbered: Iterable[tuple[int, bytes | None]], name: str) -> list[Any]:
    """Objects of a single JSON list."""
    text, size = [], 0
    for _, line in numbered:
        size += len(line or b"")
        if line is None or size > LONGEST_LIST:
            raise CompassError(
                f"{name} is one JSON list of more than {LONGEST_LIST // 1_000_000} MB. Write an object a"
                " line."
            )
        text.append(line)
    try:
        found = json.loads(b"\n".join(text))
    except (ValueError, RecursionError) as error:
        raise CompassError(f"{name} begins as a JSON list and isn't one. {ACCEPTED}") from error
    return found if isinstance(found, list) else [found]
