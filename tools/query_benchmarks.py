"""Tool: what the benchmark table holds for some models and GPUs under one traffic profile."""

from __future__ import annotations

from itertools import groupby

from knowledge.benchmarks import Benchmark, find_benchmarks
from knowledge.catalogue import SloTargets, TrafficProfile
from knowledge.database import Database
from tools.curve import Curve
from tools.specification import Contract


class BenchmarkQuery(Contract):
    model_ids: list[str]
    gpu_types: list[str]
    traffic_profile: TrafficProfile
    slo_targets: SloTargets


class ConfigurationSummary(Contract):
    """One replica's curve in short; rates in requests per second."""

    model_id: str
    gpu_type: str
    gpu_count: int
    rows: int
    capacity_requests_per_second: float
    provenance: str
    source: str


class BenchmarkAnswer(Contract):
    configurations: list[ConfigurationSummary]
    rows: int

    def models_within_slo(self) -> list[str]:
        """Models that hold the targets on at least one configuration, in a stable order."""
        return sorted({c.model_id for c in self.configurations if c.capacity_requests_per_second > 0})


def load_curves(database: Database, profile: TrafficProfile, model_ids: list[str], gpu_types: list[str]) -> list[Curve]:
    """Every configuration's curve: the one database query of a plan."""
    with database.connect() as connection:
        rows = find_benchmarks(connection, profile, model_ids, gpu_types)

    def configuration(row: Benchmark) -> tuple[str, str, int]:
        return (row.model_id, row.gpu_type, row.gpu_count)

    return [Curve(tuple(group)) for _, group in groupby(rows, key=configuration)]


def query_benchmarks(query: BenchmarkQuery, database: Database) -> BenchmarkAnswer:
    """For each configuration with rows of exactly this profile: the rate at which one replica still holds all p95 targets.

    A capacity of 0 means that the targets fail even at the lowest rate in the table.
    """
    curves = load_curves(database, query.traffic_profile, query.model_ids, query.gpu_types)
    found = [
        ConfigurationSummary(
            model_id=c.model_id,
            gpu_type=c.gpu_type,
            gpu_count=c.gpu_count,
            rows=len(c.rows),
            capacity_requests_per_second=round(c.capacity(query.slo_targets), 4),
            provenance=c.provenance,
            source=c.rows[0].source,
        )
        for c in curves
    ]
    return BenchmarkAnswer(configurations=found, rows=sum(c.rows for c in found))
