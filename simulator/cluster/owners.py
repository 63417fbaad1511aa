"""Who owns what, by `ownerReferences`: what a controller finds again, and what goes with its owner."""

from __future__ import annotations

from collections import defaultdict

from simulator.cluster.objects import Key, Object


class Owners:
    def __init__(self) -> None:
        # An owner's uid -> what it owns, in the order of its making.
        self._dependents: dict[str, dict[Key, None]] = defaultdict(dict)

    def of(self, uid: str) -> list[Key]:
        return list(self._dependents.get(uid, ()))

    def keep(self, key: Key, document: Object, before: Object | None) -> None:
        if before is not None and _owners(before) != _owners(document):
            self.drop(key, before)
        for owner in _owners(document):
            self._dependents[owner][key] = None

    def drop(self, key: Key, document: Object) -> None:
        for owner in _owners(document):
            self._dependents.get(owner, {}).pop(key, None)

    def pop(self, uid: str) -> list[Key]:
        """What it owned, and no longer does."""
        return list(self._dependents.pop(uid, ()))


def _owners(document: Object) -> list[str]:
    """Their uids."""
    return [r["uid"] for r in document["metadata"].get("ownerReferences") or []]
