"""Writing to a cluster: the only code that changes one. In read-only mode no Writer is ever made."""

from __future__ import annotations

import time

from tools.clusters.cluster import Cluster
from tools.clusters.objects import Object, name_of
from tools.clusters.refusals import is_of_an_object

CONFLICT_TRIES = 3
RESTORER = "compass-undo"
"""Field manager of what is put back where fields had been taken from others."""


class Writer:
    """Applies and deletes whole objects in the namespace of a Cluster. Every call may be repeated safely."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._connection = cluster.connection

    def apply(self, document: Object, force: bool = False) -> Object:
        """Server-side apply; fields of others are taken only with `force`. Raises
        Refused with the conflicts.
        """
        of = (document["apiVersion"], document["kind"])
        with self._connection.calling(f"apply of {document['kind']} {document['metadata']['name']}", of):
            for attempt in range(CONFLICT_TRIES):
                try:
                    return self.cluster.apply_request(document, force)
                except Exception as error:
                    # A conflict of versions passes; one of owners doesn't, and is for a person to decide.
                    if (
                        getattr(error, "status", None) != 409
                        or b"FieldManagerConflict" in _body(error)
                        or attempt == CONFLICT_TRIES - 1
                    ):
                        raise
                time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")

    def replace(self, document: Object) -> Object:
        """Put a whole object back as it was read."""
        kind, name = document["kind"], name_of(document)
        live = self.cluster.get(document["apiVersion"], kind, name)
        if live is None:
            return self.apply(_portable(document))
        body = _portable(document)
        body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"]
        with self._connection.calling(f"restoring of {kind} {name}", (document["apiVersion"], kind)):
            resource = self._connection.resource(document["apiVersion"], kind)
            found = resource.replace(
                body=body, namespace=self.cluster.namespace, query_params=[("fieldManager", RESTORER)]
            )
            return dict(found.to_dict())

    def delete(self, api_version: str, kind: str, name: str, uid: str) -> bool:
        """Delete exactly this object, not another of its name; False if it was gone already."""
        with self._connection.calling(f"deletion of {kind} {name}", (api_version, kind)):
            try:
                self._connection.resource(api_version, kind).delete(
                    name=name,
                    namespace=self.cluster.namespace,
                    body={"preconditions": {"uid": uid}, "propagationPolicy": "Background"},
                )
            except Exception as error:
                if not is_of_an_object(error):
                    raise
                return False
        return True


def _portable(document: Object) -> Object:
    """The object without what the server keeps of it."""
    written = ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
    kept = {k: v for k, v in document["metadata"].items() if k in written}
    return {k: v for k, v in document.items() if k != "status"} | {"metadata": kept}


def _body(error: Exception) -> bytes:
    body = getattr(error, "body", b"")
    return body if isinstance(body, bytes) else str(body).encode()
