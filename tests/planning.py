"""Specifications, plans and tables for the tests of planning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.catalogue import METRICS, TrafficProfile
from knowledge.curves import CurveTable, table_of
from knowledge.prices import Price, prices
from tools.manifests.bundle import ManifestBundle
from tools.manifests.values import ManifestRequest
from tools.plan_capacity import PlanRequest, plan
from tools.planning.plan import Plan, Recommendation
from tools.render_manifest import render_manifest
from tools.specification import (
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_specification,
)
from tools.traffic import map_to_benchmark_profile

Tables = Mapping[TrafficProfile, CurveTable]
CHATBOT = TrafficProfile(prompt_tokens=512, output_tokens=256)


def specify(users: int = 1000, use_case: str = "chatbot_conversational", **changes: Any) -> Specification:
    """A use case's template for so many users, with `changes` as a person would make them."""
    plain = build_specification(Intent(use_case=use_case, user_count=users), Overrides())
    return change_specification(plain, SpecificationChange.model_validate(changes)) if changes else plain


def planned(
    tables: Tables, specification: Specification, listed: Sequence[Price] | None = None, **request: Any
) -> Plan:
    """With everything in the list unless `limit` is given."""
    profile = map_to_benchmark_profile(specification.traffic_profile)
    wanted = PlanRequest(
        specification=specification, benchmark_profile=profile, **{"limit": 10_000, **request}
    )
    return plan(wanted, tables[profile], prices() if listed is None else listed)


def key(o: Any) -> tuple[str, str, int]:
    return (o.model_id, o.gpu_type, o.gpu_count)


Rows = Sequence[tuple[float, float, float, float]]


def made_table(curves: Mapping[tuple[str, str, int], Rows], provenance: str = "measured") -> CurveTable:
    """From rows (rate, and p95s of TTFT, ITL and E2E in ms) of each configuration; p50
    and p99 are half and twice that.
    """
    rows = []
    for configuration in sorted(curves):
        for rate, *p95s in curves[configuration]:
            latencies = [factor * p95 for factor in (0.5, 1.0, 2.0) for p95 in p95s]
            assert len(p95s) == len(METRICS)
            rows.append((*configuration, rate, *latencies, provenance, "a test", "vLLM", "2026-01-01"))
    return table_of(rows)


def rendered(option: Recommendation, specification: Specification) -> ManifestBundle:
    """Its manifests, as a conversation would render them."""
    return render_manifest(
        ManifestRequest(
            recommendation=option,
            traffic_profile=specification.traffic_profile,
            slo_targets=specification.slo_targets,
            peak_requests_per_second=specification.demand.peak_requests_per_second,
            use_case=str(specification.intent.use_case),
            thread_id="t",
            plan_id="p",
            namespace="default",
        )
    )
