"""What stands before everything that is served: foreign pages, bodies that are too large,
doors of Chainlit that we don't use.
"""

from __future__ import annotations

import asyncio
import re
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.api.access import MAX_BODY_BYTES, MAX_TRACE_BYTES, Access, is_loopback
from agent.api.problems import TITLES, ApiProblem, answer

UNUSED = re.compile(
    r"/(mcp|copilot|slack|teams|auth/jwt|docs|redoc|openapi\.json|project/(share|file|element|thread/share))(/|$)"
)
"""Uploads, cards that pages change, shared threads, tool servers, other chats, Chainlit's own description of
all these: nobody needs them here, so nobody can reach them.
"""
UPLOADS = re.compile(r"/api/v1/traffic$")
API = re.compile(r"/(api|metrics|healthz|readyz)(/|$)")
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none';"
    " base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing is loaded from, or sent to, another site, whatever a model or a cluster wrote.
The cards are compiled in the browser: eval.
"""
BODY_S = 60.0
"""For a whole body to come; a request that waits for more holds a connection."""
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY"}


class Guard:
    """Outermost. With local access our own pages alone get in, by host and port; elsewhere the chat, which
    has a cookie, is theirs alone.

    What comes without an Origin is no page: a terminal, a script. To them a host of this machine is enough.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), str(scope["path"])
        refused = self._refusal(path, headers)
        if refused is not None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await refused(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await _limited(self._app, scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> JSONResponse | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._access.local:
            name = urlsplit(f"//{host}").hostname
            if not name or not is_loopback(name) or (origin and urlsplit(origin).netloc != host):
                return _problem(403, "Only Compass' own pages, on this machine, may use it without a token.")
        elif origin and not API.match(path) and urlsplit(origin).netloc != host:
            return _problem(403, "Another site's page can't use this chat.")
        if UNUSED.match(path):
            return _problem(404, "There is nothing here.")
        return None


async def _limited(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Refuses bodies over MAX_BODY_BYTES, those of uploads over MAX_TRACE_BYTES, whether they say their
    length or not, and those that don't come to an end in BODY_S.
    """
    most = MAX_TRACE_BYTES if UPLOADS.match(scope["path"]) else MAX_BODY_BYTES
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or int(length) > most:
        await _too_large(most)(scope, receive, send)
        return
    seen, whole, refusal, refused = 0, False, None, False
    is_page, due = not API.match(scope["path"]), time.monotonic() + BODY_S

    async def counted() -> Message:
        nonlocal seen, whole, refusal
        try:
            message = await (
                receive() if whole else asyncio.wait_for(receive(), max(0.0, due - time.monotonic()))
            )
        except TimeoutError:
            refusal = _problem(408, f"The rest of the request didn't come within {BODY_S:.0f} seconds.")
            return {"type": "http.disconnect"}
        seen += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if seen > most:
            refusal, whole = _too_large(most), True
            return {"type": "http.request", "body": b"", "more_body": False}
        return message

    async def unless_refused(message: Message) -> None:
        nonlocal refused
        if refusal is not None:
            if not refused:
                refused = True
                await refusal(scope, receive, send)
            return
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(
                HEADERS | ({"Content-Security-Policy": POLICY} if is_page else {})
            )
        await send(message)

    await app(scope, counted, unless_refused)


def _too_large(most: int) -> JSONResponse:
    return _problem(413, f"A body has at most {most:,} bytes.")


def _problem(status: int, detail: str) -> JSONResponse:
    return answer(ApiProblem(title=TITLES[status], status=status, detail=detail))
