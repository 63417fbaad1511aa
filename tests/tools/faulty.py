"""A proxy in front of the cluster simulator that spoils chosen requests on the wire."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.pace import patient
from tools.clusters.simulated import simulator_kubeconfig

Fault = Literal["reset", "reset after", "timeout", "409", "429", "500", "500 after", "403", "401"]
FAULTS: tuple[Fault, ...] = ("reset", "reset after", "timeout", "409", "429", "500", "500 after", "403")
"""`after`: the request arrives and only its answer is lost."""
SLOW_S = 0.6
REASONS = {
    "409": "Conflict",
    "429": "TooManyRequests",
    "500": "InternalError",
    "403": "Forbidden",
    "401": "Unauthorized",
}


class FaultyProxy:
    """Counts requests while `counting`; spoils those for which `spoils` (number,
    method, path with query) is true.
    """

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self.fault: Fault = "reset"
        self.spoils: Callable[[int, str, str], bool] = lambda number, method, path: False
        self.counting = False
        self.count = 0
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer in one piece: in two, the second waits for the first's acknowledgement

            def log_message(self, *_: Any) -> None:
                pass

            def _serve(self) -> None:
                proxy.serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def arm(self, fault: Fault, spoils: Callable[[int, str, str], bool]) -> None:
        self.fault, self.spoils, self.count, self.counting = fault, spoils, 0, True

    def disarm(self) -> None:
        self.counting = False

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        spoiled = False
        if self.counting:
            self.count += 1
            spoiled = self.spoils(self.count, handler.command, handler.path)
        if spoiled and self.fault in ("reset", "timeout", *REASONS):
            self._spoil(handler)
            return
        connection = http.client.HTTPConnection(
            self._target.hostname or "", self._target.port, timeout=patient(20)
        )
        headers = {k: v for k, v in handler.headers.items() if k.lower() not in ("host", "connection")}
        connection.request(handler.command, handler.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if spoiled:
            self._spoil(handler)
            return
        self._answer(
            handler,
            answer.status,
            content,
            {"Content-Type": answer.headers.get("Content-Type", "application/json")},
        )

    def _spoil(self, handler: BaseHTTPRequestHandler) -> None:
        if self.fault.startswith("reset"):
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.fault == "timeout":
            time.sleep(SLOW_S)
            handler.close_connection = True
            return
        code = self.fault.split()[0]
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "reason": REASONS[code],
            "code": int(code),
        }
        message = (
            "Operation cannot be fulfilled: the object has been modified"
            if code == "409"
            else f'User "me" cannot do this: {code}'
        )
        headers = {"Content-Type": "application/json"} | ({"Retry-After": "0"} if code == "429" else {})
        self._answer(handler, int(code), json.dumps(status | {"message": message}).encode(), headers)

    def _answer(
        self, handler: BaseHTTPRequestHandler, status: int, content: bytes, headers: dict[str, str]
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)


@contextmanager
def faulty_proxy(target: str, kubeconfig: Path) -> Iterator[FaultyProxy]:
    """A proxy, and a kubeconfig whose context `simulated` leads through it."""
    proxy = FaultyProxy(target)
    kubeconfig.write_text(simulator_kubeconfig(proxy.url))
    try:
        yield proxy
    finally:
        proxy.close()
