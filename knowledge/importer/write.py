"""All of a file or nothing: one transaction, in which a row measured before gives way to the new one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.benchmarks import Benchmark
from knowledge.catalogue import TrafficProfile, models, traffic_profiles
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.importer.formats import Stated, read_file
from knowledge.importer.reading import Raw
from knowledge.importer.rows import check, gpu_named

SHOWN = 20
"""Rows that a message names; the rest is counted."""


@dataclass(frozen=True)
class Imported:
    """What an import did; `unknown_models` are kept, but no plan uses them until the catalogue has them.

    `left_out` names rows that are right and aren't taken, `unused` says why plans don't use rows that are,
    with how many; `replaced` says where the person's word went over the file's.
    """

    kind: str
    rows: int
    updated: int
    unknown_models: list[str]
    left_out: list[str] = field(default_factory=list)
    unused: dict[str, int] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)

    @property
    def used(self) -> int:
        return self.rows - sum(self.unused.values())


def import_file(path: Path, stated: Stated, database: Database) -> Imported:
    """Put a file's rows into the table. Raises CompassError naming every row that is
    wrong; then nothing has changed.
    """
    kind, raw = read_file(path, stated)
    checked = check(raw, f"imported from {path.name}")
    if checked.wrong:
        raise CompassError(
            f"{path.name} ({kind}) was not imported: {len(checked.wrong):,} of {len(raw):,} rows are wrong,"
            " and nothing was changed.\n" + _shown(checked.wrong)
        )
    if not checked.good:
        raise CompassError(
            f"{path.name} ({kind}) was not imported: no row says what plans could"
            f" use.\n{_shown(checked.left_out)}"
        )
    rows = checked.good
    updated = write_rows(rows, database)
    unknown = sorted({row.model_id for row in rows} - models().keys())
    unused = Counter(why for row in rows if (why := unused_because(row)) is not None)
    return Imported(kind, len(rows), updated, unknown, checked.left_out, dict(unused), _replaced(raw, stated))


def unused_because(row: Benchmark) -> str | None:
    """Why no plan reads a row; None if plans do."""
    if row.model_id not in models():
        return f"the catalogue doesn't have {row.model_id}"
    shape = TrafficProfile(prompt_tokens=row.prompt_tokens, output_tokens=row.output_tokens)
    if shape not in traffic_profiles():
        known = ", ".join(f"{p.prompt_tokens}→{p.output_tokens}" for p in traffic_profiles())
        return (
            f"plans are made with {known} tokens, and not with {shape.prompt_tokens}→{shape.output_tokens};"
            " if that is what was asked for, say so with --prompt-tokens and --output-tokens"
        )
    lacking = [
        name.upper()
        for name, seen in (("ttft", row.ttft_ms), ("itl", row.itl_ms), ("e2e", row.e2e_ms))
        if seen.p95 is None
    ]
    if lacking:
        return f"plans are made with p95s, and there is none of {', '.join(lacking)}"
    return None


def _replaced(raw: list[tuple[str, Raw]], stated: Stated) -> list[str]:
    """In words, what the file says otherwise than the person did."""
    found: dict[tuple[str, str], int] = Counter()
    for _, row in raw:
        for name, value in row.get("_replaced", {}).items():
            if name != "gpu_type" or gpu_named(str(value)) != gpu_named(str(stated.gpu_type)):
                found[name, str(value)[:80]] += 1
    return [
        f"{name.removesuffix('_id').replace('_', ' ')} {getattr(stated, name)}, as you say, and not"
        f" {value!r}, which the file says of {rows:,} row{'' if rows == 1 else 's'}"
        for (name, value), rows in found.items()
    ]


def _shown(sentences: list[str]) -> str:
    more = [f"… and {len(sentences) - SHOWN:,} more."] if len(sentences) > SHOWN else []
    return "\n".join([*sentences[:SHOWN], *more])


def write_rows(rows: list[Benchmark], database: Database) -> int:
    """Put rows in, each in place of an earlier one with the same key and provenance.
    Returns how many were replaced.
    """
    columns = ", ".join(Benchmark.COLUMNS)
    with database.connect() as connection, connection.transaction():
        connection.execute(
            "CREATE TEMPORARY TABLE incoming (LIKE benchmarks INCLUDING DEFAULTS) ON COMMIT DROP"
        )
        with connection.cursor().copy(f"COPY incoming ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row.values())
        replaced = connection.execute("""
            DELETE FROM benchmarks b USING incoming i
            WHERE NOT b.shipped
              AND (b.model_id, b.gpu_type, b.gpu_count, b.prompt_tokens, b.output_tokens, b.provenance)
                = (i.model_id, i.gpu_type, i.gpu_count, i.prompt_tokens, i.output_tokens, i.provenance)
              AND (b.requests_per_second = i.requests_per_second OR b.concurrency = i.concurrency)
            """)
        connection.execute(f"INSERT INTO benchmarks ({columns}) SELECT {columns} FROM incoming")  # noqa: S608 - our own names
        return replaced.rowcount
