"""Approvals: a person's yes to one digest for one target. The only key that `apply_to_cluster` takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg.types.json import Jsonb
from pydantic import Field

from knowledge.database import Database
from knowledge.errors import CompassError
from tools.clusters.cluster import Cluster
from tools.clusters.identity import Identity
from tools.contract import Contract
from tools.deploying.audit import AuditEntry, AuditEvent, record_audit
from tools.manifests.bundle import ManifestBundle
from tools.manifests.digests import Action, ManifestFile

VALID_FOR = timedelta(hours=1)
IDENTITY_HOLDS_S = 30.0
"""How long one may take a cluster for the same when nothing is changed in it."""
MAX_DETAIL = 2000
APPLY_LOCK = 0x6170706C
"""Held by whoever uses an approval, as long as that takes."""
Status = Literal["approved", "applying", "applied", "undone", "refused"]
ENDED: tuple[Status, ...] = ("undone", "refused")
"""Of no use any more."""


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
    identity: Identity = Identity()
    """Of the cluster that the person looked at, which `cluster` is only a name for;
    unknown for approvals from before this was kept.
    """

    @classmethod
    def of(
        cls, bundle: ManifestBundle, cluster: Cluster, actor: str, thread_id: str, interrupt_id: str
    ) -> ApprovalRequest:
        """Of exactly this bundle. What the person saw of the cluster, `seeing` adds."""
        return cls(
            thread_id=thread_id,
            interrupt_id=interrupt_id,
            digest=bundle.digest,
            cluster=cluster.target,
            namespace=bundle.namespace,
            actor=actor,
            action=bundle.action,
            name=bundle.name,
            model_id=bundle.model_id,
            files=bundle.files,
        )

    def seeing(self, live: str, identity: Identity, takes_over: bool = False) -> ApprovalRequest:
        """With the fingerprint of the live objects, and which cluster they are on."""
        return self.model_copy(update={"live": live, "identity": identity, "takes_over": takes_over})


class Approval(ApprovalRequest):
    id: str
    approved_at: datetime
    status: Status
    healthy: bool
    applied_at: datetime | None
    before: list[dict[str, Any] | None] | None
    """The live objects when it was first used, None as long as it wasn't."""
    is_old: bool = False
    """Whether it was given more than VALID_FOR ago, by the database's clock, which
    wrote down when that was.
    """

    def entry(self, event: AuditEvent, detail: str = "") -> AuditEntry:
        """An entry of the audit log about this approval."""
        shared = self.model_dump(
            include={"actor", "action", "name", "cluster", "namespace", "digest", "thread_id"}
        )
        return AuditEntry(**shared, event=event, approval_id=self.id, detail=detail)


def record_approval(request: ApprovalRequest, database: Database) -> str:
    """Store the approval and return its id. The same pause approved twice is one
    approval; for another digest, an error.
    """
    stored = {
        "files": Jsonb([f.model_dump() for f in request.files]),
        "identity": Jsonb(request.identity.model_dump()),
    }
    values = request.model_dump(exclude={*stored}) | stored
    with database.connect() as connection, connection.transaction():
        made = connection.execute(
            f"INSERT INTO approvals ({', '.join(values)}) VALUES ({', '.join(f'%({n})s' for n in values)})"  # noqa: S608 - our own names
            " ON CONFLICT (thread_id, interrupt_id) DO NOTHING RETURNING *",
            values,
        ).fetchone()
        if made is not None:
            approval = approval_of(made)
            record_audit(
                approval.entry("approved", "takes over fields of others" if approval.takes_over else ""),
                connection,
            )
        row = connection.execute(
            "SELECT id, digest FROM approvals WHERE thread_id = %s AND interrupt_id = %s",
            [request.thread_id, request.interrupt_id],
        ).fetchone()
    if row is None or row["digest"] != request.digest:
        raise CompassError(
            "This pause was already answered with an approval of other manifests. Look at the new ones and"
            " approve those."
        )
    return str(row["id"])


def find_approval(approval_id: str, database: Database) -> Approval:
    """Raises CompassError if there is none."""
    with database.connect() as connection:
        row = connection.execute(
            "SELECT *, clock_timestamp() - approved_at > %s AS is_old FROM approvals WHERE id::text = %s",
            [VALID_FOR, approval_id],
        ).fetchone()
    if row is None:
        raise CompassError("Nothing was applied: there is no approval for it.")
    return approval_of(row)


def why_not_usable(
    approval: Approval, digest: str, cluster: str, namespace: str, identify: Callable[[], Identity]
) -> str | None:
    """Why it doesn't cover exactly this, here and now; `identify` says which cluster this
    is, and is asked where that matters.
    """
    if approval.digest != digest:
        return f"Nothing was applied: the manifests have digest {digest}, but {approval.digest} was approved."
    if (approval.cluster, approval.namespace) != (cluster, namespace):
        return (
            f"Nothing was applied: the approval is for {approval.cluster}/{approval.namespace}, not for"
            f" {cluster}/{namespace}."
        )
    if approval.status in ENDED:
        return "Nothing was applied: this approval was used for an attempt that failed. Approve again."
    if approval.status == "approved" and approval.is_old:
        return (
            f"Nothing was applied: the approval is older than {VALID_FOR.seconds // 60} minutes. Approve"
            " again."
        )
    if approval.identity != Identity() and approval.identity.is_other_than(here := identify()):
        return (
            f"Nothing was applied: that was approved for another cluster ({approval.identity}) than {cluster}"
            f" points to now ({here})."
        )
    return None


def record_refusal(approval: Approval, why: str, for_good: bool, database: Database) -> None:
    """What kept an approval from being used goes on the audit log; `for_good` if it
    can't be used later either.
    """
    if approval.status == "approved" and (for_good or approval.is_old):
        finish(approval, "refused", "refused", why, database)
    elif approval.status in ("approved", "applying"):  # how others ended stands there already
        with database.connect() as connection:
            event: AuditEvent = "refused" if approval.status == "approved" else "incomplete"
            record_audit(approval.entry(event, why[:MAX_DETAIL]), connection)


def begin(approval: Approval, before: list[dict[str, Any] | None], database: Database) -> Approval:
    """First use: it may be finished later however often we are killed, and undone to what
    was there before the first time.
    """
    with database.connect() as connection, connection.transaction():
        connection.execute(
            "UPDATE approvals SET status = 'applying', before = %s WHERE id::text = %s AND status ="
            " 'approved'",
            [Jsonb(before), approval.id],
        )
        record_audit(approval.entry("started"), connection)
    return approval.model_copy(update={"status": "applying", "before": before})


def finish(approval: Approval, status: Status, event: AuditEvent, detail: str, database: Database) -> None:
    """How it ended, or how far it is; goes on the audit log as well."""
    with database.connect() as connection, connection.transaction():
        connection.execute(
            "UPDATE approvals SET status = %s, applied_at = CASE WHEN %s = 'applied' THEN now() END WHERE"
            " id::text = %s",
            [status, status, approval.id],
        )
        record_audit(approval.entry(event, detail[:MAX_DETAIL]), connection)


def mark_healthy(approval_id: str, database: Database) -> None:
    """What this approval applied became ready and answered: it can be rolled back to."""
    with database.connect() as connection:
        connection.execute("UPDATE approvals SET healthy = true WHERE id::text = %s", [approval_id])


def record_rejection(request: ApprovalRequest, reason: str, database: Database) -> None:
    """A person's no goes on the audit log as well."""
    shared = request.model_dump(
        include={"actor", "action", "name", "cluster", "namespace", "digest", "thread_id"}
    )
    with database.connect() as connection:
        record_audit(AuditEntry(**shared, event="rejected", detail=reason[:500]), connection)


def revisions(cluster: Cluster, name: str, database: Database, anywhere: bool = False) -> list[Approval]:
    """What was applied under this name, the newest first.

    Not what was applied to another cluster that the same context pointed to then, unless
    `anywhere`. Raises CompassError.
    """
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT * FROM approvals WHERE (cluster, namespace, name) = (%s, %s, %s) AND status IN"
            " ('applied', 'applying') ORDER BY approved_at DESC",
            [cluster.target, cluster.namespace, name],
        ).fetchall()
    found = [approval_of(row) for row in rows]
    if anywhere or all(a.identity == Identity() for a in found):
        return found
    here = cluster.identity(IDENTITY_HOLDS_S)
    return [a for a in found if not a.identity.is_other_than(here)]


def standing(thread_id: str, database: Database) -> list[Approval]:
    """What was applied last of each deployment that this conversation ever approved, less
    those that were deleted since; by name.
    """
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT * FROM (SELECT DISTINCT ON (cluster, namespace, name) * FROM approvals  WHERE status IN"
            " ('applied', 'applying')  AND (cluster, namespace, name) IN (SELECT cluster, namespace, name"
            " FROM approvals WHERE thread_id = %s)  ORDER BY cluster, namespace, name, approved_at DESC) AS"
            " newest WHERE action = 'apply' ORDER BY name",
            [thread_id],
        ).fetchall()
    return [approval_of(row) for row in rows]


def elsewhere(name: str, cluster: Cluster, database: Database) -> str | None:
    """Where a deployment runs that isn't on the cluster that its context points to now;
    None for all others. Raises CompassError.
    """
    last = next(iter(revisions(cluster, name, database, anywhere=True)), None)
    if (
        last is None
        or last.action == "delete"
        or not last.identity.is_other_than(here := cluster.identity(IDENTITY_HOLDS_S))
    ):
        return None
    return f"{name} runs on another cluster ({last.identity}) than {cluster.target} points to now ({here})."


def approved_by(thread_id: str, database: Database) -> list[str]:
    """Names of what was approved in a conversation, the newest last."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT name FROM approvals WHERE thread_id = %s GROUP BY name ORDER BY max(approved_at)",
            [thread_id],
        ).fetchall()
    return [str(row["name"]) for row in rows]


def approval_of(row: dict[str, Any]) -> Approval:
    """A row of the table, whatever more there is in it."""
    return Approval.model_validate(
        {k: row[k] for k in Approval.model_fields if k in row} | {"id": str(row["id"])}
    )
