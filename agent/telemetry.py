"""What Compass does, for whoever runs it: a line of JSON for each event, and Prometheus metrics.
Never contents, only their sizes.

A line has the time, the level, the event, the thread, the turn and the request of the API that it
belongs to, and figures: which tool, how long, how many tokens. What people write, and what tools
answer, stays in the conversation.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY, Counter, Histogram, generate_latest

from knowledge.errors import CompassError
from knowledge.settings import Settings

log = logging.getLogger("agent.events")
LARGEST_FILE_BYTES, KEPT_FILES = 5_000_000, 3
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
TURNS = Counter("compass_turns", "Turns of conversations.", ("outcome",))
TURN_SECONDS = Histogram("compass_turn_seconds", "How long turns took.", buckets=SECONDS)
TOOL_CALLS = Counter("compass_tool_calls", "Calls of tools.", ("tool", "outcome"))
TOOL_SECONDS = Histogram("compass_tool_call_seconds", "How long tools took.", ("tool",), buckets=SECONDS)
MODEL_CALLS = Counter("compass_model_calls", "Calls of the chat model.", ("outcome",))
MODEL_SECONDS = Histogram("compass_model_call_seconds", "How long the chat model took.", buckets=SECONDS)
MODEL_TOKENS = Counter(
    "compass_model_tokens", "Tokens of the chat model, as it reported them.", ("direction",)
)
_belongs_to: ContextVar[dict[str, str]] = ContextVar("belongs_to", default={})  # noqa: B039 - replaced, never changed


class JsonLines(logging.Formatter):
    """One record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "belongs_to", _belongs_to.get()),
            **getattr(record, "figures", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to(file: Path) -> None:
    """Events and tracebacks go to this file, which is begun anew at
    LARGEST_FILE_BYTES; the person sees sentences.
    """
    handler = RotatingFileHandler(
        file, maxBytes=LARGEST_FILE_BYTES, backupCount=KEPT_FILES, delay=True, encoding="utf-8"
    )
    handler.setFormatter(JsonLines())
    ours = logging.getLogger("agent")
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)
    ours.propagate = False


def exposition() -> bytes:
    """The metrics of this process in Prometheus' text format."""
    return generate_latest(REGISTRY)


def serve_metrics(settings: Settings) -> None:
    """On loopback, at COMPASS_METRICS_PORT if that is set. Raises CompassError if the port is taken."""
    if settings.metrics_port is None:
        return
    from prometheus_client import start_http_server

    try:
        start_http_server(settings.metrics_port, addr="127.0.0.1")
    except OSError as error:
        raise CompassError(
            f"COMPASS_METRICS_PORT {settings.metrics_port} can't be had ({error.strerror})."
        ) from error


@contextmanager
def turn(thread_id: str) -> Iterator[dict[str, str]]:
    """Around a turn; what is put into the result as `outcome` is counted."""
    seen, began = {"outcome": "ok"}, time.perf_counter()
    # Not reset by token: a generator that is closed elsewhere ends in another context.
    request = {k: v for k, v in _belongs_to.get().items() if k == "request"}
    belongs = {"thread": thread_id, "turn": secrets.token_hex(6), **request}
    _belongs_to.set(belongs)
    try:
        yield seen
    finally:
        seconds = time.perf_counter() - began
        TURNS.labels(outcome=seen["outcome"]).inc()
        TURN_SECONDS.observe(seconds)
        _log("turn", belongs, duration_ms=round(seconds * 1000, 1), outcome=seen["outcome"])


@contextmanager
def api_request(method: str) -> Iterator[dict[str, Any]]:
    """Around a request of the API: `request` in the result is its id; `route`,
    `status` and `user` are to be put in.
    """
    seen: dict[str, Any] = {"request": secrets.token_hex(8), "route": None, "status": None, "user": None}
    began = time.perf_counter()
    belongs = {"request": seen["request"]}
    _belongs_to.set(belongs)
    try:
        yield seen
    finally:
        figures = {name: seen[name] for name in ("route", "status", "user")}
        _log(
            "request",
            belongs,
            method=method,
            duration_ms=round((time.perf_counter() - began) * 1000, 1),
            **figures,
        )


@contextmanager
def tool_call(tool: str) -> Iterator[None]:
    """Around a tool's run."""
    began, outcome = time.perf_counter(), "error"
    try:
        yield
        outcome = "ok"
    finally:
        seconds = time.perf_counter() - began
        TOOL_CALLS.labels(tool=tool, outcome=outcome).inc()
        TOOL_SECONDS.labels(tool=tool).observe(seconds)
        _log("tool call", _belongs_to.get(), tool=tool, duration_ms=round(seconds * 1000, 1), outcome=outcome)


@contextmanager
def model_call() -> Iterator[dict[str, int]]:
    """Around a call of the chat model; `input_tokens` and `output_tokens` put into the result are counted."""
    tokens: dict[str, int] = {}
    began, outcome = time.perf_counter(), "error"
    try:
        yield tokens
        outcome = "ok"
    finally:
        seconds = time.perf_counter() - began
        MODEL_CALLS.labels(outcome=outcome).inc()
        MODEL_SECONDS.observe(seconds)
        for direction, count in tokens.items():
            MODEL_TOKENS.labels(direction=direction.removesuffix("_tokens")).inc(count)
        _log("model call", _belongs_to.get(), duration_ms=round(seconds * 1000, 1), outcome=outcome, **tokens)


def _log(event: str, belongs_to: dict[str, str], **figures: Any) -> None:
    log.info(event, extra={"figures": figures, "belongs_to": belongs_to})
