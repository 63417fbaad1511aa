"""The audit log: who decided what about which bytes on which cluster, and what came
of it. Only ever added to.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from psycopg import Connection

from knowledge.database import Database
from tools.contract import Contract
from tools.manifests.digests import Action

AuditEvent = Literal["approved", "rejected", "started", "done", "undone", "incomplete", "refused"]
"""`undone`: it failed and the cluster is as before; `incomplete`: it failed and part of
it remains; `refused`: nothing was begun.
"""


class AuditEntry(Contract):
    actor: str
    event: AuditEvent
    action: Action
    name: str
    cluster: str
    namespace: str
    digest: str
    thread_id: str
    approval_id: str | None = None
    detail: str = ""


class Audited(AuditEntry):
    id: int
    at: datetime


def record_audit(entry: AuditEntry, connection: Connection[dict[str, Any]]) -> None:
    """Within the caller's transaction, so that what happened and its record are one."""
    names = list(AuditEntry.model_fields)
    connection.execute(
        f"INSERT INTO audit_log ({', '.join(names)}) VALUES ({', '.join(f'%({n})s' for n in names)})",  # noqa: S608 - our own field names
        entry.model_dump(),
    )


def audited(database: Database, limit: int, name: str | None = None) -> list[Audited]:
    """The latest entries, the newest first; of one deployment if `name` is given."""
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT * FROM audit_log WHERE %(name)s::text IS NULL OR name = %(name)s ORDER BY id DESC LIMIT"
            " %(limit)s",
            {"name": name, "limit": limit},
        ).fetchall()
    return [
        Audited.model_validate(row | {"approval_id": str(row["approval_id"]) if row["approval_id"] else None})
        for row in rows
    ]
