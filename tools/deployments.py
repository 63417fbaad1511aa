"""All that Compass has deployed and how each is doing, as `get_status` says it of one."""

from __future__ import annotations

from knowledge.database import Database
from tools.clusters.cluster import Cluster
from tools.contract import Contract
from tools.deploying.listing import names_of
from tools.get_status import DeploymentStatus, Phase, StatusQuery, get_status


def deployments(cluster: Cluster, database: Database, actor: str | None = None) -> list[DeploymentStatus]:
    """The status of each, by name; with an actor of those alone that this person
    approved: others aren't even looked at.
    """
    return [
        get_status(StatusQuery(name=name), cluster, database) for name in names_of(cluster, database, actor)
    ]


class Listed(Contract):
    """One row of the list."""

    name: str
    model_id: str | None
    phase: Phase
    replicas: str
    """Those that are ready, of those that are wanted."""
    age_seconds: float | None
    endpoint: str | None
    drift: list[str] | None
    cut: str | None


def summary(status: DeploymentStatus) -> Listed:
    return Listed(
        name=status.name,
        model_id=status.model_id,
        phase=status.phase,
        replicas=f"{status.replicas_ready}/{status.replicas_wanted}",
        age_seconds=status.age_seconds,
        endpoint=status.endpoint,
        drift=status.drift,
        cut=status.cut,
    )
