"""The embedded server starts wherever its folder is, whoever else uses the machine, and
leaves nothing of ours to others.
"""

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from knowledge.postgres.embedded import embedded_url
from knowledge.postgres.sockets import is_private, socket_folder, takes_a_socket
from tests.pace import patient
from tests.users import ROOT, python_for

SAY = (
    "import sys; from pathlib import Path; from knowledge.postgres.embedded import embedded_url\n"
    "import psycopg\n"
)
SAY += (
    "with psycopg.connect(embedded_url(Path(sys.argv[1]))) as c: print(c.execute('SELECT lower(%s)', ['Ä"
    " →']).fetchone()[0])"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own, which it closes again and again to the user that the server of root runs as."""
    made = Path(tempfile.mkdtemp(prefix="embedded-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
        pass


def in_a_process(
    home: Path, environment: dict[str, str], python: str = sys.executable, user: int | None = None
) -> subprocess.CompletedProcess[str]:
    kept = (
        {n: v for n, v in os.environ.items() if not n.startswith(("LC_", "LANG", "XDG_"))}
        | {"PYTHONPATH": str(ROOT)}
        | environment
    )
    return subprocess.run(
        [python, "-c", SAY, str(home)],
        env=kept,
        user=user,
        cwd="/",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=patient(120),
    )


@pytest.mark.parametrize(
    "name",
    ["Library/Application Support/Jörg 日本", "x" * 120, """it's $HOME `id` "quoted", \\ and all""", "plain"],
    ids=["mac", "long", "shell", "plain"],
)
def test_whatever_its_folder_is_called(folder: Path, name: str) -> None:
    home = folder / name
    assert answers(embedded_url(home))
    assert embedded_url(home) == embedded_url(home)
    kill(postmaster(home))
    assert answers(embedded_url(home))


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "xx_YY.ISO-8859-1", "LANG": "de_DE@euro"},
        {"XDG_RUNTIME_DIR": "/nowhere"},
        {"PGPORT": "6543", "PGDATA": "/nowhere"},
        {"TMPDIR": "/nowhere at all"},
    ],
    ids=lambda environment: next(iter(environment)) + "=" + next(iter(environment.values())),
)
def test_whatever_the_environment_says(folder: Path, environment: dict[str, str]) -> None:
    done = in_a_process(folder / "a b", {"PYTHONIOENCODING": "utf-8", **environment})
    assert done.stdout == "ä →\n", done.stderr
    assert done.stderr == ""


def test_in_the_shared_folder_for_temporary_files_lies_only_what_others_cannot_enter_and_nothing_stays(
    folder: Path,
) -> None:
    shared = Path("/tmp") / f"shared-{os.getpid()}"
    shared.mkdir()
    shared.chmod(0o1777)
    try:
        home = folder / "a b"
        code = (
            SAY + "\nimport os; print([(n, oct(os.lstat(os.environ['TMPDIR'] + '/' + n).st_mode)) for n in"
            " os.listdir(os.environ['TMPDIR'])])"
        )
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(shared),
            "PYTHONIOENCODING": "utf-8",
        }
        done = subprocess.run(
            [sys.executable, "-c", code, str(home)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=patient(120),
        )
        [(name, mode)] = eval(done.stdout.splitlines()[1])
        assert name.startswith("compass-")
        assert mode == "0o40700"
        assert list(shared.iterdir()) == []
    finally:
        shared.rmdir()


def test_a_folder_of_others_is_never_taken_for_ours(folder: Path) -> None:
    data = folder / "a b" / "data"
    data.mkdir(parents=True)
    mine = socket_folder(data, os.geteuid())
    assert is_private(mine, os.geteuid())
    assert socket_folder(data, os.geteuid()) == mine  # known again
    mine.chmod(0o777)
    other = socket_folder(data, os.geteuid())
    assert other != mine
    mine.rmdir()
    mine.symlink_to(other)
    (data.parent / "socket").unlink()
    (data.parent / "socket").symlink_to(mine)
    third = socket_folder(data, os.geteuid())
    assert third not in (mine, other)
    assert stat.S_IMODE(third.lstat().st_mode) == 0o700
    mine.unlink()
    for folder in (other, third):
        folder.rmdir()
    assert not takes_a_socket(folder / ("y" * 120))


def test_a_number_that_another_process_has_now_is_not_the_server(folder: Path) -> None:
    assert answers(embedded_url(folder))
    file = folder / "postgres" / "data" / "postmaster.pid"
    lines = file.read_text().splitlines()
    kill(postmaster(folder))
    file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    assert answers(embedded_url(folder))


def test_what_was_cut_off_or_cleaned_away_does_not_keep_it_from_starting(folder: Path) -> None:
    home = folder / "a b"
    cut = home / "postgres" / "new"
    cut.mkdir(parents=True)
    (cut / "PG_VERSION").write_text("18\n")  # killed while the database was made
    assert answers(embedded_url(home))
    shutil.rmtree(
        (home / "postgres" / "socket").resolve()
    )  # as whoever cleans the folder for temporary files does
    assert answers(embedded_url(home))
    (home / "postgres" / "data" / ".handle_pids.json").write_text('[1, 2, "')
    done = in_a_process(home, {"PYTHONIOENCODING": "utf-8"})
    assert done.stdout == "ä →\n", done.stderr
    assert json.loads((home / "postgres" / "data" / ".handle_pids.json").read_text()) == []


def test_root_first_and_then_a_user(folder: Path) -> None:
    """What root leaves behind, in this machine's own folder for temporary files,
    keeps nobody else from starting.
    """
    user = pwd.getpwnam("nobody").pw_uid
    python, path = python_for(user)
    folder.chmod(0o755)
    for name, uid in (("root's own", 0), ("the user's own", user)):
        home = folder / name
        home.mkdir(mode=0o700)
        os.chown(home, uid, -1)
        done = in_a_process(home, {"PYTHONIOENCODING": "utf-8", "HOME": str(home), **path}, python, uid)
        assert done.stdout == "ä →\n", done.stderr
