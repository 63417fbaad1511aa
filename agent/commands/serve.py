"""`compass serve`: everything that Compass offers over HTTP, in one process."""

from __future__ import annotations

import socket

import uvicorn

from agent.api.app import build_api
from agent.finishing import Finisher
from agent.patience import options
from agent.runtime import Runtime
from agent.telemetry import log_to
from agent.ui.mount import mount_chat
from knowledge.errors import CompassError
from knowledge.settings import Settings


def serve_until_stopped(settings: Settings, host: str, port: int) -> None:
    """Serve until stopped. Raises CompassError for an address that can't be had, or
    that would let everybody in.
    """
    log_to(settings.home_dir / "compass.log")
    listener = _listener(host, port)
    runtime = Runtime(settings)
    finisher = Finisher(settings, runtime.database)
    try:
        app = build_api(runtime, host)
        mount_chat(app, runtime, app.state.access)
        shown = f"[{host}]" if ":" in host else host
        at = f"http://{shown}:{listener.getsockname()[1]}"
        print(
            f"Compass is at {at}\nIts REST API is described at {at}/api/docs. Stop it with Ctrl-C; nothing is"
            " lost.",
            flush=True,
        )
        uvicorn.Server(uvicorn.Config(app, log_config=None, server_header=False, **options())).run([listener])
    finally:
        finisher.close()
        runtime.close()


def _listener(host: str, port: int) -> socket.socket:
    """Opened first: a port that is taken is said before anything is started."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, UnicodeError) as error:
        raise CompassError(
            f"Compass can't listen on {host} port {port} ({error}). Another --port will do."
        ) from error
    return listener
