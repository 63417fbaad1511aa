"""Tool, the only one that writes: apply approved bytes to the cluster. Never bound to a language model."""

from __future__ import annotations

from typing import Any

import yaml

from knowledge.database import Database
from knowledge.errors import CompassError
from tools.approvals import claim_approval, mark_approval
from tools.cluster import Cluster
from tools.render_manifest import ManifestFile, digest_of
from tools.specification import Contract


class ApplyRequest(Contract):
    approval_id: str
    files: list[ManifestFile]


class AppliedObject(Contract):
    kind: str
    name: str
    uid: str


class ApplyResult(Contract):
    digest: str
    cluster: str
    namespace: str
    objects: list[AppliedObject]


def apply_to_cluster(request: ApplyRequest, database: Database, cluster: Cluster) -> ApplyResult:
    """Dry-run every object, then server-side apply each in order. Safe to run again after it was killed half way.

    Refuses with CompassError unless the approval exists, is fresh, and is for exactly these bytes on this cluster and
    namespace. Two callers with one approval take turns on its row; the second finds it used and applies nothing.
    """
    digest = digest_of(request.files)
    with database.connect() as connection:
        # A separate, committed mark first: if we are killed below, the approval stays usable however old it gets.
        with connection.transaction():
            approval = claim_approval(request.approval_id, digest, cluster.target, cluster.namespace, connection)
            if approval.status == "approved":
                mark_approval(approval.id, "applying", connection)
        documents = [_document(f, cluster.namespace) for f in request.files]  # read only now: until approved they are anybody's bytes
        with connection.transaction():
            approval = claim_approval(request.approval_id, digest, cluster.target, cluster.namespace, connection)
            if approval.status != "applied":  # an approval is used once; what it made is only looked up afterwards
                for document in documents:
                    cluster.dry_run(document)
                for document in documents:
                    cluster.apply(document)
                mark_approval(request.approval_id, "applied", connection)
            objects = [_applied(d, cluster) for d in documents]
    return ApplyResult(digest=digest, cluster=cluster.target, namespace=cluster.namespace, objects=objects)


def _applied(document: dict[str, Any], cluster: Cluster) -> AppliedObject:
    kind, name = document["kind"], document["metadata"]["name"]
    found = cluster.get(document["apiVersion"], kind, name)
    if found is None:
        raise CompassError(f"{kind} {name} was applied, but is gone from {cluster.description}. Somebody else may have deleted it.")
    return AppliedObject(kind=kind, name=name, uid=str(found["metadata"]["uid"]))


def _document(file: ManifestFile, namespace: str) -> dict[str, Any]:
    document = yaml.safe_load(file.content)
    if not isinstance(document, dict) or document.get("metadata", {}).get("namespace") != namespace:
        raise CompassError(f"Nothing was applied: {file.path} isn't an object of namespace {namespace}.")
    return document
