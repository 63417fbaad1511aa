"""The cluster's objects: every write checked, versioned, owned field by field, and told to whoever watches.

Kept in memory and, after each flush, on disk.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.cluster import fields
from simulator.cluster.changes import Change, Changes, ChangeType
from simulator.cluster.disk import Disk
from simulator.cluster.kinds import by_id, by_kind
from simulator.cluster.objects import CONTROLLER, ApiError, Key, Object, not_found, now
from simulator.cluster.owners import Owners
from simulator.cluster.resources import Resource, is_spec

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
FIRST_STATUS: dict[str, Object] = {
    "Pod": {"status": {"phase": "Pending"}},
    "Namespace": {"status": {"phase": "Active"}},
}
"""What a server puts into new objects of clients."""
Admission = Callable[[Resource, Object, Object | None], None]


@dataclass(frozen=True)
class Writer:
    """Who writes, and how much of it is meant."""

    manager: str = CONTROLLER
    dry_run: bool = False
    subresource: str = ""


class Store:
    """`flush` makes what was changed last. An answer is given only after a flush."""

    def __init__(self, file: Path | None = None) -> None:
        self._disk = Disk(file) if file is not None else None
        self._objects: dict[str, dict[Key, Object]] = defaultdict(dict)
        self._events: dict[
            tuple[str, str, str], Key
        ] = {}  # (uid, reason, message) -> the event that counts it
        self._owners = Owners()
        self._version = 1
        self._unsaved: dict[Key, Object | None] = {}
        self.admission: Admission = lambda resource, new, old: None
        """Asked before each write that is no controller's."""
        if self._disk is not None:
            self._version = self._disk.version()
            for value in self._disk.objects():
                resource = by_kind().get(value["kind"])
                if resource is not None:
                    self._keep(resource.key(value), value)
            for key, event in self._objects["events"].items():
                self._events[_event_identity(event)] = key
        self.changes = Changes(self._version)

    @property
    def version(self) -> str:
        return str(self._version)

    # Reading

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object itself, not a copy; change it only through this store."""
        resource = by_kind()[kind]
        return self._objects[resource.id].get(
            Key(resource.id, namespace if resource.namespaced else "", name)
        )

    def found(self, kind: str, namespace: str, name: str) -> Object:
        """The same. Raises ApiError 404 if it isn't there."""
        found = self.get(kind, namespace, name)
        if found is None:
            raise not_found(by_kind()[kind].id, name)
        return found

    def of(self, kind: str, namespace: str = "") -> Iterator[Object]:
        """Objects of a kind, in one namespace or, with "", in all."""
        for key, value in list(self._objects[by_kind()[kind].id].items()):
            if namespace in ("", key.namespace):
                yield value

    def owned(self, owner: Object, kind: str) -> list[Object]:
        """Objects of a kind that a controller made for `owner`, in the order of their making."""
        resource = by_kind()[kind].id
        return [
            self._objects[resource][key]
            for key in self._owners.of(owner["metadata"]["uid"])
            if key.resource == resource
        ]

    # Writing

    def create(self, document: Object, writer: Writer | None = None) -> Object:
        """Raises ApiError 409 if it exists already."""
        writer = writer or Writer()
        resource = by_kind()[document["kind"]]
        document = _named(document)
        key = resource.key(document)
        if key in self._objects[resource.id]:
            raise ApiError(409, "AlreadyExists", f'{resource.id} "{key.name}" already exists')
        if resource.status and writer.manager != CONTROLLER:
            document = {k: v for k, v in document.items() if k != "status"} | FIRST_STATUS.get(
                resource.kind, {}
            )
        document = fields.written(
            _empty(document), _without_owners(document), resource.schema, writer.manager, ""
        )
        return self._put(resource, document, None, writer)

    def update(self, document: Object, writer: Writer | None = None) -> Object:
        """Write a changed copy back; nothing happens if nothing changed. Raises ApiError
        409 if its version is not the last.
        """
        writer = writer or Writer()
        resource = by_kind()[document["kind"]]
        live = self._objects[resource.id].get(resource.key(document))
        if live is None:
            raise not_found(resource.id, document["metadata"]["name"])
        sent = document["metadata"].get("resourceVersion")
        if sent not in (None, "", live["metadata"]["resourceVersion"]) and writer.manager != CONTROLLER:
            raise ApiError(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {resource.id} "{document["metadata"]["name"]}": the object'
                " has been modified; please apply your changes to the latest version and try again",
            )
        document = _isolated(document, live, resource, writer)
        if document == live:
            return live
        document = fields.written(live, document, resource.schema, writer.manager, writer.subresource)
        return self._put(resource, document, live, writer)

    def apply(self, document: Object, writer: Writer, force: bool) -> tuple[Object, bool]:
        """Server-side apply. Returns the object and whether it is new."""
        resource = by_kind()[document["kind"]]
        live = self._objects[resource.id].get(resource.key(document))
        sent = document["metadata"].get("uid")
        if sent and (live is None or live["metadata"]["uid"] != sent):
            raise ApiError(409, "Conflict", f"Precondition failed: UID in precondition: {sent}")
        if resource.status:
            document = {k: v for k, v in document.items() if k != "status"}
        after = fields.applied(live, document, resource.schema, writer.manager, force)
        return self._put(resource, after, live, writer), live is None

    def status(self, document: Object, status: Object) -> Object:
        """A controller's write of the status alone."""
        return self.update(document | {"status": status}, Writer(subresource="status"))

    def delete(self, key: Key, writer: Writer | None = None, orphan: bool = False) -> Object:
        """Remove an object and what it owned; one with finalizers is only marked until they are gone."""
        resource, found = by_id()[key.resource], self._objects[key.resource].get(key)
        if found is None:
            raise not_found(key.resource, key.name)
        if writer is not None and writer.dry_run:
            return found
        if found["metadata"].get("finalizers"):
            if not found["metadata"].get("deletionTimestamp"):
                marked = found | {
                    "metadata": (
                        found["metadata"] | {"deletionTimestamp": now(), "deletionGracePeriodSeconds": 0}
                    )
                }
                return self._put(resource, marked, found, Writer())
            return found
        self._drop(key, found)
        self._tell("DELETED", key, found, found)
        if key.resource == "namespaces":
            for other in [
                k for objects in self._objects.values() for k in objects if k.namespace == key.name
            ]:
                if other in self._objects[other.resource]:
                    self.delete(other)
        if not orphan:  # the garbage collector
            for dependent in self._owners.pop(found["metadata"]["uid"]):
                if dependent in self._objects[dependent.resource]:
                    self.delete(dependent)
        if key.resource == "events":
            self._events.pop(_event_identity(found), None)
        return found

    def event(
        self, about: Object, reason: str, message: str, kind: str = "Normal", source: str = CONTROLLER
    ) -> None:
        """Record an event, or count it again if it was the same."""
        meta = about["metadata"]
        counted = self._events.get((meta["uid"], reason, message))
        if counted is not None:
            old = self._objects["events"][counted]
            self.update(old | {"count": old["count"] + 1, "lastTimestamp": now()})
            return
        # Events of what has no namespace go to `default`, as a real server's do.
        namespace = meta.get("namespace", "default")
        involved = {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "namespace": meta.get("namespace", ""),
        }
        event = self.create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": f"{meta['name']}.{secrets.token_hex(8)}", "namespace": namespace},
                "involvedObject": involved | {"name": meta["name"], "uid": meta["uid"]},
                "reason": reason,
                "message": message,
                "type": kind,
                "count": 1,
                "firstTimestamp": now(),
                "lastTimestamp": now(),
                "source": {"component": source},
                "reportingComponent": source,
                "reportingInstance": "",
            }
        )
        self._events[meta["uid"], reason, message] = by_kind()["Event"].key(event)

    def _put(self, resource: Resource, document: Object, live: Object | None, writer: Writer) -> Object:
        key = resource.key(document)
        self._check(resource, document)
        if writer.manager != CONTROLLER:
            self.admission(resource, document, live)
        if live is None:
            born = {"uid": str(uuid.uuid4()), "creationTimestamp": now(), "generation": 1}
            document = document | {"metadata": document["metadata"] | born}
        else:
            kept = {
                k: live["metadata"][k]
                for k in ("uid", "creationTimestamp", "generation", "resourceVersion")
                if k in live["metadata"]
            }
            document = document | {"metadata": document["metadata"] | kept}
            if document == live:
                return live
            if any(document.get(k) != live.get(k) for k in {*document, *live} if is_spec(k)):
                document = document | {
                    "metadata": document["metadata"] | {"generation": kept.get("generation", 1) + 1}
                }
        if writer.dry_run:
            version = live["metadata"]["resourceVersion"] if live else ""
            return document | {
                "metadata": document["metadata"] | ({"resourceVersion": version} if version else {})
            }
        self._version += 1
        document = document | {"metadata": document["metadata"] | {"resourceVersion": self.version}}
        meta = document["metadata"]
        if live is not None and meta.get("deletionTimestamp") and not meta.get("finalizers"):
            self._keep(key, document)
            return self.delete(key)
        self._keep(key, document)
        self._tell("ADDED" if live is None else "MODIFIED", key, document, live)
        return document

    def _keep(self, key: Key, document: Object) -> None:
        self._owners.keep(key, document, self._objects[key.resource].get(key))
        self._objects[key.resource][key] = document

    def _drop(self, key: Key, document: Object) -> None:
        del self._objects[key.resource][key]
        self._owners.drop(key, document)

    def _check(self, resource: Resource, document: Object) -> None:
        name = document["metadata"]["name"]
        if not NAME.fullmatch(name) or len(name) > 253:
            why = (
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-'"
                " or '.'"
            )
            raise ApiError(
                422,
                "Invalid",
                f'{document["kind"]}.{resource.group} "{name}" is invalid: metadata.name: Invalid value:'
                f' "{name}": {why}',
            )
        namespace = document["metadata"].get("namespace", "")
        if resource.namespaced and self.get("Namespace", "", namespace) is None:
            raise not_found("namespaces", namespace)

    def _tell(self, kind: ChangeType, key: Key, document: Object, before: Object | None) -> None:
        if kind == "DELETED":
            self._version += 1
            document = document | {"metadata": document["metadata"] | {"resourceVersion": self.version}}
        self._unsaved[key] = None if kind == "DELETED" else document
        self.changes.tell(Change(self._version, kind, key, document, before))

    def flush(self) -> None:
        """Write what changed since the last flush, whole or not at all."""
        if self._disk is not None and self._unsaved:
            self._disk.save(self._version, self._unsaved)
            self._unsaved = {}


def _named(document: Object) -> Object:
    meta = document["metadata"]
    if not meta.get("name") and meta.get("generateName"):
        return document | {"metadata": meta | {"name": meta["generateName"] + secrets.token_hex(3)[:5]}}
    return document


def _empty(document: Object) -> Object:
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "metadata": {"name": document["metadata"]["name"]},
    }


def _without_owners(document: Object) -> Object:
    return document | {"metadata": {k: v for k, v in document["metadata"].items() if k != "managedFields"}}


def _isolated(document: Object, live: Object, resource: Resource, writer: Writer) -> Object:
    """The status changes through its subresource alone, and nothing else does there."""
    managed = live["metadata"].get("managedFields", [])
    if writer.subresource == "status":
        result = {k: v for k, v in live.items() if k != "status"}
        if document.get("status") is not None:
            result["status"] = document["status"]
    elif resource.status and writer.manager != CONTROLLER:
        result = {k: v for k, v in document.items() if k != "status"} | (
            {"status": live["status"]} if "status" in live else {}
        )
    else:
        result = document
    return result | {"metadata": result["metadata"] | {"managedFields": managed}}


def _event_identity(event: Object) -> tuple[str, str, str]:
    involved: dict[str, Any] = event["involvedObject"]
    return involved.get("uid", ""), event.get("reason", ""), event.get("message", "")
