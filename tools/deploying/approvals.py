"""Approvals: a person's yes to one digest for one target. The only key that `apply_to_cluster` takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from psycopg import Connection
from psycopg.types.json import Jsonb
from pydantic import Field

from knowledge.database import Database
from knowledge.errors import CompassError
from tools.deploying.audit import AuditEntry, AuditEvent, record_audit
from tools.manifests.digests import Action, ManifestFile
from tools.specification import Contract

VALID_FOR = timedelta(hours=1)
Status = Literal["approved", "applying", "applied", "undone", "refused"]


class ApprovalRequest(Contract):
    """What exactly was approved, where, in answer to which pause."""

    thread_id: str
    interrupt_id: str
    digest: str
    cluster: str
    namespace: str
    actor: str
    action: Action = "apply"
    name: str = ""
    model_id: str = ""
    files: list[ManifestFile] = Field(default_factory=list)
    live: str = ""
    """Fingerprint of the live objects when the person looked; "" if it wasn't taken."""
    takes_over: bool = False
    """Whether fields that others own may be taken."""


class Approval(ApprovalRequest):
    id: str
    approved_at: datetime
    status: Status
    healthy: bool
    applied_at: datetime | None
    before: list[dict[str, Any] | None] | None
    """The live objects when it was first used, None as long as it wasn't."""

    def entry(self, event: AuditEvent, detail: str = "") -> AuditEntry:
        """An entry of the audit log about this approval."""
        shared = self.model_dump(include={"actor", "action", "name", "cluster", "namespace", "digest", "thread_id"})
        return AuditEntry(**shared, event=event, approval_id=self.id, detail=detail)


def record_approval(request: ApprovalRequest, database: Database) -> str:
    """Store the approval and return its id. The same pause approved twice is one approval; for another digest, an error."""
    values = request.model_dump(exclude={"files"}) | {"files": Jsonb([f.model_dump() for f in request.files])}
    with database.connect() as connection, connection.transaction():
        made = connection.execute(
            f"INSERT INTO approvals ({', '.join(values)}) VALUES ({', '.join(f'%({n})s' for n in values)})"  # noqa: S608 - our own names
            " ON CONFLICT (thread_id, interrupt_id) DO NOTHING RETURNING *",
            values,
        ).fetchone()
        if made is not None:
            approval = _approval(made)
            record_audit(approval.entry("approved", "takes over fields of others" if approval.takes_over else ""), connection)
        row = connection.execute(
            "SELECT id, digest FROM approvals WHERE thread_id = %s AND interrupt_id = %s", [request.thread_id, request.interrupt_id]
        ).fetchone()
    if row is None or row["digest"] != request.digest:
        raise CompassError("This pause was already answered with an approval of other manifests. Look at the new ones and approve those.")
    return str(row["id"])


def claim_approval(approval_id: str, digest: str, cluster: str, namespace: str, connection: Connection[dict[str, Any]]) -> Approval:
    """The approval, locked until the caller's transaction ends, if it covers exactly this. Raises CompassError if it doesn't."""
    row = connection.execute("SELECT * FROM approvals WHERE id::text = %s FOR UPDATE", [approval_id]).fetchone()
    if row is None:
        raise CompassError("Nothing was applied: there is no approval for it.")
    approval = _approval(row)
    if approval.digest != digest:
        raise CompassError(f"Nothing was applied: the manifests have digest {digest}, but {approval.digest} was approved.")
    if (approval.cluster, approval.namespace) != (cluster, namespace):
        approved = f"{approval.cluster}/{approval.namespace}"
        raise CompassError(f"Nothing was applied: the approval is for {approved}, not for {cluster}/{namespace}.")
    if approval.status in ("undone", "refused"):
        raise CompassError("Nothing was applied: this approval was used for an attempt that failed. Approve again.")
    if approval.status == "approved" and datetime.now(UTC) - approval.approved_at > VALID_FOR:
        raise CompassError(f"Nothing was applied: the approval is older than {VALID_FOR.seconds // 60} minutes. Approve again.")
    return approval


def mark_approval(approval: Approval, status: Status, event: AuditEvent, detail: str, connection: Connection[dict[str, Any]]) -> None:
    """How far it is, or how it ended; goes on the audit log as well."""
    connection.execute(
        "UPDATE approvals SET status = %s, applied_at = CASE WHEN %s = 'applied' THEN now() END WHERE id::text = %s",
        [status, status, approval.id],
    )
    record_audit(approval.entry(event, detail), connection)


def begin(approval: Approval, before: list[dict[str, Any] | None], connection: Connection[dict[str, Any]]) -> None:
    """First use: it may be finished later however often we are killed, and undone to what was there before the first time."""
    connection.execute("UPDATE approvals SET before = %s WHERE id::text = %s", [Jsonb(before), approval.id])
    mark_approval(approval, "applying", "started", "", connection)


def mark_healthy(approval_id: str, database: Database) -> None:
    """What this approval applied became ready and answered: it can be rolled back to."""
    with database.connect() as connection:
        connection.execute("UPDATE approvals SET healthy = true WHERE id::text = %s", [approval_id])


def record_rejection(request: ApprovalRequest, reason: str, database: Database) -> None:
    """A person's no goes on the audit log as well."""
    shared = request.model_dump(include={"actor", "action", "name", "cluster", "namespace", "digest", "thread_id"})
    with database.connect() as connection:
        record_audit(AuditEntry(**shared, event="rejected", detail=reason[:500]), connection)


def revisions(cluster: str, namespace: str, name: str, database: Database) -> list[Approval]:
    """What was applied under this name, the newest first."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT * FROM approvals WHERE (cluster, namespace, name) = (%s, %s, %s) AND status IN ('applied', 'applying')"
            " ORDER BY approved_at DESC",
            [cluster, namespace, name],
        ).fetchall()
    return [_approval(row) for row in rows]


def approved_by(thread_id: str, database: Database) -> list[str]:
    """Names of what was approved in a conversation, the newest last."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT name FROM approvals WHERE thread_id = %s GROUP BY name ORDER BY max(approved_at)", [thread_id]
        ).fetchall()
    return [str(row["name"]) for row in rows]


def _approval(row: dict[str, Any]) -> Approval:
    return Approval.model_validate({k: row[k] for k in Approval.model_fields if k != "id"} | {"id": str(row["id"])})
