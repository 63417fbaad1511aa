"""Latency against request rate of one configuration, as the benchmark table has it: what
the details of an option draw.
"""

from __future__ import annotations

from agent.cards.charts import CurveQuery, curves
from agent.cards.parts import Charts
from knowledge.catalogue import METRICS, TrafficProfile
from knowledge.database import Database


def curve(query: CurveQuery, database: Database) -> Charts:
    """Of one replica; no chart where the table has no such rows. Raises CompassError without a database."""
    table = database.curves(
        TrafficProfile(prompt_tokens=query.prompt_tokens, output_tokens=query.output_tokens)
    )
    wanted = (query.model_id, query.gpu_type, query.gpu_count)
    keys = zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)
    position = next((n for n, key in enumerate(keys) if key == wanted), None)
    if position is None:
        return Charts(charts=[])
    begins, count = int(table.curves.starts[position]), int(table.curves.counts[position])
    rows = slice(begins, begins + count)
    p95_ms = {metric: table.curves.p95_ms[n, rows].tolist() for n, metric in enumerate(METRICS)}
    return curves(query, table.curves.rates[rows].tolist(), p95_ms)
