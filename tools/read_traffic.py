"""Tool: what a trace of requests says of the traffic, and the workload that it is."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pydantic import Field

from knowledge.traffic.lines import Limits
from knowledge.traffic.reading import read_trace
from knowledge.traffic.summary import TrafficSummary, summarised
from tools.contract import Contract
from tools.tool import tool
from tools.untrusted import printable

TimeUnit = Literal["s", "ms", "us", "ns"]
TIME_UNITS: tuple[TimeUnit, ...] = get_args(TimeUnit)
SECONDS: dict[TimeUnit, float] = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


class TrafficQuery(Contract):
    """`name` is what the file is called to its person, where that isn't the path's own."""

    path: str
    name: str = ""
    time_unit: TimeUnit | None = Field(
        default=None, description="What a bare number of its times counts, where the file doesn't show it"
    )
    cache_tokens: int | None = Field(
        default=None,
        ge=1,
        le=10**12,
        description="What the prefix cache holds, the last used; none is one that keeps everything",
    )


@tool(reads=True)
def read_traffic(query: TrafficQuery, limits: Limits | None = None) -> TrafficSummary:
    """Read a file of requests: Azure's or another CSV, Mooncake's or a gateway's JSON lines, plain or gzip.

    No model may ask for it: it reads whatever file its caller can. Raises CompassError for what can't be read
    as a trace, saying what would be accepted.
    """
    path = Path(query.path)
    name = printable(query.name or path.name, 120)
    unit_s = SECONDS[query.time_unit] if query.time_unit else None
    return summarised(read_trace(path, name, unit_s, limits), name, query.cache_tokens)
