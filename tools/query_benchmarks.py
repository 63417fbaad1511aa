"""Tool: what the benchmark table holds for some models and GPUs under one traffic profile."""

from __future__ import annotations

import numpy as np
from pydantic import computed_field

from knowledge.catalogue import SloTargets, TrafficProfile
from knowledge.database import Database
from knowledge.estimator.statistics import judged_curves
from knowledge.judging import judging_of, targets_in_order
from knowledge.workload import workload_of
from tools.contract import Contract
from tools.planning.constraints import in_doubt
from tools.tool import tool


class BenchmarkQuery(Contract):
    model_ids: list[str]
    gpu_types: list[str]
    traffic_profile: TrafficProfile
    slo_targets: SloTargets


class ModelSummary(Contract):
    """A model's configurations with rows of this profile, and how many of them hold
    the targets on one replica.
    """

    model_id: str
    configurations: int
    within_slo: int
    best_requests_per_second: float
    """The highest capacity of one replica within the targets, 0 if none holds them."""
    best_on: str
    provenance: list[str]


class BenchmarkAnswer(Contract):
    models: list[ModelSummary]
    rows: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def models_within_slo(self) -> int:
        """How many models hold the targets on at least one configuration."""
        return sum(m.within_slo > 0 for m in self.models)


@tool(reads=True, about="What the benchmark table holds for models and GPUs under one traffic profile.")
def query_benchmarks(query: BenchmarkQuery, database: Database) -> BenchmarkAnswer:
    """For each model with rows of exactly this profile: on how many configurations one replica holds all
    targets, and at what rate.

    Configurations whose estimates are in doubt aren't counted: no plan uses them.
    """
    table = database.curves(query.traffic_profile)
    asked = (
        (table.codes(query.model_ids, "model_ids") >= 0)
        & (table.codes(query.gpu_types, "gpu_types") >= 0)
        & ~in_doubt(table)
    )
    capacity = np.zeros(len(table))
    curves = judged_curves(
        table.select(np.flatnonzero(asked)),
        workload_of(query.traffic_profile),
        judging_of(query.slo_targets),
    )
    capacity[asked] = curves.capacity(targets_in_order(query.slo_targets))
    by_model: dict[str, list[int]] = {}
    for n in np.flatnonzero(asked).tolist():
        by_model.setdefault(table.model_ids[n], []).append(n)
    summaries = []
    for model_id, members in by_model.items():
        best = max(members, key=lambda n: float(capacity[n]))
        holds = capacity[best] > 0
        summaries.append(
            ModelSummary(
                model_id=model_id,
                configurations=len(members),
                within_slo=int(np.count_nonzero(capacity[members])),
                best_requests_per_second=round(float(capacity[best]), 4),
                best_on=f"{table.gpu_counts[best]} {table.gpu_types[best]}" if holds else "",
                provenance=sorted({origin.provenance for n in members for origin in table.origins_of(n)}),
            )
        )
    return BenchmarkAnswer(models=summaries, rows=int(table.curves.counts[asked].sum()))
