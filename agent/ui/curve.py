"""Latency against request rate of one configuration, as the benchmark table has it: what
the details of an option draw.
"""

from __future__ import annotations

from typing import Any

from knowledge.catalogue import METRICS, TrafficProfile
from knowledge.database import Database
from tools.contract import Contract


class CurveQuery(Contract):
    """One replica of one option, at its benchmark profile."""

    model_id: str
    gpu_type: str
    gpu_count: int
    prompt_tokens: int
    output_tokens: int


def curve(query: CurveQuery, database: Database) -> dict[str, Any]:
    """`rates` in requests/s of one replica, and of each metric the p95 in ms at each.
    Raises CompassError without a database.
    """
    table = database.curves(
        TrafficProfile(prompt_tokens=query.prompt_tokens, output_tokens=query.output_tokens)
    )
    wanted = (query.model_id, query.gpu_type, query.gpu_count)
    keys = zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)
    position = next((n for n, key in enumerate(keys) if key == wanted), None)
    if position is None:
        return {"rates": [], "p95_ms": {metric: [] for metric in METRICS}}
    rows = slice(
        int(table.curves.starts[position]), int(table.curves.starts[position] + table.curves.counts[position])
    )
    p95 = {
        metric: [round(v, 2) for v in table.curves.p95_ms[n, rows].tolist()]
        for n, metric in enumerate(METRICS)
    }
    return {"rates": [round(v, 4) for v in table.curves.rates[rows].tolist()], "p95_ms": p95}
