"""What Compass knows: models, GPUs, use cases, benchmarks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from agent.api.contracts import BenchmarkRow
from agent.api.parts import ByRuntime, ByUser
from agent.api.problems import documented
from knowledge.benchmarks import Benchmark
from knowledge.catalogue import Gpu, UseCase, gpus, models, use_cases
from knowledge.coverage import find_rows
from knowledge.model import Model

router = APIRouter(tags=["knowledge"], responses=documented(401, 403, 422, 429))
Filter = Annotated[str | None, Query(max_length=200)]


@router.get("/models")
def list_models(user: ByUser) -> list[Model]:
    """The catalogue's models."""
    return list(models().values())


@router.get("/gpus")
def list_gpus(user: ByUser) -> list[Gpu]:
    """The catalogue's GPUs."""
    return list(gpus().values())


@router.get("/use-cases")
def list_use_cases(user: ByUser) -> list[UseCase]:
    """The templates: traffic profile, targets and demand of each use case, with their source."""
    return list(use_cases().values())


@router.get("/benchmarks")
def list_benchmarks(
    user: ByUser,
    runtime: ByRuntime,
    model: Filter = None,
    gpu: Filter = None,
    profile: Annotated[
        str | None, Query(max_length=50, description="Prompt and output tokens, such as 512/256")
    ] = None,
    provenance: Filter = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[BenchmarkRow]:
    """Rows of the benchmark table, the most trusted first."""
    rows, _ = find_rows(runtime.database, _clean(model), _clean(gpu), profile, provenance, limit)
    return [_row(row) for row in rows]


def _clean(text: str | None) -> str | None:
    return text.replace("\x00", "") if text else text


def _row(row: Benchmark) -> BenchmarkRow:
    return BenchmarkRow(
        ttft_p95_ms=row.ttft_ms.p95,
        itl_p95_ms=row.itl_ms.p95,
        e2e_p95_ms=row.e2e_ms.p95,
        **{name: getattr(row, name) for name in BenchmarkRow.model_fields if not name.endswith("_ms")},
    )
