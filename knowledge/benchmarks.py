"""The benchmark table: what a row is, loading the shipped one, and the one query that planning makes."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from knowledge.catalogue import TrafficProfile

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

Provenance = Literal["measured", "observed", "estimated"]


@dataclass(frozen=True, slots=True)
class Percentiles:
    """A latency's distribution, in ms."""

    p50: float
    p90: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One replica (`gpu_count` GPUs) under one traffic shape at one request rate."""

    model_id: str
    gpu_type: str
    gpu_count: int
    prompt_tokens: int
    output_tokens: int
    requests_per_second: float
    ttft_ms: Percentiles
    itl_ms: Percentiles
    e2e_ms: Percentiles
    provenance: Provenance
    source: str
    engine: str
    date: str

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "model_id",
        "gpu_type",
        "gpu_count",
        "prompt_tokens",
        "output_tokens",
        "requests_per_second",
        *(f"{metric}_{p}_ms" for metric in ("ttft", "itl", "e2e") for p in ("p50", "p90", "p95", "p99")),
        "provenance",
        "source",
        "engine",
        "date",
    )

    def values(self) -> tuple[object, ...]:
        """In the order of COLUMNS."""
        latencies = [getattr(each, p) for each in (self.ttft_ms, self.itl_ms, self.e2e_ms) for p in ("p50", "p90", "p95", "p99")]
        key = (self.model_id, self.gpu_type, self.gpu_count, self.prompt_tokens, self.output_tokens, self.requests_per_second)
        return (*key, *latencies, self.provenance, self.source, self.engine, self.date)

    @classmethod
    def from_row(cls, row: DictRow) -> Benchmark:
        """From a database row with the names of COLUMNS."""
        latencies: dict[str, Any] = {
            f"{metric}_ms": Percentiles(*(row[f"{metric}_{p}_ms"] for p in ("p50", "p90", "p95", "p99")))
            for metric in ("ttft", "itl", "e2e")
        }
        plain: dict[str, Any] = {name: row[name] for name in cls.COLUMNS if not name.startswith(("ttft", "itl", "e2e"))}
        return cls(**plain, **latencies)


def load_shipped(connection: Connection[DictRow]) -> None:
    """Put the shipped table into the database, unless this very file is there already. One transaction."""
    packed = files("knowledge").joinpath("data", "benchmarks.csv.gz").read_bytes()
    digest = hashlib.sha256(packed).hexdigest()
    with connection.transaction():
        found = connection.execute("SELECT digest FROM shipped_data WHERE name = 'benchmarks.csv.gz' FOR UPDATE").fetchone()
        if found and found["digest"] == digest:
            return
        connection.execute("DELETE FROM benchmarks WHERE shipped")
        header, *rows = csv.reader(gzip.decompress(packed).decode().splitlines())
        # A row that somebody measured or observed keeps its place: precedence is by provenance, in the query.
        with connection.cursor().copy(f"COPY benchmarks ({', '.join(header)}, shipped) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([*row, "true"])
        connection.execute(
            "INSERT INTO shipped_data (name, digest) VALUES ('benchmarks.csv.gz', %s)"
            " ON CONFLICT (name) DO UPDATE SET digest = EXCLUDED.digest, loaded_at = now()",
            [digest],
        )


def find_benchmarks(
    connection: Connection[DictRow],
    profile: TrafficProfile,
    model_ids: Sequence[str],
    gpu_types: Sequence[str],
) -> list[Benchmark]:
    """Rows of exactly this traffic profile, by rising rate within a configuration; the most trusted source for each key."""
    rows = connection.execute(
        """
        SELECT DISTINCT ON (model_id, gpu_type, gpu_count, requests_per_second) *
        FROM benchmarks
        WHERE prompt_tokens = %s AND output_tokens = %s AND model_id = ANY(%s) AND gpu_type = ANY(%s)
        ORDER BY model_id, gpu_type, gpu_count, requests_per_second,
                 array_position(ARRAY['measured', 'observed', 'estimated'], provenance), date DESC
        """,
        [profile.prompt_tokens, profile.output_tokens, list(model_ids), list(gpu_types)],
    )
    return [Benchmark.from_row(row) for row in rows]
