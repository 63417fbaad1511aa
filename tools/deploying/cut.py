"""Applies that were cut off: begun, not ended, and in nobody's hands any more, as
when a process died in the middle.
"""

from __future__ import annotations

from datetime import datetime

import yaml

from knowledge.database import Database
from tools.clusters.cluster import Cluster
from tools.clusters.objects import Object
from tools.contract import Contract
from tools.deploying.approvals import APPLY_LOCK, VALID_FOR, Approval, approval_of
from tools.deploying.live import drift, stripped
from tools.deploying.transaction import live_objects

QUERY = """
SELECT approvals.*, said.event = 'incomplete' AS told, said.at AS since,
    clock_timestamp() - said.at > %(valid_for)s AS stale
FROM approvals, LATERAL (
    SELECT event, at FROM audit_log WHERE approval_id = approvals.id AND event IN ('started', 'incomplete')
    ORDER BY id DESC LIMIT 1
) AS said
WHERE status = 'applying'
AND (%(cluster)s::text IS NULL OR (cluster, namespace) = (%(cluster)s, %(namespace)s))
AND NOT EXISTS (
    SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %(space)s
    AND objid = (hashtext(approvals.id::text)::bigint & 4294967295)::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
ORDER BY approved_at
"""


class Cut(Contract):
    """One of them. `since` is when it was last heard of."""

    approval: Approval
    since: datetime
    told: bool
    """Whether somebody was told that it failed and left something behind; then what
    becomes of it is theirs to decide.
    """
    stale: bool
    """Whether that is longer ago than an approval is valid."""

    def __str__(self) -> str:
        doing = "Deleting" if self.approval.action == "delete" else "Applying"
        how = "failed half way" if self.told else "was cut off"
        return (
            f"{doing} {self.approval.name} {how} at {self.since:%Y-%m-%d %H:%M:%S %Z}, so only some of its"
            f" objects may have been changed. {self._remedy}"
        )

    @property
    def _remedy(self) -> str:
        if self.approval.thread_id.startswith("api."):
            again = "The same request with the same Idempotency-Key finishes it"
        else:
            again = (
                "The next words in its conversation finish it"
                if not self.told
                else "“retry” in its conversation finishes it"
            )
        return (
            f"{again}." if self.told or self.stale else f"{again}; so does `compass serve` within a minute."
        )


def cut_off(database: Database, cluster: Cluster | None = None, name: str | None = None) -> list[Cut]:
    """On this cluster or any, of this deployment or any; the oldest first. Raises
    CompassError without a database.
    """
    where = {
        "cluster": cluster.target if cluster else None,
        "namespace": cluster.namespace if cluster else None,
    }
    with database.connect() as connection:
        rows = connection.execute(QUERY, where | {"valid_for": VALID_FOR, "space": APPLY_LOCK}).fetchall()
    found = [
        Cut(approval=approval_of(row), since=row["since"], told=row["told"], stale=row["stale"])
        for row in rows
    ]
    return [cut for cut in found if name in (None, cut.approval.name)]


def can_be_finished(cut: Cut, cluster: Cluster) -> bool:
    """Whether nobody need be asked: it was cut not long ago, on this very cluster, and nobody
    else touched its objects since.

    Each object is as it was before, or already as approved. Raises CompassError if
    the cluster can't be asked.
    """
    approval = cut.approval
    if cut.told or cut.stale or approval.identity.is_other_than(cluster.identity()):
        return False
    documents = [yaml.load(f.content, Loader=yaml.CSafeLoader) for f in approval.files]
    before = approval.before or [None] * len(documents)
    live = live_objects(documents, cluster)
    return all(_expected(approval, *three) for three in zip(documents, before, live, strict=True))


def _expected(approval: Approval, document: Object, before: Object | None, live: Object | None) -> bool:
    untouched = live is before if live is None or before is None else stripped(live) == stripped(before)
    done = live is None if approval.action == "delete" else live is not None and drift(document, live) == []
    return untouched or done
