"""What a validation saw of a real deployment, as a row of the benchmark table: the next plan knows it."""

from __future__ import annotations

from datetime import UTC, datetime

from knowledge.benchmarks import Benchmark, Percentiles
from knowledge.catalogue import traffic_profiles
from knowledge.database import Database
from knowledge.importer.write import write_rows
from tools.manifests.expectation import Expectation
from tools.serving.validation import FEWEST, LatencyCheck, Validation


def observed_row(
    name: str, cluster: str, engine: str, expected: Expectation, seen: Validation
) -> Benchmark | None:
    """Of one replica at its share of the probe's rate; None for what is no fair measurement of
    a benchmarked traffic profile.

    p99 stays open: a probe has too few requests for it.
    """
    checks = {c.metric: c for c in seen.checks}
    fair = len(checks) == 3 and not seen.failed and all(c.samples >= FEWEST for c in seen.checks)
    if not fair or seen.requests_per_second is None or expected.profile not in traffic_profiles():
        return None
    per_replica = seen.requests_per_second / expected.replicas
    return Benchmark(
        model_id=expected.model_id,
        gpu_type=expected.gpu_type,
        gpu_count=expected.gpu_count,
        prompt_tokens=expected.prompt_tokens,
        output_tokens=expected.output_tokens,
        requests_per_second=round(per_replica, 4),
        ttft_ms=_percentiles(checks["ttft"]),
        itl_ms=_percentiles(checks["itl"]),
        e2e_ms=_percentiles(checks["e2e"]),
        output_tokens_per_second=round(per_replica * expected.output_tokens, 1),
        concurrency=None,
        provenance="observed",
        source=f"validation of {name} on {cluster} ({checks['ttft'].samples} requests)",
        engine=engine,
        date=datetime.now(UTC).date().isoformat(),
    )


def record_observed(
    name: str, cluster: str, engine: str, expected: Expectation | None, seen: Validation, database: Database
) -> bool:
    """Put it into the table, in place of what was observed at this rate before;
    whether there was anything to put in.

    What a simulator answered is an estimate again: callers leave it out.
    """
    row = observed_row(name, cluster, engine, expected, seen) if expected else None
    if row is not None:
        write_rows([row], database)
    return row is not None


def _percentiles(check: LatencyCheck) -> Percentiles:
    return Percentiles(check.p50_ms, check.p90_ms, check.p95_ms, None)
