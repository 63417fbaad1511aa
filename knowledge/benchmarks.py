"""The benchmark table: what a row is, loading the shipped one, and the curves that planning reads."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from uuid import UUID

from psycopg.rows import tuple_row

from knowledge.catalogue import METRICS, TrafficProfile
from knowledge.errors import CompassError
from knowledge.shipped import packed_bytes

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import DictRow

    from knowledge.curves import CurveTable

Provenance = Literal["measured", "observed", "estimated"]


STATISTICS = ("p50", "p90", "p95", "p99", "mean")


@dataclass(frozen=True, slots=True)
class Percentiles:
    """A latency's distribution, in ms. What a source doesn't state is None: a mean
    never stands for a percentile.
    """

    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    mean: float | None = None


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
    output_tokens_per_second: float | None
    concurrency: int | None
    """Requests in flight, where the load was a fixed number of them."""
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
        *(f"{metric}_{statistic}_ms" for metric in METRICS for statistic in STATISTICS),
        "output_tokens_per_second",
        "concurrency",
        "provenance",
        "source",
        "engine",
        "date",
    )

    def values(self) -> tuple[object, ...]:
        """In the order of COLUMNS."""
        latencies = [
            getattr(each, s) for each in (self.ttft_ms, self.itl_ms, self.e2e_ms) for s in STATISTICS
        ]
        key = (
            self.model_id,
            self.gpu_type,
            self.gpu_count,
            self.prompt_tokens,
            self.output_tokens,
            self.requests_per_second,
        )
        load = (self.output_tokens_per_second, self.concurrency)
        return (*key, *latencies, *load, self.provenance, self.source, self.engine, self.date)

    @classmethod
    def from_values(cls, values: Sequence[Any]) -> Benchmark:
        """The inverse of `values`."""
        n = len(STATISTICS)
        latencies = (Percentiles(*values[at : at + n]) for at in (6, 6 + n, 6 + 2 * n))
        return cls(*values[:6], *latencies, *values[6 + 3 * n :])


def load_shipped(connection: Connection[DictRow]) -> None:
    """Put the shipped tables into the database, unless these very files are there
    already. One transaction.
    """
    digest = hashlib.sha256(packed_bytes("benchmarks.csv.gz") + packed_bytes("measured.csv.gz")).hexdigest()
    with connection.transaction():
        found = connection.execute(
            "SELECT digest FROM shipped_data WHERE name = 'benchmarks' FOR UPDATE"
        ).fetchone()
        if found and found["digest"] == digest:
            return
        connection.execute("DELETE FROM benchmarks WHERE shipped")
        header, rows = gzip.decompress(packed_bytes("benchmarks.csv.gz")).split(b"\n", 1)
        columns = f"{header.decode().strip()}, shipped"
        with connection.cursor().copy(f"COPY benchmarks ({columns}) FROM STDIN (FORMAT csv)") as copy:
            copy.write(rows.replace(b"\r\n", b"\n").replace(b"\n", b",true\n"))
        with connection.cursor().copy(
            f"COPY benchmarks ({', '.join(Benchmark.COLUMNS)}, shipped) FROM STDIN"
        ) as copy:
            for point in measured_benchmarks():
                copy.write_row([*point.values(), True])
        connection.execute(
            "INSERT INTO shipped_data (name, digest) VALUES ('benchmarks', %s)"
            " ON CONFLICT (name) DO UPDATE SET digest = EXCLUDED.digest, loaded_at = now()",
            [digest],
        )


def measured_benchmarks() -> Iterator[Benchmark]:
    """The shipped measurements: means at a fixed number of requests in flight, the rate by Little's law."""
    from knowledge.estimator.measured import measured_points

    for p in measured_points():
        e2e_ms = p.ttft_mean_ms + p.itl_mean_ms * (p.output_tokens - 1)
        rate = p.concurrency / e2e_ms * 1000
        layout = f"{p.precision}, TP{p.gpu_count}" + (
            f", EP{p.expert_parallel}" if p.expert_parallel > 1 else ""
        )
        yield Benchmark(
            model_id=p.model_id,
            gpu_type=p.gpu_type,
            gpu_count=p.gpu_count,
            prompt_tokens=p.prompt_tokens,
            output_tokens=p.output_tokens,
            requests_per_second=round(rate, 4),
            ttft_ms=Percentiles(None, None, None, None, p.ttft_mean_ms),
            itl_ms=Percentiles(None, None, None, None, p.itl_mean_ms),
            e2e_ms=Percentiles(None, None, None, None, round(e2e_ms, 1)),
            output_tokens_per_second=round(rate * p.output_tokens, 1),
            concurrency=p.concurrency,
            provenance="measured",
            source=f"{p.source} ({layout}, {p.concurrency} in flight)",
            engine=p.engine,
            date=p.date,
        )


TABLES = 8
"""Kept in memory, of a few MB each: two versions of the four profiles."""
CURVE_COLUMNS = (
    "model_id",
    "gpu_type",
    "gpu_count",
    "requests_per_second",
    *(f"{metric}_{statistic}_ms" for statistic in ("p50", "p95", "p99") for metric in METRICS),
    "provenance",
    "source",
    "engine",
    "date",
)


class CurveCache:
    """Curves by the table's version and traffic profile, for all databases of this process: a plan asks its
    own for its version only. What changes a table gives it a version that there was never before.
    """

    def __init__(self) -> None:
        self._tables: dict[tuple[UUID, TrafficProfile], CurveTable] = {}
        self._lock = threading.Lock()

    def table(self, connection: Connection[DictRow], profile: TrafficProfile) -> CurveTable:
        """Every configuration with rows of exactly this profile, as the table is now."""
        from knowledge.curves import table_of

        known = self._tables.get((_version(connection), profile))
        if known is not None:
            return known
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            version, rows = _version(connection), _curve_rows(connection, profile)
        table = table_of(_without_doubted(rows))
        with self._lock:
            for oldest in list(self._tables)[: max(0, len(self._tables) + 1 - TABLES)]:
                del self._tables[oldest]
            self._tables[version, profile] = table
        return table


CURVES = CurveCache()


def _without_doubted(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Where anything better is known of a configuration, without estimates that are in doubt."""
    from knowledge.estimator.withheld import withheld

    provenance = CURVE_COLUMNS.index("provenance")
    better = {row[:3] for row in rows if row[provenance] != "estimated"} & withheld().keys()
    return (
        [row for row in rows if row[provenance] != "estimated" or row[:3] not in better] if better else rows
    )


def _version(connection: Connection[DictRow]) -> UUID:
    row = connection.execute("SELECT version FROM benchmarks_version").fetchone()
    if row is None:
        raise CompassError(
            "The database lacks the benchmark table's version; start Compass again to repair it."
        )
    return UUID(str(row["version"]))


def _curve_rows(connection: Connection[DictRow], profile: TrafficProfile) -> list[tuple[Any, ...]]:
    """Rows that state p95s, by configuration and rising rate; of several for one key the
    most trusted, then the newest.
    """
    return (
        connection.cursor(row_factory=tuple_row, binary=True)
        .execute(
            f"""
            SELECT DISTINCT ON (model_id, gpu_type, gpu_count, requests_per_second) {", ".join(CURVE_COLUMNS)}
            FROM benchmarks
            WHERE prompt_tokens = %s AND output_tokens = %s
              AND ttft_p95_ms IS NOT NULL AND itl_p95_ms IS NOT NULL AND e2e_p95_ms IS NOT NULL
            ORDER BY model_id, gpu_type, gpu_count, requests_per_second,
                     array_position(ARRAY['measured', 'observed', 'estimated'], provenance), date DESC
            """,  # noqa: S608 - our own names
            [profile.prompt_tokens, profile.output_tokens],
        )
        .fetchall()
    )
