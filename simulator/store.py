"""The cluster's objects: versions, uids, dry runs, server-side apply. Kept in memory and, after each change, in one file."""

from __future__ import annotations

import copy
import json
import os
import uuid
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Object = dict[str, Any]
Key = tuple[str, str, str]  # kind, namespace ("" if the kind has none), name


class ApiError(Exception):
    """Answered as a Kubernetes Status body."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """Objects by kind; `flush` makes what was changed last. An answer is given only after a flush."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._kinds: dict[str, dict[Key, Object]] = defaultdict(dict)
        self._events: dict[tuple[str, str, str], Key] = {}  # (uid, reason, message) -> the event that counts it
        self._version = 1
        self._unsaved = False
        if file is not None and file.exists():
            saved = json.loads(file.read_text())
            self._version = saved["version"]
            for value in saved["objects"]:
                self._kinds[value["kind"]][key_of(value)] = value
            for key, event in self._kinds["Event"].items():
                self._events[event["involvedObject"]["uid"], event["reason"], event["message"]] = key

    @property
    def version(self) -> str:
        return str(self._version)

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object itself, not a copy; change it only through this store."""
        return self._kinds[kind].get((kind, namespace, name))

    def list(self, kind: str, namespace: str = "") -> Iterator[Object]:
        """Objects of a kind, in one namespace or, with "", in all."""
        for (_, ns, _), value in list(self._kinds[kind].items()):
            if namespace in ("", ns):
                yield value

    def create(self, document: Object, manager: str, dry_run: bool = False) -> Object:
        key = key_of(document)
        if key in self._kinds[key[0]]:
            raise ApiError(409, "AlreadyExists", f'{plural(key[0])} "{key[2]}" already exists')
        return self._put(key, self._new(document, manager, "Update"), dry_run)

    def apply(self, document: Object, manager: str, force: bool, dry_run: bool) -> tuple[Object, bool]:
        """Server-side apply: `manager` owns what it sends. Returns the object and whether it is new."""
        key = key_of(document)
        old = self._kinds[key[0]].get(key)
        if old is None:
            return self._put(key, self._new(document, manager, "Apply"), dry_run), True
        others = [m["manager"] for m in old["metadata"].get("managedFields", []) if m["manager"] not in (manager, "kserve-controller")]
        if others and not force:
            raise ApiError(409, "Conflict", f'Apply failed with 1 conflict: conflict with "{others[0]}": .spec')
        merged = copy.deepcopy(document)
        merged["metadata"] = old["metadata"] | {k: v for k, v in document["metadata"].items() if k in ("labels", "annotations")}
        if "status" in old:
            merged["status"] = old["status"]
        if merged == old:
            return old, False
        if merged.get("spec") != old.get("spec"):
            merged["metadata"] = merged["metadata"] | {"generation": old["metadata"].get("generation", 1) + 1}
        return self._put(key, merged, dry_run), False

    def update(self, document: Object) -> Object:
        """Write a changed copy back; nothing happens if nothing changed."""
        key = key_of(document)
        if self._kinds[key[0]].get(key) == document:
            return document
        return self._put(key, document, dry_run=False)

    def delete(self, kind: str, namespace: str, name: str) -> Object:
        found = self._kinds[kind].pop((kind, namespace, name), None)
        if found is None:
            raise ApiError(404, "NotFound", f'{plural(kind)} "{name}" not found')
        # The garbage collector: what this object owned goes with it.
        uid = found["metadata"]["uid"]
        for objects in list(self._kinds.values()):
            for value in list(objects.values()):
                if any(o.get("uid") == uid for o in value["metadata"].get("ownerReferences", [])) and key_of(value) in objects:
                    self.delete(*key_of(value))
        if kind == "Event":
            self._events.pop((found["involvedObject"]["uid"], found["reason"], found["message"]), None)
        self._unsaved = True
        return found

    def event(self, about: Object, reason: str, message: str, kind: str = "Normal") -> None:
        """Record an event, or count it again if it was the same."""
        meta = about["metadata"]
        counted = self._events.get((meta["uid"], reason, message))
        if counted is not None:
            old = self._kinds["Event"][counted]
            self.update(old | {"count": old["count"] + 1, "lastTimestamp": now()})
            return
        name = f"{meta['name']}.{uuid.uuid4().hex[:16]}"
        involved = {"kind": about["kind"], "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
        event = self.create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": meta["namespace"], "ownerReferences": [{"uid": meta["uid"]}]},
                "involvedObject": involved,
                "reason": reason,
                "message": message,
                "type": kind,
                "count": 1,
                "firstTimestamp": now(),
                "lastTimestamp": now(),
                "source": {"component": "compass-simulator"},
            },
            "kserve-controller",
        )
        self._events[meta["uid"], reason, message] = key_of(event)

    def _new(self, document: Object, manager: str, operation: str) -> Object:
        fresh = copy.deepcopy(document)
        fresh["metadata"] |= {
            "uid": str(uuid.uuid4()),
            "creationTimestamp": now(),
            "generation": 1,
            "managedFields": [
                {
                    "manager": manager,
                    "operation": operation,
                    "apiVersion": document["apiVersion"],
                    "time": now(),
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {},
                }
            ],
        }
        return fresh

    def _put(self, key: Key, document: Object, dry_run: bool) -> Object:
        if dry_run:
            return document | {"metadata": document["metadata"] | {"resourceVersion": self.version}}
        self._version += 1
        document = document | {"metadata": document["metadata"] | {"resourceVersion": self.version}}
        self._kinds[key[0]][key] = document
        self._unsaved = True
        return document

    def flush(self) -> None:
        """Write what changed to the file, whole or not at all."""
        if self._file is None or not self._unsaved:
            return
        self._unsaved = False
        text = json.dumps({"version": self._version, "objects": [v for objects in self._kinds.values() for v in objects.values()]})
        draft = self._file.with_suffix(".draft")
        draft.write_text(text)
        os.replace(draft, self._file)  # a reader, or a restart after a kill, sees the old file or the new one


def key_of(document: Object) -> Key:
    return (document["kind"], document["metadata"].get("namespace", ""), document["metadata"]["name"])


def plural(kind: str) -> str:
    return {"InferenceService": "inferenceservices.serving.kserve.io"}.get(kind, f"{kind.lower()}s")
