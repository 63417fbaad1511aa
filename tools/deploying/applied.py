"""What was applied last under a name, and what all that was applied under it has cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tools.clusters.objects import Object
from tools.deploying.approvals import Approval
from tools.manifests.expectation import expectation_if_any
from tools.manifests.served import inference_service_of


@dataclass(frozen=True)
class Applied:
    """The InferenceService of what was applied last, and by which approval."""

    approval_id: str
    digest: str
    document: Object


def applied_last(known: list[Approval]) -> Applied | None:
    """Of revisions, the newest first; None after a deletion."""
    if not known or known[0].action == "delete":
        return None
    for revision in known:
        document = inference_service_of(revision.files)
        if document is not None:
            return Applied(revision.id, revision.digest, document)
    return None


def cost_so_far(known: list[Approval], now: datetime) -> float | None:
    """In USD: each revision costs from when it was applied until the next one was. None where one
    doesn't say readably by what rate.
    """
    total, until = 0.0, now
    for revision in known:
        since = revision.applied_at or until
        if revision.action == "apply":
            plan = expectation_if_any(inference_service_of(revision.files))
            if plan is None:
                return None
            total += plan.usd_per_hour * max(0.0, (until - since).total_seconds()) / 3600
        until = since
    return round(total, 4)
