"""What every part of the simulated cluster shares: objects as plain dictionaries, and
errors as a server answers them.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any, NamedTuple

Object = dict[str, Any]
CONTROLLER = "kserve-controller-manager"
"""Field manager of what the cluster does by itself."""


class Key(NamedTuple):
    """Of an object: plural with its group (`pods`,
    `inferenceservices.serving.kserve.io`), namespace ("" if it has none), name.
    """

    resource: str
    namespace: str
    name: str


class ApiError(Exception):
    """Answered as a Kubernetes Status body."""

    def __init__(
        self, code: int, reason: str, message: str, causes: list[dict[str, str]] | None = None, **about: str
    ) -> None:
        """`about` names what it is about: name, group and kind (the plural)."""
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.causes = causes or []
        self._details: Object = {k: v for k, v in about.items() if v} | ({"causes": causes} if causes else {})

    def status(self) -> Object:
        details = {"details": self._details} if self._details else {}
        head = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        return head | details | {"code": self.code}


def not_found(resource: str, name: str) -> ApiError:
    plural, _, group = resource.partition(".")
    return ApiError(404, "NotFound", f'{resource} "{name}" not found', name=name, group=group, kind=plural)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def labels(document: Object) -> dict[str, str]:
    return document["metadata"].get("labels") or {}


def owned_by(owner: Object) -> Object:
    """An entry of `ownerReferences`, as controllers write it."""
    meta = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(document: Object, kind: str) -> Object:
    """The condition of this type, empty if there is none."""
    found: list[Object] = (document.get("status") or {}).get("conditions") or []
    return next((c for c in found if c.get("type") == kind), {})


def is_true(document: Object, kind: str) -> bool:
    return condition(document, kind).get("status") == "True"


def with_conditions(document: Object, wanted: list[Object]) -> list[Object]:
    """`wanted` in place of the conditions of the same types, each keeping the time
    of its last change of status.
    """
    found = {c["type"]: c for c in (document.get("status") or {}).get("conditions") or []}
    for entry in wanted:
        before = found.get(entry["type"], {})
        since = before.get("lastTransitionTime") if before.get("status") == entry["status"] else None
        found[entry["type"]] = entry | {"lastTransitionTime": since or now()}
    return list(found.values())


def copied(document: Object) -> Object:
    return copy.deepcopy(document)
