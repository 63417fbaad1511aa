"""Tool, the only one that writes: do what was approved to the cluster. Never bound to a language model."""

from __future__ import annotations

import yaml

from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.postgres.locks import Key
from tools.clusters.cluster import Cluster
from tools.clusters.objects import Object, name_of, uid_of
from tools.clusters.writer import Writer
from tools.contract import Contract
from tools.deploying.approvals import (
    APPLY_LOCK,
    Approval,
    Status,
    begin,
    find_approval,
    finish,
    record_refusal,
    why_not_usable,
)
from tools.deploying.audit import AuditEvent
from tools.deploying.live import fingerprint, owner_of
from tools.deploying.transaction import Incomplete, Undone, carry_out, live_objects
from tools.manifests.digests import Action, ManifestFile, digest_of
from tools.tool import tool

LONGEST_APPLY_S = 600.0


class ApplyRequest(Contract):
    approval_id: str
    files: list[ManifestFile]
    action: Action = "apply"


class AppliedObject(Contract):
    kind: str
    name: str
    uid: str


class ApplyResult(Contract):
    """`objects` are those applied; none of a deletion."""

    digest: str
    cluster: str
    namespace: str
    action: Action
    objects: list[AppliedObject]


@tool(reads=False)
def apply_to_cluster(request: ApplyRequest, database: Database, writer: Writer) -> ApplyResult:
    """Dry-run every object, then server-side apply (or delete) each in order, all or nothing. Safe to
    run again after it was killed.

    Refuses with CompassError unless the approval exists, is fresh, is for exactly these bytes on this cluster
    and namespace, and the live objects are still those that the person saw. Two callers with one approval
    take turns; the second finds it used and applies nothing. Every outcome goes on the audit log, refusals
    too. No connection is held while the cluster works.
    """
    cluster = writer.cluster
    digest = digest_of(request.files, request.action)
    busy = "Another window has been doing this for long. Look at the status before you try again."
    with database.locks.holding(Key(APPLY_LOCK, request.approval_id), LONGEST_APPLY_S, busy):
        approval = find_approval(request.approval_id, database)
        begun_earlier, for_good = approval.status == "applying", False
        try:
            documents = _covered(request, approval, digest, cluster)
            if approval.status == "approved":
                before = live_objects(documents, cluster)
                if refused := _no_longer_approved(approval, before):
                    for_good = True
                    raise CompassError(refused)
                # A committed mark first: if we are killed below, the approval stays
                # usable however old it gets.
                approval = begin(approval, before, database)
        except CompassError as error:
            record_refusal(approval, str(error), for_good, database)
            raise
        if (
            approval.status == "applying"
        ):  # an approval is used once; what it made is only looked up afterwards
            _carry_out(approval, documents, writer, begun_earlier, database)
        objects = [_applied(d, writer) for d in documents] if request.action == "apply" else []
    return ApplyResult(
        digest=digest,
        cluster=cluster.target,
        namespace=cluster.namespace,
        action=request.action,
        objects=objects,
    )


def _covered(request: ApplyRequest, approval: Approval, digest: str, cluster: Cluster) -> list[Object]:
    """The objects, which are read only now: until approved they are anybody's bytes.
    Raises CompassError if they aren't.
    """
    refused = why_not_usable(approval, digest, cluster.target, cluster.namespace, cluster.identity)
    if refused is not None:
        raise CompassError(refused)
    return [_document(f, cluster.namespace) for f in request.files]


def _carry_out(
    approval: Approval,
    documents: list[Object],
    writer: Writer,
    begun_earlier: bool,
    database: Database,
) -> None:
    before = approval.before or [None] * len(documents)
    try:
        carry_out(approval.action, documents, before, writer, approval.takes_over, begun_earlier)
    except Exception as error:
        finish(approval, *_outcome(error), str(error), database)
        raise
    finish(approval, "applied", "done", ", ".join(_label(d) for d in documents), database)


def _no_longer_approved(approval: Approval, before: list[Object | None]) -> str | None:
    """Why what is live may not be changed by this approval."""
    if approval.live and fingerprint(before) != approval.live:
        return (
            "Nothing was applied: what runs there has changed since you were shown the difference. Look at"
            " the new one and approve that."
        )
    owners = sorted({owner for o in before if o is not None and (owner := owner_of(o))})
    if owners and not approval.takes_over:
        return (
            f"Nothing was applied: {', '.join(owners)} manages what is there, and taking it over wasn't"
            " approved."
        )
    return None


def _outcome(error: Exception) -> tuple[Status, AuditEvent]:
    """An incomplete attempt may be finished with the same approval; all others need a new one."""
    if isinstance(error, Incomplete):
        return "applying", "incomplete"
    return ("undone", "undone") if isinstance(error, Undone) else ("refused", "refused")


def _applied(document: Object, writer: Writer) -> AppliedObject:
    kind, name = document["kind"], name_of(document)
    found = writer.cluster.get(document["apiVersion"], kind, name)
    if found is None:
        raise CompassError(
            f"{kind} {name} was applied, but is gone from {writer.cluster.description}. Somebody else may"
            " have deleted it."
        )
    return AppliedObject(kind=kind, name=name, uid=uid_of(found))


def _document(file: ManifestFile, namespace: str) -> Object:
    document = yaml.load(file.content, Loader=yaml.CSafeLoader)
    if not isinstance(document, dict) or document.get("metadata", {}).get("namespace") != namespace:
        raise CompassError(f"Nothing was applied: {file.path} isn't an object of namespace {namespace}.")
    return document


def _label(document: Object) -> str:
    return f"{document['kind']} {document['metadata']['name']}"
