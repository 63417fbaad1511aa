"""What Compass has deployed, as the cluster has it now."""

from __future__ import annotations

from typing import Any

from knowledge.database import Database
from knowledge.errors import CompassError
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.deploying.approvals import revisions
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.manifests.digests import ManifestFile
from tools.render_manifest import ManifestBundle, bundle_of

MANAGED = "app.kubernetes.io/managed-by=compass"


def deployments(cluster: Cluster, database: Database) -> list[DeploymentStatus]:
    """The status of each, by name."""
    names = sorted(str(s["metadata"]["name"]) for s in cluster.list(*INFERENCE_SERVICE, label_selector=MANAGED))
    return [get_status(StatusQuery(name=name), cluster, database) for name in names]


def last_revision(name: str, cluster: Cluster, database: Database) -> ManifestBundle:
    """What was applied last under this name. Raises CompassError for what this database knows no approval of."""
    known = [r for r in revisions(cluster.target, cluster.namespace, name, database) if r.action == "apply"]
    if not known:
        raise CompassError(f"No approved manifests of {name} are known here. `compass deployments` lists what runs.")
    files: list[ManifestFile] = known[0].files
    return bundle_of(files, name, cluster.namespace, known[0].model_id)


def summary(status: DeploymentStatus) -> dict[str, Any]:
    """One row of the list."""
    return {
        "name": status.name,
        "model_id": status.model_id,
        "phase": status.phase,
        "replicas": f"{status.replicas_ready}/{status.replicas_wanted}",
        "age_seconds": status.age_seconds,
        "endpoint": status.endpoint,
        "drift": status.drift,
    }
