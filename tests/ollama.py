"""A server that speaks Ollama's documented wire: tags, show with capabilities, chat as
NDJSON, errors, and what goes wrong on a wire.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Spoiled = Literal["slow", "dead in the middle", "500", "refused", "no json"]
PIECE = 8
"""Characters in one streamed piece."""


@dataclass
class Ollama:
    """`answers` are given one a chat: a text, a tool call as (name, arguments), or what goes wrong."""

    url: str = ""
    answers: list[str | tuple[str, dict[str, Any]] | dict[str, Spoiled]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    capabilities: dict[str, list[str]] = field(
        default_factory=lambda: {"llama3.1:8b": ["completion", "tools"], "tiny:latest": ["completion"]}
    )
    slow_s: float = 30.0


@contextmanager
def ollama() -> Iterator[Ollama]:
    """A server on loopback, for as long as it is used."""
    wire = Ollama()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/api/tags"
            self._lines(
                [{"models": [{"name": n, "model": n, "size": 1, "digest": "d"} for n in wire.capabilities]}]
            )

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/api/show":
                name = body["model"] if ":" in body["model"] else f"{body['model']}:latest"
                self._lines([{"capabilities": wire.capabilities[name]}])
                return
            assert self.path == "/api/chat"
            wire.asked.append(body)
            answer = wire.answers.pop(0) if wire.answers else {"wrong": "500"}
            if isinstance(answer, dict):
                self._spoil(str(answer["wrong"]), body)
            else:
                self._answer(answer, body)

        def _answer(self, answer: str | tuple[str, dict[str, Any]], body: dict[str, Any]) -> None:
            head = {"model": body["model"], "created_at": "2026-11-23T10:00:00Z"}
            end = {"done": True, "done_reason": "stop", "eval_count": 5, "prompt_eval_count": 9}
            if isinstance(answer, tuple):
                call = {"function": {"name": answer[0], "arguments": answer[1]}}
                messages: list[dict[str, Any]] = [{"role": "assistant", "content": "", "tool_calls": [call]}]
            else:
                pieces = (
                    [answer[i : i + PIECE] for i in range(0, len(answer), PIECE)]
                    if body.get("stream")
                    else [answer]
                )
                messages = [{"role": "assistant", "content": piece} for piece in pieces]
            if body.get("stream"):
                lines = [head | {"message": m, "done": False} for m in messages]
                self._lines([*lines, head | end | {"message": {"role": "assistant", "content": ""}}])
            else:
                self._lines([head | end | {"message": messages[0]}])

        def _spoil(self, how: str, body: dict[str, Any]) -> None:
            if how == "slow":
                time.sleep(wire.slow_s)
            elif how == "500":
                self.send_error(500, "model runner has unexpectedly stopped")
            elif how == "refused":
                self._lines(
                    [{"error": "model requires more system memory (6.0 GiB) than is available (1.2 GiB)"}],
                    status=400,
                )
            elif how == "no json":
                self._raw(b"<html>502 Bad Gateway</html>")
            else:
                line = json.dumps(
                    {"model": body["model"], "message": {"role": "assistant", "content": "It"}, "done": False}
                ).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-ndjson")
                self.send_header("Content-Length", str(len(line) + 500))
                self.end_headers()
                self.wfile.write(line + b"\n")
                self.wfile.flush()
                self.connection.close()

        def _lines(self, values: list[dict[str, Any]], status: int = 200) -> None:
            self._raw(b"".join(json.dumps(value).encode() + b"\n" for value in values), status)

        def _raw(self, content: bytes, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-ndjson")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    wire.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
