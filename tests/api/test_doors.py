"""What the server shows to strangers, and how long it waits for them."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.sync.client import connect

from agent import patience
from agent.api import guard
from agent.api.app import build_api
from agent.commands.serve import _listener
from agent.runtime import Runtime
from knowledge.settings import Settings
from tests import web
from tests.api.conftest import TOKENS, Api, hashed
from tests.pace import patient, until


class Page(HTMLParser):
    """What a page loads, runs and links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("href", "src")]
        self.ids |= {value or "" for name, value in attributes if name == "id"}


def test_the_description_of_the_api_is_a_page_of_our_own(api: Api) -> None:
    answer = web.get(f"{api.url}/api/docs")
    page = Page(answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script" not in page.tags
    assert all(address.startswith(("#", "/")) for address in page.addresses)
    assert {a[1:] for a in page.addresses if a[0] == "#"} <= page.ids
    document = web.get(f"{api.url}/api/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        assert path in answer.text
        assert len(re.findall(f"<code>{re.escape(path)}</code></h3>", answer.text)) == len(methods)
    for name in document["components"]["schemas"]:
        assert f">{name}</h3>" in answer.text


def test_strangers_are_not_told_where_the_database_is(api: Api) -> None:
    api.runtime.database.pool.close()
    stranger = web.get(f"{api.url}/readyz")
    assert (stranger.status_code, stranger.json()["detail"]) == (503, "The database doesn't answer.")
    user = web.get(
        f"{api.url}/readyz",
        headers={"Authorization": f"Bearer {TOKENS['ann']}"},
    )
    assert user.status_code in (500, 503)
    assert user.json()["detail"] != stranger.json()["detail"]


@pytest.fixture
def hasty(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server as `compass serve` configures it, with little patience."""
    monkeypatch.setattr(patience, "HEAD_S", 1.0)
    monkeypatch.setattr(guard, "BODY_S", 1.0)
    runtime = Runtime(settings.model_copy(update={"api_tokens": hashed()}))
    listener = _listener("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(build_api(runtime, "127.0.0.1"), log_level="critical", **patience.options())
    )
    thread = threading.Thread(target=lambda: server.run([listener]), daemon=True)
    thread.start()
    until(lambda: server.started)
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(patient(10))
    runtime.close()


def heard(port: int, *parts: bytes) -> bytes:
    """All that comes back for a request that is never finished, until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=patient(20)) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.2)
        answer = b""
        while more := connection.recv(65536):
            answer += more
        return answer


@pytest.mark.slow
def test_half_requests_are_not_waited_for_without_an_end(hasty: int) -> None:
    assert heard(hasty) == b""
    assert heard(hasty, b"GET /healthz HTTP/1.1\r\n", b"Host: 127.0.0.1\r\n", b"X: y\r\n") == b""
    whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    after = heard(hasty, whole, b"GET /healthz HTTP/1.1\r\n")
    assert after.startswith(b"HTTP/1.1 200")
    assert after.count(b"HTTP/1.1") == 1
    head = (
        b"POST /api/v1/intents HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type:"
        b" application/json\r\nAuthorization: Bearer "
    )
    half = heard(
        hasty,
        head + TOKENS["ann"].encode() + b"\r\nContent-Length: 100\r\nConnection: close\r\n\r\n",
        b'{"text": ',
    )
    assert half.startswith(b"HTTP/1.1 408")
    assert b"problem+json" in half


@pytest.mark.slow
def test_many_half_requests_leave_the_server_answering(hasty: int) -> None:
    open_ones = [socket.create_connection(("127.0.0.1", hasty), timeout=patient(20)) for _ in range(200)]
    for one in open_ones:
        one.sendall(b"GET / HTTP/1.1\r\nHost: ")
    assert web.get(f"http://127.0.0.1:{hasty}/healthz").status_code == 200
    assert all(one.recv(1) == b"" for one in open_ones)
    for one in open_ones:
        one.close()


@pytest.mark.slow
def test_whole_requests_keep_their_connection(hasty: int) -> None:
    async def asked() -> list[int]:
        async with web.asynchronous(f"http://127.0.0.1:{hasty}") as client:
            statuses = []
            for _ in range(3):
                statuses.append((await client.get("/healthz")).status_code)
                await asyncio.sleep(1.5)  # longer than a head may take
            connections = client._transport._pool.connections  # type: ignore[attr-defined]
            assert len(connections) == 1
            assert "Request Count: 3" in repr(connections[0])
            return statuses

    assert asyncio.run(asked()) == [200] * 3


@pytest.mark.slow
def test_an_open_page_is_not_a_request_that_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.5)

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())

    listener = _listener("127.0.0.1", 0)
    app = Starlette(routes=[WebSocketRoute("/", echo)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", **patience.options()))
    thread = threading.Thread(target=lambda: server.run([listener]), daemon=True)
    thread.start()
    until(lambda: server.started)
    with connect(f"ws://127.0.0.1:{listener.getsockname()[1]}/", proxy=None) as page:
        time.sleep(1.5)
        page.send("still here")
        assert page.recv(timeout=patient(20)) == "still here"
    server.should_exit = True
    thread.join(patient(10))
