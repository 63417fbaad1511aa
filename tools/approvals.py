"""Approvals: a person's yes to one digest for one target. The only key that `apply_to_cluster` takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection

from knowledge.database import Database
from knowledge.errors import CompassError
from tools.specification import Contract

VALID_FOR = timedelta(hours=1)


class ApprovalRequest(Contract):
    """What exactly was approved, where, in answer to which pause."""

    thread_id: str
    interrupt_id: str
    digest: str
    cluster: str
    namespace: str
    actor: str


class Approval(ApprovalRequest):
    id: str
    approved_at: datetime
    status: str


def record_approval(request: ApprovalRequest, database: Database) -> str:
    """Store the approval and return its id. The same pause approved twice is one approval; for another digest, an error."""
    with database.connect() as connection, connection.transaction():
        connection.execute(
            "INSERT INTO approvals (thread_id, interrupt_id, digest, cluster, namespace, actor)"
            " VALUES (%(thread_id)s, %(interrupt_id)s, %(digest)s, %(cluster)s, %(namespace)s, %(actor)s)"
            " ON CONFLICT (thread_id, interrupt_id) DO NOTHING",
            request.model_dump(),
        )
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
    approval = Approval.model_validate({k: row[k] for k in Approval.model_fields if k != "id"} | {"id": str(row["id"])})
    if approval.digest != digest:
        raise CompassError(f"Nothing was applied: the manifests have digest {digest}, but {approval.digest} was approved.")
    if (approval.cluster, approval.namespace) != (cluster, namespace):
        approved = f"{approval.cluster}/{approval.namespace}"
        raise CompassError(f"Nothing was applied: the approval is for {approved}, not for {cluster}/{namespace}.")
    if approval.status == "approved" and datetime.now(UTC) - approval.approved_at > VALID_FOR:
        raise CompassError(f"Nothing was applied: the approval is older than {VALID_FOR.seconds // 60} minutes. Approve again.")
    return approval


def mark_approval(approval_id: str, status: str, connection: Connection[dict[str, Any]]) -> None:
    """`applying` when it is first used, so that a killed apply may be finished later; `applied` when done."""
    connection.execute(
        "UPDATE approvals SET status = %s, applied_at = CASE WHEN %s = 'applied' THEN now() END WHERE id::text = %s",
        [status, status, approval_id],
    )
