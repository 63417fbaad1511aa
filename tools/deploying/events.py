"""The cluster's Events about one deployment, asked for by object, so that a busy
namespace isn't read as a whole at every look.
"""

from __future__ import annotations

from typing import Any

from tools.clusters.cluster import Cluster

MOST_ASKED_ABOUT = 8
"""Objects that are asked about one by one; about more, a single list of all is less work for the server."""
Object = dict[str, Any]


def events_about(name: str, replica_sets: list[Object], pods: list[Object], cluster: Cluster) -> list[Object]:
    """Those of an InferenceService and of what KServe made for it, the oldest first."""
    current = {str(p["metadata"]["name"]) for p in pods}
    names = {name, f"{name}-predictor", *current, *(str(s["metadata"]["name"]) for s in replica_sets)}
    if len(names) <= MOST_ASKED_ABOUT:
        found = [
            e
            for about in sorted(names)
            for e in cluster.list("v1", "Event", field_selector=f"involvedObject.name={about}")
        ]
    else:
        found = cluster.list("v1", "Event")
    ours = [e for e in found if _concerns(e, name, current)]
    return sorted(
        ours,
        key=lambda e: (str(e.get("lastTimestamp") or e.get("eventTime") or ""), str(e["metadata"]["name"])),
    )


def _concerns(event: Object, name: str, pods: set[str]) -> bool:
    involved = event.get("involvedObject") or {}
    about = str(involved.get("name") or "")
    ours = involved.get("kind") == "InferenceService" and about == name
    return (
        about in pods
        or ours
        or (involved.get("kind") in ("Deployment", "ReplicaSet") and about.startswith(f"{name}-predictor"))
    )
