"""What a deployment can go back to: the last revision that was approved, applied and healthy, or nothing."""

from __future__ import annotations

from knowledge.database import Database
from knowledge.errors import CompassError
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.deploying.approvals import elsewhere, revisions
from tools.manifests.bundle import ManifestBundle, bundle_of


class NothingToUndo(CompassError):
    """And why."""


def rollback_bundle(
    bundle: ManifestBundle | None, approval_id: str | None, cluster: Cluster, database: Database
) -> ManifestBundle:
    """What undoes `bundle`: the files of the last healthy revision before it, or its
    deletion. Raises NothingToUndo.
    """
    if bundle is None:
        raise NothingToUndo("There is no deployment to roll back.")
    if cluster.get(*INFERENCE_SERVICE, bundle.name) is None:
        gone = elsewhere(bundle.name, cluster, database)
        why = gone or f"{cluster.description} has no {bundle.name}."
        raise NothingToUndo(f"There is nothing to roll back: {why}")
    known = revisions(cluster, bundle.name, database)
    if approval_id is not None and all(r.id != approval_id for r in known):
        raise NothingToUndo(
            "There is nothing to roll back: what failed was undone, and the cluster is as it was before."
        )
    before = next((r for r in known if r.healthy and r.action == "apply" and r.id != approval_id), None)
    if before is not None:
        return bundle_of(before.files, before.name, before.namespace, before.model_id, images=None)
    return bundle_of(bundle.files, bundle.name, bundle.namespace, bundle.model_id, "delete")


def deletion_of(bundle: ManifestBundle) -> ManifestBundle:
    """The end of what a bundle made."""
    return bundle_of(bundle.files, bundle.name, bundle.namespace, bundle.model_id, "delete")
