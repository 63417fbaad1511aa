"""A private folder for the database's socket: its path must be short and plain,
which that of the data need not be.
"""

from __future__ import annotations

import os
import re
import socket
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from knowledge.errors import CompassError

SOCKET = ".s.PGSQL.5432"
PLAIN = re.compile(r"[\w./@+-]+", re.ASCII)
"""What stands unquoted in PostgreSQL's options, in a shell and in an address."""


def socket_folder(data: Path, owner: int) -> Path:
    """Where the server of `data`, which runs as the user `owner`, may listen: a
    folder that no other user can enter.

    That is `data` itself where its path will do, or else one in a folder for temporary files: made with a
    random name, so that nobody can have made it before us, and remembered by a link beside `data`. Raises
    CompassError if none can be had.
    """
    if takes_a_socket(data):
        return data
    link = data.parent / "socket"
    with suppress(OSError):
        known = Path(os.readlink(link))
        if is_private(known, owner) and takes_a_socket(known):
            return known
    link.unlink(missing_ok=True)
    for parent in _parents(owner):
        with suppress(OSError):
            made = Path(tempfile.mkdtemp(prefix="compass-", dir=parent))
            if takes_a_socket(made):
                os.chown(made, owner, -1)
                link.symlink_to(made)
                return made
            made.rmdir()
    raise CompassError(
        f"The database needs a folder for its socket, since {data} is too long, or not plain enough, for one."
        " Set TMPDIR to a short path that you may write to, or COMPASS_HOME to a short one without spaces."
    )


def leave_socket_folder(data: Path) -> None:
    """Remove what `socket_folder` made, once no server listens there."""
    link = data.parent / "socket"
    with suppress(OSError):
        folder = Path(os.readlink(link))
        link.unlink()
        folder.rmdir()


def takes_a_socket(folder: Path) -> bool:
    """Whether a socket can be made there: the path fits (107 bytes on Linux, 103 on
    macOS), and the file system has sockets.
    """
    if not PLAIN.fullmatch(str(folder)):
        return False
    probe = folder / f".p{os.getpid()}".ljust(len(SOCKET), "_")[: len(SOCKET)]
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.bind(str(probe))
        except OSError:
            return False
    probe.unlink(missing_ok=True)
    return True


def is_private(folder: Path, owner: int) -> bool:
    """A folder itself, no link to one, that is this user's and closed to all others."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and stat.S_IMODE(found.st_mode) == 0o700


def _parents(owner: int) -> list[Path]:
    """Folders for temporary files in which nobody but its owner can rename what we
    make, and which `owner` can pass.
    """
    named = [
        tempfile.gettempdir(),
        "/tmp",  # noqa: S108 - only its stickiness is relied on
        os.environ.get("XDG_RUNTIME_DIR", ""),
    ]
    return [folder for folder in map(Path, dict.fromkeys(filter(None, named))) if _safe(folder, owner)]


def _safe(folder: Path, owner: int) -> bool:
    try:
        seen = folder.resolve(strict=True)
        own = seen.stat()
        shared = own.st_mode & stat.S_IWOTH
        if own.st_uid not in (0, os.geteuid()) or (shared and not own.st_mode & stat.S_ISVTX):
            return False
        return owner == os.geteuid() or all(f.stat().st_mode & stat.S_IXOTH for f in (seen, *seen.parents))
    except OSError:
        return False
