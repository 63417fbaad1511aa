"""Tables that ship with the project: CSV, compressed so that the same rows always give the same bytes."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path


def packed_bytes(name: str) -> bytes:
    """A shipped file as it is."""
    return files("knowledge").joinpath("data", name).read_bytes()


def unpack(packed: bytes) -> Iterator[dict[str, str]]:
    """The rows of a compressed table, as text."""
    return csv.DictReader(gzip.decompress(packed).decode().splitlines())


def read_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a shipped table, as text."""
    return unpack(packed_bytes(name))


def pack(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> bytes:
    """Rows as compressed CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def write_rows(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Replace a shipped table in this checkout."""
    Path(str(files("knowledge").joinpath("data", name))).write_bytes(pack(rows, list(rows[0])))


def numbers(text: str) -> list[float]:
    """A list in one cell."""
    return [float(v) for v in text.split()]
