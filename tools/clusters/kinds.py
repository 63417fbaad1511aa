"""The kinds that Compass works with and where a server keeps them: known beforehand, so
that nothing has to be discovered.

The client's own discovery asks for every API group of the server and keeps the answers where threads that
share it trip over each other. Which kind isn't installed shows in the answer to the request itself.
"""

from __future__ import annotations

from typing import Any

from knowledge.errors import CompassError

INFERENCE_SERVICE = ("serving.kserve.io/v1beta1", "InferenceService")
CONSTRAINTS = ("security.openshift.io/v1", "SecurityContextConstraints")
"""Looked for and never read: where this kind is, user ids are the cluster's to give."""
POD_MONITOR = ("monitoring.coreos.com/v1", "PodMonitor")
PLURALS: dict[tuple[str, str], str] = {
    INFERENCE_SERVICE: "inferenceservices",
    POD_MONITOR: "podmonitors",
    ("apps/v1", "Deployment"): "deployments",
    ("apps/v1", "ReplicaSet"): "replicasets",
    ("networking.k8s.io/v1", "NetworkPolicy"): "networkpolicies",
    ("policy/v1", "PodDisruptionBudget"): "poddisruptionbudgets",
    ("v1", "Event"): "events",
    ("v1", "Namespace"): "namespaces",
    ("v1", "Node"): "nodes",
    ("v1", "Pod"): "pods",
    ("v1", "ServiceAccount"): "serviceaccounts",
}
OF_THE_CLUSTER = {"Namespace", "Node"}
"""Kinds whose objects are in no namespace."""


def group_path(api_version: str) -> str:
    """Where a server says what a version of a group has."""
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


class Kinds:
    """In place of the dynamic client's discovery: made by the client itself, which calls
    `get` for each resource. Any thread may.
    """

    def __init__(self, client: Any, cache_file: str | None) -> None:
        from kubernetes.dynamic.resource import Resource

        self._resources = {}
        for (api_version, kind), plural in PLURALS.items():
            group, _, version = api_version.rpartition("/")
            prefix = "apis" if group else "api"
            where = {
                "prefix": prefix,
                "group": group,
                "api_version": version,
                "kind": kind,
                "name": plural,
                "client": client,
            }
            self._resources[api_version, kind] = Resource(  # type: ignore[no-untyped-call]
                **where, namespaced=kind not in OF_THE_CLUSTER
            )

    def get(self, api_version: str, kind: str) -> Any:
        """The client's resource. Raises CompassError for a kind that Compass doesn't work with."""
        found = self._resources.get((api_version, kind))
        if found is None:
            raise CompassError(f"Compass doesn't work with {api_version} {kind}.")
        return found
