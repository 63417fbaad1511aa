"""The embedded PostgreSQL that runs when `DATABASE_URL` is unset: unix socket only, its
files in a folder of their own.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from knowledge.errors import CompassError

if TYPE_CHECKING:
    from knowledge.postgres.postmaster import Postmaster

_servers: dict[Path, Postmaster] = {}
_one_at_a_time = threading.Lock()


def embedded_url(home: Path) -> str:
    """Start the server under `home`, or join it if it runs, and return its URL. It stops with
    the last process that uses it.

    Raises CompassError if it can't be started. May be called again after the server died.
    """
    from knowledge.postgres.postmaster import Postmaster

    data = (home / "postgres" / "data").absolute()
    try:
        data.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CompassError(
            f"COMPASS_HOME is {home}, where nothing can be written ({error.strerror}). Name another folder."
        ) from error
    data = data.resolve()
    with _one_at_a_time:
        try:
            if data not in _servers:
                _forget_dead_processes(data / ".handle_pids.json")
                _servers[data] = Postmaster(data)
            folder = _servers[data].running_at() or _servers[data].started_at()
        except CompassError:
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise CompassError(
                f"The embedded PostgreSQL under {data} didn't start ({why}). Its log is {data / 'log'}."
                " Set DATABASE_URL to use a server of your own."
            ) from error
    return f"postgresql://postgres@/postgres?host={quote(str(folder))}&port=5432"


def _forget_dead_processes(registry: Path) -> None:
    """A client that was killed stays in the library's list of users and would keep
    the server running for ever.
    """
    with suppress(OSError):
        try:
            pids = json.loads(registry.read_text(encoding="utf-8"))
            alive = [pid for pid in pids if _is_alive(pid)]
        except (ValueError, TypeError):  # cut off while it was written
            pids, alive = None, []
        if alive != pids and registry.exists():
            registry.write_text(json.dumps(alive), encoding="utf-8")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
