"""What changed in the cluster, as those who watch are told."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import Literal

from simulator.cluster.objects import ApiError, Key, Object

REMEMBERED = 10_000
ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]


@dataclass(frozen=True)
class Change:
    """One entry of what watchers are told."""

    version: int
    type: ChangeType
    key: Key
    document: Object
    before: Object | None


class Changes:
    """The latest ones."""

    def __init__(self, version: int) -> None:
        self._latest: deque[Change] = deque(maxlen=REMEMBERED)
        self._waiting: set[asyncio.Future[None]] = set()
        self._forgotten = version
        """Changes up to here are no longer known."""

    def since(self, version: int) -> list[Change]:
        """Raises ApiError 410 where they are no longer known."""
        if version < self._forgotten:
            raise ApiError(410, "Expired", f"too old resource version: {version} ({self._forgotten})")
        return [c for c in self._latest if c.version > version]

    async def wait(self, timeout_s: float) -> None:
        """Until the next change, or the time is up."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(future, timeout_s)
        finally:
            self._waiting.discard(future)

    def tell(self, change: Change) -> None:
        if len(self._latest) == self._latest.maxlen:
            self._forgotten = self._latest[0].version
        self._latest.append(change)
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
