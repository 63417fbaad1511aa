"""Predicted against observed, deployment by deployment: what closes the loop from
the plan to what came of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from knowledge.catalogue import METRICS, Metric
from knowledge.database import Database
from tools.contract import Contract
from tools.manifests.digests import ManifestFile
from tools.manifests.expectation import Expectation, expectation_if_any
from tools.manifests.served import inference_service_of
from tools.serving.outcomes import histograms, recorded, validations
from tools.wording import setup


class Compared(Contract):
    """p95s in ms; `error` is observed over predicted, less 1."""

    metric: Metric
    predicted_ms: float | None
    observed_ms: float
    target_ms: float
    error: float | None


class Outcome(Contract):
    """Of one approved revision: its latest validation, or all windows of the period together.

    The prediction is the benchmark table's at the mean rate that was observed; windows are what the servers
    measured, a validation what a client did.
    """

    name: str
    cluster: str
    namespace: str
    digest: str
    model_id: str
    setup: str
    kind: Literal["validation", "windows"]
    at: datetime
    """Of the validation, or of the end of the newest window."""
    outcome: str
    """pass, warn, fail or unjudged; of windows, how many of those with requests held the targets."""
    requests: int
    failed: int
    requests_per_second: float | None
    provenance: str
    compared: list[Compared]


def outcomes_of(name: str | None, days: float, database: Database) -> list[Outcome]:
    """The newest first; of all deployments, or of one."""
    since = datetime.now(UTC) - timedelta(days=days)
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT id::text, name, cluster, namespace, digest, model_id, files FROM approvals WHERE action ="
            " 'apply' AND (%(name)s::text IS NULL OR name = %(name)s) AND (  EXISTS (SELECT FROM validations"
            " WHERE approval_id = approvals.id AND at > %(since)s) OR  EXISTS (SELECT FROM outcomes WHERE"
            " approval_id = approvals.id AND ended_at > %(since)s)) ORDER BY approved_at DESC",
            {"name": name, "since": since},
        ).fetchall()
    found: list[Outcome] = []
    for row in rows:
        expected = expectation_if_any(
            inference_service_of([ManifestFile.model_validate(f) for f in row["files"]])
        )
        if expected is None:
            continue
        shared = {k: row[k] for k in ("name", "cluster", "namespace", "digest", "model_id")} | {
            "setup": setup(expected),
            "provenance": expected.provenance,
        }
        found += [
            o
            for o in (
                _windows(row["id"], since, expected, shared, database),
                _validation(row["id"], shared, database),
            )
            if o
        ]
    return found


def _validation(approval_id: str, shared: dict[str, str], database: Database) -> Outcome | None:
    known = validations(approval_id, database)
    if not known:
        return None
    at, seen = known[0]
    compared = [_compared(c.metric, c.p95_ms, c.predicted_ms, c.target_ms) for c in seen.checks]
    return Outcome.model_validate(
        shared
        | {
            "kind": "validation",
            "at": at,
            "outcome": seen.outcome,
            "requests": seen.requests,
            "failed": seen.failed,
        }
        | {"requests_per_second": seen.requests_per_second, "compared": compared}
    )


def _windows(
    approval_id: str, since: datetime, expected: Expectation, shared: dict[str, str], database: Database
) -> Outcome | None:
    seen = recorded(approval_id, since, database)
    if seen is None:
        return None
    per_second = seen.requests / seen.seconds if seen.seconds else 0.0
    predicted = expected.at(per_second, max(1, round(seen.replicas)), database) or {}
    observed = {m: h.quantile(0.95) for m, h in histograms(approval_id, since, database).items()}
    compared = [
        _compared(metric, p95.value_ms, predicted.get(metric), expected.p95_to_hold(metric))
        for metric in METRICS
        if (p95 := observed.get(metric)) is not None
    ]
    return Outcome.model_validate(
        shared
        | {
            "kind": "windows",
            "at": seen.until,
            "outcome": f"{seen.held} of {seen.judged} held",
            "requests": seen.requests,
        }
        | {"failed": seen.failed, "requests_per_second": round(per_second, 4), "compared": compared}
    )


def _compared(metric: Metric, observed_ms: float, predicted_ms: float | None, target_ms: float) -> Compared:
    return Compared(
        metric=metric,
        predicted_ms=None if predicted_ms is None else round(predicted_ms, 2),
        observed_ms=round(observed_ms, 2),
        target_ms=target_ms,
        error=round(observed_ms / predicted_ms - 1, 4) if predicted_ms else None,
    )
