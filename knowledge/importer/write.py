"""All of a file or nothing: one transaction, in which a row measured before gives way to the new one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from knowledge.benchmarks import Benchmark
from knowledge.catalogue import models
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.importer.formats import Stated, read_file
from knowledge.importer.rows import check

SHOWN = 20
"""Refused rows that a message names; the rest is counted."""


@dataclass(frozen=True)
class Imported:
    """What an import did; `unknown_models` are kept, but no plan uses them until the catalogue has them."""

    kind: str
    rows: int
    updated: int
    unknown_models: list[str]


def import_file(path: Path, stated: Stated, database: Database) -> Imported:
    """Put a file's rows into the table. Raises CompassError naming every row that is wrong; then nothing has changed."""
    kind, raw = read_file(path, stated)
    rows, refused = check(raw, f"imported from {path.name}")
    if refused:
        more = f"\n… and {len(refused) - SHOWN:,} more." if len(refused) > SHOWN else ""
        raise CompassError(
            f"{path.name} ({kind}) was not imported: {len(refused):,} of {len(raw):,} rows are wrong, and nothing was changed.\n"
            + "\n".join(refused[:SHOWN])
            + more
        )
    updated = write_rows(rows, database)
    return Imported(kind, len(rows), updated, sorted({row.model_id for row in rows} - models().keys()))


def write_rows(rows: list[Benchmark], database: Database) -> int:
    """Put rows in, each in place of an earlier one with the same key and provenance. Returns how many were replaced."""
    columns = ", ".join(Benchmark.COLUMNS)
    with database.connect() as connection, connection.transaction():
        connection.execute("CREATE TEMPORARY TABLE incoming (LIKE benchmarks INCLUDING DEFAULTS) ON COMMIT DROP")
        with connection.cursor().copy(f"COPY incoming ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row.values())
        replaced = connection.execute(
            """
            DELETE FROM benchmarks b USING incoming i
            WHERE NOT b.shipped
              AND (b.model_id, b.gpu_type, b.gpu_count, b.prompt_tokens, b.output_tokens, b.requests_per_second, b.provenance)
                = (i.model_id, i.gpu_type, i.gpu_count, i.prompt_tokens, i.output_tokens, i.requests_per_second, i.provenance)
            """
        )
        connection.execute(f"INSERT INTO benchmarks ({columns}) SELECT {columns} FROM incoming")  # noqa: S608 - our own names
        return replaced.rowcount
