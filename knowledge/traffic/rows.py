"""A line of a trace as the request that it tells of: JSON lines and CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from knowledge.errors import CompassError
from knowledge.traffic.columns import Columns, Path, columns_of, missing, plain
from knowledge.traffic.lines import ACCEPTED
from knowledge.traffic.values import Unusable, hashes, moment, name, tokens

DEEPEST = 6
MOST_KEYS = 2000
MOST_SHAPES = 200


class Row(NamedTuple):
    """One request. Times are dates in seconds since 1970, or bare numbers (`zoned` is None), times
    `unit_s` where the file says their unit. Of what the file doesn't tell: None.
    """

    time: float
    zoned: bool | None
    unit_s: float | None
    prompt_tokens: int
    output_tokens: int
    cached_tokens: int | None
    blocks: list[Any] | None
    prefix: str | None
    session: str | None
    ended: float | None
    """As `time`: when the answer was whole."""
    lasted_s: float | None
    """Until the answer was whole."""


class JsonLines:
    """An object a line, of any depth; each may have keys of its own."""

    bare_unit_s: float
    """What a bare number counts, where its name doesn't say so and it is too small for a date."""

    def __init__(self) -> None:
        self.kind, self.bare_unit_s = "JSON lines", 1.0
        self._known: dict[tuple[Any, ...], Columns] = {}

    def row(self, line: Any) -> Row | None:
        """Of a line's text, or of what was read of it already. Raises Unusable."""
        try:
            found = json.loads(line) if isinstance(line, str) else line
        except (ValueError, RecursionError) as error:
            raise Unusable("no JSON object on a line of its own") from error
        if not isinstance(found, dict):
            raise Unusable("no JSON object on a line of its own")
        shape = tuple(islice(_shape(found, 0), MOST_KEYS + 1))
        if len(shape) > MOST_KEYS:
            raise Unusable("more keys than a request has")
        columns = self._known.get(shape)
        if columns is None:
            columns = columns_of(list(_paths(found)))
            if lacks := missing(columns):
                raise Unusable(f"no {lacks[0]}")
            if len(self._known) < MOST_SHAPES:
                self._known[shape] = columns
                self._name(columns)
        values = {role: _at(found, column.path) for role, column in columns.items()}
        return _row(values, columns)

    def _name(self, columns: Columns) -> None:
        """The format, by the first object that tells it."""
        if self.kind != "JSON lines":
            return
        prompt, time = columns["prompt"].path, plain(columns["time"].path[-1])
        if plain(prompt[-1]) == "inputlength" and time in ("timestamp", "ts"):
            self.kind, self.bare_unit_s = "Mooncake JSON lines", 1e-3
        elif "usage" in prompt or plain(prompt[-1]).startswith("numprompt"):
            self.kind = "JSON lines of a gateway"


def _shape(found: dict[str, Any], depth: int) -> Iterator[Any]:
    """What objects with the same keys in the same places have in common."""
    for key, value in found.items():
        yield key
        if type(value) is dict and depth < DEEPEST:
            yield from _shape(value, depth + 1)
            yield None
        elif type(value) is list and value and type(value[0]) is dict:
            yield "[]"


def _paths(found: dict[str, Any], above: Path = ()) -> Iterator[Path]:
    """To everything that isn't an object itself; of a list of objects, into the first."""
    for key, value in found.items():
        here = (*above, key)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            here, value = (*here, 0), value[0]
        if isinstance(value, dict):
            if len(here) < DEEPEST:
                yield from _paths(value, here)
        else:
            yield here


def _at(found: Any, path: Path) -> Any:
    try:
        for key in path:
            found = found[key]
    except (KeyError, IndexError, TypeError):
        return None
    return found


class CsvLines:
    """Columns by a header's names; without a header: time, prompt tokens, answer tokens."""

    def __init__(self, first: str, file: str) -> None:
        """Raises CompassError that names the columns, where the first line isn't one of a trace."""
        self._delimiter = max(",;\t|", key=first.count)
        try:
            header = self._fields(first)
        except Unusable as error:
            raise CompassError(f"{file}, first line: {error}. {ACCEPTED}") from error
        self._header: str | None = first
        self.bare_unit_s = 1.0
        if _is_request(header):
            self.kind, self._header = "CSV without a header", None
            header = ["time", "prompt_tokens", "output_tokens"]
        self._width = len(header)
        self._columns = columns_of([(n,) for n in range(len(header))], [(each,) for each in header])
        if lacks := missing(self._columns):
            shown = ("".join(c for c in each.strip() if c.isprintable())[:40] for each in header[:12])
            raise CompassError(
                f"{file} is neither JSON lines nor a CSV whose first line names its columns: missing"
                f" {'; '.join(lacks)}. Its first line has {', '.join(f'“{each}”' for each in shown)}."
            )
        if self._header is not None:
            self.kind = CSVS.get(tuple(plain(each) for each in header[:3]), "CSV")

    def row(self, line: str) -> Row | None:
        """None for a header, wherever it stands. Raises Unusable."""
        if line == self._header:
            return None
        fields = self._fields(line)
        if len(fields) < self._width:
            raise Unusable("fewer fields than the header")
        columns = self._columns
        return _row({role: fields[int(column.path[0])] for role, column in columns.items()}, columns)

    def _fields(self, line: str) -> list[str]:
        if '"' not in line:
            return line.split(self._delimiter)
        try:
            return next(csv.reader([line], delimiter=self._delimiter, strict=True))
        except (csv.Error, StopIteration) as error:
            raise Unusable("quotes that don't end on the line") from error


CSVS: dict[tuple[str, ...], str] = {
    ("timestamp", "contexttokens", "generatedtokens"): "Azure CSV",
    ("timestamp", "model", "requesttokens"): "BurstGPT CSV",
    ("timestamp", "sessionid", "elapsedtime"): "BurstGPT CSV",
}
"""Known ones, by their first columns."""


def _is_request(fields: Sequence[str]) -> bool:
    try:
        moment(fields[0].strip())
        tokens(fields[1].strip(), "", 0)
        tokens(fields[2].strip(), "", 0)
    except (Unusable, IndexError):
        return False
    return True


def _row(values: dict[Any, Any], columns: Columns) -> Row:
    """Checked; raises Unusable."""
    get = values.get
    time, zoned = moment(values["time"])
    prompt = tokens(values["prompt"], "prompt tokens", 1)
    cached = get("cached")
    if cached is not None and cached != "":
        cached = tokens(cached, "cached tokens", 0)
        if plain(columns["cached"].path[-1]) == "cachereadinputtokens" and _apart(columns):
            # Anthropic's count of the input is of what was neither read from the cache nor written to it.
            prompt += cached + (tokens(get("written") or 0, "tokens written to the cache", 0))
    else:
        cached = None
    output = tokens(values["output"], "answer", 0)
    if output == 0:
        raise Unusable("no answer (0 tokens), such as of a request that failed")
    prefix = name(get("prefix"))
    if prefix is not None and get("prefix_tokens") not in (None, ""):
        prefix = f"{tokens(get('prefix_tokens'), 'tokens of the prefix', 0)} {prefix}"
    return Row(
        time,
        zoned,
        columns["time"].unit_s,
        prompt,
        output,
        cached,
        hashes(get("blocks")) if "blocks" in columns else None,
        prefix,
        name(get("session")),
        _moment(get("ended")),
        _seconds(get("duration"), columns),
    )


def _moment(value: Any) -> float | None:
    """Not worth a line, if it can't be read."""
    try:
        return moment(value)[0]
    except Unusable:
        return None


def _seconds(value: Any, columns: Columns) -> float | None:
    """None where the name doesn't say the unit."""
    if value is None or (unit_s := columns["duration"].unit_s) is None:
        return None
    bare = _moment(value)
    return None if bare is None or bare < 0 else bare * unit_s


def _apart(columns: Columns) -> bool:
    return plain(columns["prompt"].path[-1]) == "inputtokens"
