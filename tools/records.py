"""What looking and measuring leave on record, in Compass's own database: tools read, and
whoever calls them keeps.
"""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.database import Database
from tools.clusters.cluster import Cluster
from tools.manifests.digests import ManifestFile
from tools.manifests.expectation import UnreadablePlan, expectation_of
from tools.manifests.served import inference_service_of
from tools.serving.endpoint import engine_of
from tools.serving.observed import record_observed
from tools.serving.outcomes import record_validation
from tools.serving.probe import Progress
from tools.serving.validation import Validation
from tools.validate_endpoint import NO_PLAN, ValidationQuery, validate_endpoint


@dataclass(frozen=True)
class Subject:
    """What is validated: the files of an approval, applied to a cluster."""

    approval_id: str
    files: list[ManifestFile]
    cluster: Cluster


def validated_and_kept(
    query: ValidationQuery, subject: Subject, database: Database, progress: Progress
) -> Validation:
    """Validate, and keep the outcome: beside its prediction and, of a real server, as a row of the
    benchmark table.
    """
    expected, unplanned = None, NO_PLAN
    try:
        expected = expectation_of(inference_service_of(subject.files))
    except UnreadablePlan as error:
        unplanned = str(error)
    found = validate_endpoint(query, expected, database, progress, unplanned)
    record_validation(subject.approval_id, found, database)
    engine = engine_of(query.endpoint) if found.checks else ""
    if found.checks and not subject.cluster.simulated and "simulator" not in engine:
        record_observed(query.name, subject.cluster.target, engine, expected, found, database)
    return found
