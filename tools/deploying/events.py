"""The cluster's Events about one deployment, asked for by object, so that a busy
namespace isn't read as a whole at every look.
"""

from __future__ import annotations

from tools.clusters.cluster import Cluster
from tools.clusters.objects import Object, involved, last_seen, name_of

MOST_ASKED_ABOUT = 8
"""Objects that are asked about one by one; about more, a single list of all is less work for the server."""


def events_about(name: str, replica_sets: list[Object], pods: list[Object], cluster: Cluster) -> list[Object]:
    """Those of an InferenceService and of what KServe made for it, the oldest first."""
    current = {name_of(p) for p in pods}
    names = {name, f"{name}-predictor", *current, *(name_of(s) for s in replica_sets)}
    if len(names) <= MOST_ASKED_ABOUT:
        found = [
            e
            for about in sorted(names)
            for e in cluster.list("v1", "Event", field_selector=f"involvedObject.name={about}")
        ]
    else:
        found = cluster.list("v1", "Event")
    ours = [e for e in found if _concerns(e, name, current)]
    return sorted(ours, key=lambda e: (last_seen(e), name_of(e)))


def _concerns(event: Object, name: str, pods: set[str]) -> bool:
    kind, about = involved(event).get("kind"), str(involved(event).get("name") or "")
    return (
        about in pods
        or (kind == "InferenceService" and about == name)
        or (kind in ("Deployment", "ReplicaSet") and about.startswith(f"{name}-predictor"))
    )
