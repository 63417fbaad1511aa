"""Lines of a file that somebody gave us, one after the other: plain or gzip, within limits, never all at
once. Everything in it is data.
"""

from __future__ import annotations

import gzip
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from knowledge.errors import CompassError

LONGEST_LINE = 16_000_000
"""Bytes: a gateway's line may hold the texts as well."""
BOM = b"\xef\xbb\xbf"
BINARY: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive or a spreadsheet"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd"),
    (b"BZh", "packed by bzip2"),
    (b"\xfd7zXZ", "packed by xz"),
    (b"PAR1", "a Parquet file"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"SQLite format", "a database"),
)
"""What people have in hand, by how it begins."""
ACCEPTED = "A CSV or JSON lines in UTF-8, plain or packed by gzip, can be read."


@dataclass(frozen=True)
class Limits:
    """Of what is read of one file: requests, blocks of prompts in all, and megabytes as they are unpacked.
    With these a reader needs a gigabyte.
    """

    requests: int = 5_000_000
    blocks: int = 10_000_000
    megabytes: int = 4_000


@contextmanager
def opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    """The bytes, unpacked. Raises CompassError for what can't be read, also while it is read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CompassError(f"{name} is no file. {ACCEPTED}")
        with path.open("rb") as file:
            begins = file.read(16)
            file.seek(0)
            for mark, what in BINARY:
                if begins.startswith(mark):
                    raise CompassError(f"{name} is {what}. {ACCEPTED}")
            if begins.startswith(b"\x1f\x8b"):
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield cast(IO[bytes], unpacked)
            else:
                yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CompassError(f"{name} is packed by gzip and damaged or cut off. Pack it again.") from error
    except OSError as error:
        raise CompassError(f"{name} can't be read: {error.strerror or error}.") from error
    except ValueError as error:  # a name with a zero in it
        raise CompassError(f"{name!r} is no name of a file.") from error


def lines(file: IO[bytes], name: str, limits: Limits) -> Iterator[bytes | None]:
    """Each line without its end; None for one that is too long. Raises CompassError for too many."""
    left = limits.megabytes * 1_000_000
    first = True
    while line := file.readline(LONGEST_LINE):
        left -= len(line)
        whole = len(line) < LONGEST_LINE or line.endswith(b"\n")
        while len(line) == LONGEST_LINE and not line.endswith(b"\n") and left >= 0:
            line = file.readline(LONGEST_LINE)
            left -= len(line)
        if left < 0:
            raise CompassError(
                f"{name} has more than {limits.megabytes:,} MB of text, the most that is read at once."
                " Cut it, for instance to its busiest day."
            )
        if first and line.startswith(BOM):
            line = line[len(BOM) :]
        first = False
        yield line.rstrip(b"\r\n") if whole else None
