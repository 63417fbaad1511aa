"""What Compass has deployed, as the cluster has it now."""

from __future__ import annotations

from knowledge.database import Database
from knowledge.errors import CompassError
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.clusters.objects import name_of
from tools.contract import Contract
from tools.deploying.approvals import Approval, elsewhere, revisions, standing
from tools.deploying.cut import cut_off
from tools.manifests.bundle import ManifestBundle, bundle_of
from tools.manifests.expectation import expectation_if_any
from tools.manifests.served import inference_service_of

MANAGED = "app.kubernetes.io/managed-by=compass"


def names_of(cluster: Cluster, database: Database, actor: str | None = None) -> list[str]:
    """What Compass has deployed, or was cut off deploying, by name; with an actor
    what this person approved.
    """
    there = {name_of(s) for s in cluster.list(*INFERENCE_SERVICE, label_selector=MANAGED)}
    names = sorted(there | {cut.approval.name for cut in cut_off(database, cluster)})
    return names if actor is None else [name for name in names if owned_by(actor, name, cluster, database)]


class Left(Contract):
    """What a conversation deployed and nobody has deleted since, as far as the approvals tell."""

    name: str
    cluster: str
    namespace: str
    cost_usd_per_month: float | None


def left_by(thread_id: str, database: Database) -> list[Left]:
    """What goes on running, and costing, when this conversation is forgotten; by
    name. The cluster isn't asked.
    """
    found = []
    for approval in standing(thread_id, database):
        plan = expectation_if_any(inference_service_of(approval.files))
        cost = plan.cost_usd_per_month if plan else None
        found.append(
            Left(
                name=approval.name,
                cluster=approval.cluster,
                namespace=approval.namespace,
                cost_usd_per_month=cost,
            )
        )
    return found


def last_applied(name: str, cluster: Cluster, database: Database, anywhere: bool = False) -> Approval:
    """The approval of what was applied last under this name, here or `anywhere`. Raises
    CompassError where there is none.
    """
    found = [r for r in revisions(cluster, name, database, anywhere) if r.action == "apply"]
    if not found:
        gone = elsewhere(name, cluster, database)
        raise CompassError(
            gone or f"No approved manifests of {name} are known here. `compass deployments` lists what runs."
        )
    return found[0]


def last_revision(name: str, cluster: Cluster, database: Database, anywhere: bool = False) -> ManifestBundle:
    """What was applied last under this name. Raises CompassError for what this
    database knows no approval of.
    """
    known = last_applied(name, cluster, database, anywhere)
    return bundle_of(known.files, name, cluster.namespace, known.model_id, images=None)


def owned_by(actor: str, name: str, cluster: Cluster, database: Database) -> bool:
    """Whether this person approved it, in whatever interface."""
    return any(r.actor == actor for r in revisions(cluster, name, database, anywhere=True))
