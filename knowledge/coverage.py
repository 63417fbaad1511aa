"""What the benchmark table covers, and looking rows up in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from psycopg.rows import tuple_row

from knowledge.benchmarks import Benchmark
from knowledge.catalogue import gpus, models, traffic_profiles
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.estimator.grids import GPU_COUNTS, feasible
from knowledge.estimator.withheld import withheld

PROVENANCES = ("measured", "observed", "estimated")


@dataclass(frozen=True)
class GpuCoverage:
    """Of one GPU type: models and configurations (model x number of GPUs) with p95s, and rows by kind."""

    gpu_type: str
    models: int
    configurations: int
    by_kernels: int
    by_roofline: int
    measured: int
    observed: int


@dataclass(frozen=True)
class Coverage:
    rows: int
    models: int
    profiles: dict[str, int]
    """Rows by traffic profile, of those that plans use."""
    gpus: list[GpuCoverage]
    withheld: int
    """Configurations whose estimates are in doubt, so that no plan uses them; see `estimator.withheld`."""
    missing: list[str]
    """Configurations that fit, without rows for a profile that they could serve."""


def coverage(database: Database) -> Coverage:
    """Counted over the whole table; `missing` compares it with the memory maths."""
    shapes = {
        (p.prompt_tokens, p.output_tokens): f"{p.prompt_tokens}→{p.output_tokens}" for p in traffic_profiles()
    }
    with database.connect() as connection:
        total = connection.execute(
            "SELECT count(*) AS n, count(DISTINCT model_id) AS models FROM benchmarks"
        ).fetchone()
        rows = connection.execute(
            """
            SELECT gpu_type,
                   count(DISTINCT model_id) FILTER (WHERE ttft_p95_ms IS NOT NULL) AS models,
                   count(DISTINCT (model_id, gpu_count))
                       FILTER (WHERE ttft_p95_ms IS NOT NULL) AS configurations,
                   count(*)
                       FILTER (WHERE provenance = 'estimated' AND source NOT LIKE 'roofline%%') AS by_kernels,
                   count(*)
                       FILTER (WHERE provenance = 'estimated' AND source LIKE 'roofline%%') AS by_roofline,
                   count(*) FILTER (WHERE provenance = 'measured') AS measured,
                   count(*) FILTER (WHERE provenance = 'observed') AS observed
            FROM benchmarks GROUP BY gpu_type
            """,
            [],
        ).fetchall()
        profiles = connection.execute(
            "SELECT prompt_tokens p, output_tokens o, count(*) n FROM benchmarks GROUP BY p, o"
        ).fetchall()
        kept = connection.execute(
            "SELECT DISTINCT model_id, gpu_type, gpu_count, prompt_tokens, output_tokens FROM benchmarks"
            " WHERE ttft_p95_ms IS NOT NULL"
        ).fetchall()
    by_shape = {(r["p"], r["o"]): r["n"] for r in profiles}
    by_gpu = {row["gpu_type"]: GpuCoverage(**row) for row in rows}
    present = {tuple(row.values()) for row in kept}
    missing = [
        f"{model.id} on {count} {gpu.id} at {name}"
        for model in models().values()
        for gpu in gpus().values()
        for count in GPU_COUNTS
        for (prompt, output), name in shapes.items()
        if (model.id, gpu.id, count, prompt, output) not in present
        and feasible(model, gpu, count, prompt + output)
    ]
    return Coverage(
        rows=total["n"] if total else 0,
        models=total["models"] if total else 0,
        profiles={name: by_shape.get(shape, 0) for shape, name in shapes.items()},
        gpus=[by_gpu[gpu] for gpu in gpus() if gpu in by_gpu],
        withheld=len(withheld()),
        missing=missing,
    )


def find_rows(
    database: Database,
    model: str | None,
    gpu: str | None,
    profile: str | None,
    provenance: str | None,
    limit: int,
) -> tuple[list[Benchmark], int]:
    """Up to `limit` rows that match, the most trusted first, and how many match. Raises
    CompassError for a filter that can't match.
    """
    conditions, values = ["true"], list[object]()
    if model:
        conditions.append("position(lower(%s) in lower(model_id)) > 0")
        values.append(model)
    if gpu:
        known = {g.id.lower(): g.id for g in gpus().values()}
        if gpu.lower() not in known:
            raise CompassError(f"There is no GPU {gpu!r} in the catalogue; known are {', '.join(gpus())}.")
        conditions.append("gpu_type = %s")
        values.append(known[gpu.lower()])
    if profile:
        shape = re.fullmatch(r"(\d{1,9})\s*(?:/|→|->|x)\s*(\d{1,9})", profile.strip())
        if not shape:
            raise CompassError(
                f"{profile!r} is not a traffic profile; one looks like 512/256: prompt tokens, output tokens."
            )
        conditions.append("prompt_tokens = %s AND output_tokens = %s")
        values += [int(shape.group(1)), int(shape.group(2))]
    if provenance:
        if provenance not in PROVENANCES:
            raise CompassError(f"{provenance!r} is no provenance; there are {', '.join(PROVENANCES)}.")
        conditions.append("provenance = %s")
        values.append(provenance)
    where = " AND ".join(conditions)
    with database.connect() as connection:
        count = connection.execute(f"SELECT count(*) AS n FROM benchmarks WHERE {where}", values).fetchone()  # noqa: S608 - fixed conditions
        rows = (
            connection.cursor(row_factory=tuple_row)
            .execute(
                f"SELECT {', '.join(Benchmark.COLUMNS)} FROM benchmarks WHERE {where}"  # noqa: S608 - as above
                " ORDER BY array_position(ARRAY['measured', 'observed', 'estimated'], provenance), model_id,"
                " gpu_type, gpu_count,"
                " prompt_tokens, output_tokens, requests_per_second LIMIT %s",
                [*values, limit],
            )
            .fetchall()
        )
    return [Benchmark.from_values(row) for row in rows], count["n"] if count else 0
