"""What looking and measuring leave on record, in Compass's own database: tools read, and
whoever calls them keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from knowledge.database import Database
from tools.clusters.cluster import Cluster
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.manifests.digests import ManifestFile
from tools.manifests.expectation import Expectation, expectation_and_why
from tools.manifests.served import inference_service_of
from tools.serving.endpoint import engine_of
from tools.serving.monitoring import keep
from tools.serving.observed import record_observed
from tools.serving.outcomes import record_validation
from tools.serving.probe import Progress
from tools.serving.validation import Validation
from tools.validate_endpoint import ValidationQuery, validate_endpoint


def keep_window(status: DeploymentStatus, database: Database) -> None:
    """What the replicas did since somebody looked last, if this look was at them."""
    if status.look is not None:
        keep(status.look, database)


def watched(query: StatusQuery, cluster: Cluster, database: Database) -> DeploymentStatus:
    """Look at a deployment, and keep the window that this ends."""
    found = get_status(query, cluster, database)
    keep_window(found, database)
    return found


@dataclass(frozen=True)
class Subject:
    """What is validated: the files of an approval, applied to a cluster."""

    approval_id: str
    files: list[ManifestFile]
    cluster: Cluster

    @cached_property
    def planned(self) -> tuple[Expectation | None, str]:
        """What was planned of it, or None with why that isn't known: "" where nothing says so."""
        return expectation_and_why(inference_service_of(self.files))


def validated(query: ValidationQuery, subject: Subject, database: Database, progress: Progress) -> Validation:
    """Validate against what was planned, and keep the outcome."""
    found = validate_endpoint(query, *subject.planned, database, progress)
    keep_validation(query, found, subject, database)
    return found


def keep_validation(query: ValidationQuery, found: Validation, subject: Subject, database: Database) -> None:
    """Beside its prediction and, of a real server, as a row of the benchmark table."""
    record_validation(subject.approval_id, found, database)
    engine = engine_of(query.endpoint) if found.checks else ""
    if found.checks and not subject.cluster.simulated and "simulator" not in engine:
        expected, _ = subject.planned
        record_observed(query.name, subject.cluster.target, engine, expected, found, database)
