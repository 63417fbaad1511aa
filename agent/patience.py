"""How long a client may take to say what it wants: half a request holds a connection, and
connections are what a server has few of.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 30.0
"""From a connection, or the first byte of a further request on it, to the end of the request's headers."""
KEEP_ALIVE_S = 75
"""Longer than proxies keep a connection that they don't use (nginx: 60 s): they must not
send to one that is just being closed.
"""
MOST_CONNECTIONS = 800
"""Below the 1,024 descriptors that a process has by default; one more is told 503."""


class Patient(H11Protocol):
    """uvicorn's protocol, which by itself waits for headers without an end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._due: asyncio.TimerHandle | None = None
        self._upgraded = False
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._upgraded or (
            self.cycle is not None
            and not (self.cycle.response_complete and self.conn.their_state is h11.IDLE)
        ):
            self._heard()
        else:
            self._wait()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._upgraded = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._due is None and not self.transport.is_closing():
            self._due = self.loop.call_later(HEAD_S, self._give_up)

    def _heard(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _give_up(self) -> None:
        self._due = None
        if not self.transport.is_closing():
            self.transport.close()


def options() -> dict[str, Any]:
    """For uvicorn's configuration."""
    return {"http": Patient, "timeout_keep_alive": KEEP_ALIVE_S, "limit_concurrency": MOST_CONNECTIONS}
