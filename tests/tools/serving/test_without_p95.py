"""A deployment whose targets are no p95s is measured against the p95s that were planned, and that is said."""

from __future__ import annotations

import pytest

from knowledge.catalogue import Metric, SloTargets, Statistic
from tools.manifests.expectation import Expectation


def expected(instead: dict[Metric, dict[Statistic, float]]) -> Expectation:
    return Expectation(
        model_id="meta-llama/Llama-3.1-8B-Instruct",
        gpu_type="H100",
        gpu_count=1,
        replicas=1,
        prompt_tokens=512,
        output_tokens=256,
        requests_per_second=1.0,
        max_requests_per_second=2.0,
        cost_usd_per_month=1000.0,
        provenance="estimated",
        ttft_p95_ms=90.0,
        itl_p95_ms=11.0,
        e2e_p95_ms=3000.0,
        targets=SloTargets(ttft_p95_ms=150, itl_p95_ms=25, e2e_p95_ms=7000, instead=instead),
    )


@pytest.mark.parametrize(
    ("of_ttft", "held", "named"),
    [({"p90": 500.0}, 90.0, True), ({}, 90.0, True), ({"p95": 120.0, "p50": 60.0}, 120.0, False)],
)
def test_without_a_p95_target_the_planned_p95_is_held(
    of_ttft: dict[Statistic, float], held: float, named: bool
) -> None:
    of = expected({"ttft": of_ttft})
    assert of.p95_to_hold("ttft") == held
    assert of.p95_to_hold("itl") == 25
    assert ("TTFT" in of.without_p95_target) == named
    assert "ITL" not in of.without_p95_target


def test_targets_are_read_back_as_they_were_written() -> None:
    of = expected({"ttft": {"p90": 500.0}, "e2e": {}})
    written = of.written
    assert any('"p90":500.0' in text for text in written.values())
    assert SloTargets.model_validate_json(of.targets.model_dump_json()) == of.targets
    assert "instead" not in "".join(expected({}).written.values())
