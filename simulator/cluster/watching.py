"""A watch: what is there, and then what changes, a line each."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from simulator.cluster import tables
from simulator.cluster.changes import Change
from simulator.cluster.objects import ApiError, Object
from simulator.cluster.resources import Resource
from simulator.cluster.selectors import matches
from simulator.cluster.store import Store

WATCH_S = 1800.0


@dataclass(frozen=True)
class Watch:
    """Of a kind in one namespace or, with "", in all, as a query asks for it; `shape` is the table that a
    client wants in place of objects.
    """

    store: Store
    resource: Resource
    namespace: str
    query: Mapping[str, str]
    shape: str | None

    def lines(self, touch: Callable[[], None]) -> AsyncIterator[str]:
        """`touch` is called as long as somebody watches. Raises ApiError 400 for a wrong version."""
        version = self.query.get("resourceVersion", "")
        if version in ("", "0"):
            found = self.store.of(self.resource.kind, self.namespace)
            initial = sorted((o for o in found if self._fits(o)), key=self.resource.key)
            return self._lines(initial, int(self.store.version), touch)
        if not version.isdigit():
            raise ApiError(400, "BadRequest", f"resource version {version!r} is not a number")
        return self._lines([], int(version), touch)

    async def _lines(
        self, initial: list[Object], since: int, touch: Callable[[], None]
    ) -> AsyncIterator[str]:
        until = time.monotonic() + float(self.query.get("timeoutSeconds") or WATCH_S)
        for document in initial:
            yield self._line("ADDED", document)
        while time.monotonic() < until:
            touch()
            try:
                changes = self.store.changes.since(since)
            except ApiError as error:
                yield self._line("ERROR", error.status())
                return
            for change in changes:
                since = change.version
                text = self._told(change)
                if text is not None:
                    yield text
            if not changes:
                await self.store.changes.wait(min(1.0, max(0.0, until - time.monotonic())))

    def _told(self, change: Change) -> str | None:
        """What somebody who sees only what the selectors take is told of a change."""
        if change.key.resource != self.resource.id or self.namespace not in ("", change.key.namespace):
            return None
        now_fits, did_fit = self._fits(change.document), self._fits(change.before)
        if change.type == "DELETED":
            return self._line("DELETED", change.document) if now_fits else None
        if now_fits:
            return self._line("MODIFIED" if did_fit else "ADDED", change.document)
        return self._line("DELETED", change.document) if did_fit else None

    def _fits(self, document: Object | None) -> bool:
        return document is not None and matches(document, self.resource.plural, self.query)

    def _line(self, kind: str, document: Object) -> str:
        shown = document
        if self.shape and kind != "ERROR":
            include = self.query.get("includeObject", "Metadata")
            shown = tables.table(self.resource, [document], self.shape, include)
        return json.dumps({"type": kind, "object": shown}) + "\n"
