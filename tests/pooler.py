"""PgBouncer before the tests' PostgreSQL: each transaction of a client may get
another session of the server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import free_port
from tests.pace import patient, until

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The address of the same database behind a pooler in transaction mode. Skips the
    test where PgBouncer isn't installed.
    """
    if PROGRAM is None:
        pytest.skip("pgbouncer isn't installed")
    server, port = conninfo_to_dict(url), free_port()
    owner = Path(str(server["host"])).stat().st_uid
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={server['host']} port=5432 user=postgres\n[pgbouncer]\nlisten_addr ="
        f" 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode ="
        " transaction\nserver_round_robin = 1\ndefault_pool_size = 4\nmin_pool_size = 4\nmax_client_conn ="
        " 200\n"
    )
    os.chown(folder, owner, -1)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([PROGRAM, "pgbouncer.ini"], cwd=folder, user=owner, stdout=log, stderr=log)
    address = f"postgresql://postgres@127.0.0.1:{port}/{quote(str(server['dbname']))}"
    try:
        until(lambda: _answers(address), why=(folder / "log").read_text)
        yield address
    finally:
        process.terminate()
        process.wait(patient(30))
        shutil.rmtree(folder)


def _answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=round(patient(5))).close()
    except psycopg.OperationalError:
        return False
    return True
