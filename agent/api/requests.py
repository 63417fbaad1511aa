"""A line in the log for each request of the API, and the id that the client is told:
never bodies, queries or tokens.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.telemetry import api_request

HEADER = "X-Request-Id"
PREFIX = "/api/v1"


class Requests:
    """Outside the guard, so that what it refuses has its line as well."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        with api_request(scope["method"]) as seen:
            state["request_id"] = seen["request"]

            async def with_id(message: Message) -> None:
                if message["type"] == "http.response.start":
                    seen["status"] = message["status"]
                    MutableHeaders(scope=message)[HEADER] = seen["request"]
                await send(message)

            try:
                await self._app(scope, receive, with_id)
            except Exception:
                seen["status"] = 500  # as what is outside of this answers it
                raise
            finally:
                seen["route"] = _template(scope.get("route"))
                seen["user"] = state.get("user")


def _template(route: Any) -> str | None:
    """Never the path itself, whose names are somebody's; None for a path that is
    nobody's and may hold anything.

    A route of an included router may know its path without the prefix; ours have
    tags, those of the chat don't.
    """
    path = str(getattr(route, "path", ""))
    if path.startswith("/api/"):
        return path
    return PREFIX + path if getattr(route, "tags", None) else None
