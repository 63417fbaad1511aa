"""The wheel, as somebody installs it: in an environment of its own, far from the repository, and run
where its neighbours have our names.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import web
from tests.acceptance.test_cli import events, states, stop_postgres
from tests.conftest import free_port, stop_simulator
from tests.pace import patient, until
from tests.soak import sample
from tests.talking import SCENARIOS

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).with_name("uv"))
FOLDERS = ("compass_llm", "agent", "evals", "knowledge", "prompts", "simulator", "templates", "tools")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that the embedded server's user may enter, which pytest's own isn't."""
    folder = Path(tempfile.mkdtemp(prefix="compass-wheel-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def wheel(place: Path) -> Path:
    """Built from what git tracks."""
    copy = place / "source"
    subprocess.run(["git", "-C", str(ROOT), "checkout-index", "-a", f"--prefix={copy}/"], check=True)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(build, cwd=copy, capture_output=True, check=True)
    shutil.rmtree(copy)
    return next(place.glob("*.whl"))


@dataclass
class Installed:
    """The command, in a folder called `simulator` beside files with our names, on PYTHONPATH too, and with
    others of these names installed where it is.
    """

    command: str
    folder: Path
    environment: dict[str, str]

    def runs(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.command, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout


def venv(wheel: Path, place: Path) -> str:
    """Into an empty virtual environment, from the lock."""
    python = place / "venv" / "bin" / "python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, str(place / "venv")], check=True)
    into = [UV, "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*into, "--require-hashes", "-r", str(ROOT / "locks" / "run.txt")], check=True)
    subprocess.run([*into, "--no-deps", str(wheel)], check=True)
    return str(python.with_name("compass"))


def uv_tool(wheel: Path, place: Path) -> str:
    """As a tool of uv's; the lock only says which versions."""
    where = {"UV_TOOL_DIR": str(place / "tools"), "UV_TOOL_BIN_DIR": str(place / "bin")}
    command = [UV, "tool", "install", "--quiet", "--python", sys.executable]
    locked = ["--constraints", str(ROOT / "locks" / "run.txt")]
    subprocess.run([*command, *locked, str(wheel)], env=os.environ | where, check=True)
    return str(place / "bin" / "compass")


@pytest.fixture(scope="module", params=sample([uv_tool, venv], 1))
def installed(request: pytest.FixtureRequest, wheel: Path, place: Path) -> Iterator[Installed]:
    beside = place / f"beside-{request.param.__name__}"
    folder, home = beside / "simulator", beside / "home"
    folder.mkdir(parents=True)
    command = request.param(wheel, place)
    (installed_beside,) = (
        f.parent for f in Path(command).resolve().parents[1].rglob("site-packages/compass_llm")
    )
    for where in (folder, installed_beside):
        for theirs in ("knowledge.py", "agent.py", "tools/__init__.py", "simulator/__init__.py"):
            (where / theirs).parent.mkdir(exist_ok=True)
            with (where / theirs).open("x") as file:
                file.write("raise SystemExit('the wrong one')\n")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "PYTHONPATH": os.pathsep.join([".", str(folder.parent), str(folder)]),
        "COMPASS_HOME": str(home),
        "COMPASS_MODEL": "builtin",
        "COMPASS_SIMULATOR_TIME_SCALE": "0.001",
        "COMPASS_PROBE_S": "1",
    }
    yield Installed(command, folder, environment)
    stop_simulator(home)
    stop_postgres(home)


def test_the_wheel_holds_one_package_with_all_that_git_tracks_of_our_folders(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"compass_llm"}
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", *FOLDERS], capture_output=True, text=True, check=True
    ).stdout
    wanted = {"compass_llm/" + name.removeprefix("compass_llm/") for name in tracked.split("\0") if name}
    assert len(wanted) > 500
    assert wanted <= names, wanted - names
    assert {name for name in names if name.startswith("compass_llm/")} == wanted


def test_it_says_its_version(installed: Installed, wheel: Path) -> None:
    assert installed.runs("--version") == f"compass {wheel.name.split('-')[1]}\n"


def test_it_recommends(installed: Installed) -> None:
    found = json.loads(installed.runs("recommend", "a chatbot for 1000 users", "--json", "--limit", "1"))
    assert found["recommendations"][0]["rank"] == 1


def test_it_holds_a_conversation_that_ends_with_a_running_endpoint(installed: Installed) -> None:
    script = installed.folder / "script.txt"
    shutil.copy(SCENARIOS / "chatbot.txt", script)
    told = installed.runs("chat", "--thread", "main", "--script", str(script), "--json")
    assert states(events(told))[-1] == "success"


def test_it_serves_the_chat_and_the_api(installed: Installed) -> None:
    url = f"http://127.0.0.1:{(port := free_port())}"
    log = installed.folder / "serve.log"
    with log.open("wb") as file:
        serving = subprocess.Popen(
            [installed.command, "serve", "--port", str(port)],
            cwd=installed.folder,
            env=installed.environment,
            stdout=file,
            stderr=file,
        )
    try:
        until(lambda: serving.poll() is not None or web.answers(f"{url}/readyz"), why=log.read_text)
        assert serving.poll() is None, log.read_text()
        assert "<script" in web.get(f"{url}/").raise_for_status().text
        for name in ("compass.css", "elements/Options.jsx"):
            assert web.get(f"{url}/public/{name}").raise_for_status().text
        read = web.post(f"{url}/api/v1/intents", json={"text": "a chatbot for 1000 users"})
        assert read.raise_for_status().json()["intent"]["user_count"] == 1000
        assert web.get(f"{url}/api/v1/gpus").raise_for_status().json()
    finally:
        serving.terminate()
        serving.wait(patient(30))
    assert "Traceback" not in log.read_text()
