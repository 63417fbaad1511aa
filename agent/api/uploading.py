"""A trace of requests as an upload: read where it lies for the time of the request, and kept nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import BoundedSemaphore
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from agent.api.access import MAX_TRACE_BYTES
from agent.api.parts import ByUser
from agent.api.problems import TITLES, Wrong, documented
from knowledge.traffic.lines import Limits
from knowledge.traffic.summary import TrafficSummary
from tools.read_traffic import TimeUnit, TrafficQuery, read_traffic

router = APIRouter(tags=["planning"], responses=documented(400, 401, 403, 408, 413, 422, 429))
LIMITS = Limits(requests=500_000, blocks=2_000_000, megabytes=256)
"""Of a packed upload as well, and such that other requests have room beside it."""
AT_ONCE = BoundedSemaphore(2)
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"The file itself, at most {MAX_TRACE_BYTES:,} bytes",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("text/csv", "application/x-ndjson", "application/gzip")
        },
    }
}


async def _uploaded(user: ByUser, request: Request) -> AsyncIterator[Path]:
    """The body as a file, gone when the request ends."""
    with NamedTemporaryFile(prefix="compass-trace-") as file:
        async for chunk in request.stream():
            file.write(chunk)
        file.flush()
        yield Path(file.name)


@router.post("/traffic", openapi_extra=BODY)
def summarise_traffic(
    user: ByUser,
    file: Annotated[Path, Depends(_uploaded)],
    name: Annotated[str, Query(min_length=1, max_length=120, description="What to call it")] = "the trace",
    time_unit: Annotated[
        TimeUnit | None, Query(description="What a bare number of its times counts, where it doesn't show")
    ] = None,
    cache_tokens: Annotated[
        int | None, Query(ge=1, le=10**12, description="What the prefix cache holds; none: everything")
    ] = None,
) -> TrafficSummary:
    """What a trace of requests says of the traffic, and the workload that it is. The body is the file:
    Azure's or another CSV, Mooncake's or a gateway's JSON lines, plain or packed by gzip.
    """
    if not AT_ONCE.acquire(blocking=False):
        raise Wrong(429, TITLES[429], "Other traces are being read. Try again in some seconds.")
    try:
        query = TrafficQuery(path=str(file), name=name, time_unit=time_unit, cache_tokens=cache_tokens)
        return read_traffic(query, limits=LIMITS)
    finally:
        AT_ONCE.release()
