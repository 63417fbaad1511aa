"""What every entry of a data file has, and how the files are read."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from knowledge.errors import CompassError

T = TypeVar("T", bound=BaseModel)


class Entry(BaseModel):
    """Every figure in the data files says where it is from and as of when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1)
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


def data_text(name: str) -> str:
    """The text of one shipped data file."""
    return files("knowledge").joinpath("data", name).read_text(encoding="utf-8")


def validated(kind: type[T], rows: Iterable[Any], file: str, key: str) -> tuple[T, ...]:
    """Rows of a file as entries, named by their `key`. Raises CompassError about the first that is wrong."""
    adapter = TypeAdapter(kind)
    entries = []
    for number, row in enumerate(rows, start=1):
        try:
            entries.append(adapter.validate_python(row))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "entry"
            name = (row.get(key) if isinstance(row, dict) else None) or f"number {number}"
            raise CompassError(
                f"{file}, entry {name}, field {where}: {first['msg']} (found {first['input']!r})."
            ) from error
    return tuple(entries)
