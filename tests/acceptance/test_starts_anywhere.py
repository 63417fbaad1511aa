"""Another person's machine: a new user, a home with a space and an umlaut, dead proxies,
no locale, a folder with our names in it.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import sync_playwright

from tests import web
from tests.browser.conftest import CHROMIUM, FLAGS, STILL, be_patient
from tests.browser.page import NEED, Chat
from tests.conftest import free_port
from tests.pace import patient, until
from tests.talking import MAIN_SCRIPT
from tests.users import python_for

pytestmark = pytest.mark.slow
DEAD = {name: "http://127.0.0.1:9" for base in ("HTTP_PROXY", "HTTPS_PROXY") for name in (base, base.lower())}
DEAD |= {"ALL_PROXY": "socks5://ann:gehe-im@127.0.0.1:9", "all_proxy": "socks5://ann:gehe-im@127.0.0.1:9"}


@dataclass
class Stranger:
    """A user of this machine whom nobody knows yet."""

    user: int
    home: Path
    folder: Path
    command: list[str]
    environment: dict[str, str]

    def runs(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self.command, *arguments],
            user=self.user,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            timeout=patient(300),
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert (done.returncode, err) == (0, ""), out[-3000:] + err
        assert "gehe-im" not in out
        return out


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """Made for the test, and gone after it, with all processes."""
    if os.geteuid() != 0 or shutil.which("useradd") is None:
        pytest.skip("only root can make a user, with useradd")
    top = Path(tempfile.mkdtemp(prefix="strangers-"))
    top.chmod(0o755)
    home, name = top / "Jörg Müller", f"stranger-{secrets.token_hex(3)}"
    subprocess.run(
        ["useradd", "--no-create-home", "--home-dir", str(home), name], check=True, capture_output=True
    )
    user = pwd.getpwnam(name).pw_uid
    try:
        python, path = python_for(user)
        folder = home / "my work"
        (folder / "simulator").mkdir(parents=True)
        for theirs in ("simulator/__init__.py", "knowledge.py", "agent.py"):
            (folder / theirs).write_text("raise SystemExit('the wrong one')\n")
        (folder / ".env").write_text("DATABASE_URL=nonsense\nCHAINLIT_AUTH_SECRET=nonsense\n")
        for each in (home, *home.rglob("*")):
            os.chown(each, user, -1)
        home.chmod(0o700)
        environment = {
            "HOME": str(home),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C",
            "COMPASS_SIMULATOR_TIME_SCALE": "0.01",
            "COMPASS_SIMULATOR_LATENCY_SCALE": "0.1",  # a target is held on a busy machine too
            "COMPASS_PROBE_S": "1",
            **DEAD,
            **path,
        }
        yield Stranger(user, home, folder, [python, "-P", "-m", "compass_llm"], environment)
        for process in psutil.process_iter(["uids"]):
            if process.info["uids"] and process.info["uids"].real == user:
                process.send_signal(signal.SIGKILL)
    finally:
        time.sleep(1)
        for left in Path(tempfile.gettempdir()).glob("compass-*"):
            if left.stat().st_uid == user:
                shutil.rmtree(left)
        subprocess.run(["userdel", name], capture_output=True)
        shutil.rmtree(top, ignore_errors=True)


def in_words(stranger: Stranger) -> None:
    script = stranger.folder / "script.txt"
    script.write_text("\n".join([*MAIN_SCRIPT[:-1], "status", MAIN_SCRIPT[-1]]), encoding="utf-8")
    told = stranger.runs("chat", "--thread", "terminal", "--script", str(script))
    assert "is ready" in told
    assert "Something went wrong" not in told
    assert "→" in told  # LC_ALL=C is no reason to lose a character


def over_the_api(url: str) -> None:
    with web.client(f"{url}/api/v1") as client:
        read = client.post("/intents", json={"text": "a chatbot for 1000 users"}).raise_for_status().json()
        specification = client.post("/specifications", json=read).raise_for_status().json()
        plan = (
            client.post("/recommendations", json={"specification": specification, "limit": 1})
            .raise_for_status()
            .json()
        )
        body = {
            "specification": specification,
            "recommendation": plan["recommendations"][0],
            "name": "by-api",
        }
        manifests = client.post("/manifests", json=body).raise_for_status().json()
        bundle, live = manifests["bundle"], manifests["review"]["live"]
        wanted = {
            "files": bundle["files"],
            "model_id": bundle["model_id"],
            "approve": bundle["digest"],
            "live": live,
        }
        made = (
            client.post("/deployments", json=wanted, headers={"Idempotency-Key": "once"})
            .raise_for_status()
            .json()
        )
        its_own = f"/deployments/{made['name']}"
        until(lambda: client.get(its_own).raise_for_status().json()["phase"] == "ready")


def in_the_browser(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 1200}, reduced_motion="reduce")
        be_patient(page)
        page.add_init_script(STILL)
        chat = Chat(page, url)
        chat.open()
        for words, stage in (
            (NEED, "specification"),
            ("looks good", "options"),
            ("deploy the cheapest", "approval"),
            ("yes, approve", "running"),
        ):
            chat.say(words)
            chat.waits_at(stage)
        chat.say("send it: good morning")
        chat.sees(re.compile("I was asked: “good morning”"))
        browser.close()


def test_the_main_line_for_a_stranger_in_terminal_api_and_browser(stranger: Stranger) -> None:
    if CHROMIUM is None:
        pytest.skip("there is no chromium (Debian: apt install chromium)")
    assert "FAIL" not in stranger.runs("doctor")
    in_words(stranger)
    url = f"http://127.0.0.1:{(port := free_port())}"
    log_so_far = (stranger.home.parent / "serve.log").read_text
    with (stranger.home.parent / "serve.log").open("wb") as log:
        serving = subprocess.Popen(
            [*stranger.command, "serve", "--port", str(port)],
            user=stranger.user,
            cwd=stranger.folder,
            env=stranger.environment,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: serving.poll() is not None or web.answers(f"{url}/readyz"), why=log_so_far)
        assert serving.poll() is None, log_so_far()
        over_the_api(url)
        in_the_browser(url)
    finally:
        serving.terminate()
        serving.wait(patient(30))
    assert "Traceback" not in log_so_far()
