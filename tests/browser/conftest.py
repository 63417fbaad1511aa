"""The chat as a person meets it: `compass serve` as a process, and a real browser before it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import web
from tests.browser.page import Chat
from tests.conftest import free_port, stop_simulator
from tests.pace import patient, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
STILL = """addEventListener('DOMContentLoaded', () => {
  const style = document.createElement('style')
  style.textContent = '* { animation: none !important; transition: none !important }'
  document.head.append(style)
})"""
"""Nothing moves: without a GPU, each frame of a spinner is drawn by the cores that the tests need."""
PATIENCE_S = 60.0
SHOWN = 4000


class Site:
    """A server that can be killed and started again at the same address, with the same home and database."""

    def __init__(self, home: Path, database_url: str | None, **settings: str) -> None:
        self.home, self.database_url = home, database_url
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {
            **os.environ,
            "COMPASS_HOME": str(self.home),
            **({"DATABASE_URL": self.database_url} if self.database_url else {}),
            "COMPASS_MODEL": "builtin",
            "COMPASS_PROBE_S": "1",
            "COMPASS_WATCH_INTERVAL_S": "0.1",
            "COMPASS_SIMULATOR_TIME_SCALE": "0.01",
            "COMPASS_SIMULATOR_LATENCY_SCALE": "0.1",  # a target is held on a busy machine too
            **self._settings,
        }
        command = [sys.executable, "-m", "agent.cli", "serve", "--port", str(self.port)]
        with (self.home / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        process = self._process
        log_so_far = (self.home / "serve.log").read_text
        until(lambda: process.poll() is not None or web.answers(f"{self.url}/readyz"), why=log_so_far)
        assert process.poll() is None, log_so_far()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Without a warning."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Playwright keeps an event loop running in this thread: ended with this package, or
    `asyncio.run` fails in all later tests.
    """
    if CHROMIUM is None:
        pytest.skip("there is no chromium (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, server_url: str) -> Iterator[Site]:
    """One server for the tests of a worker that don't kill it; it is one person's,
    with all their conversations.
    """
    home = tmp_path_factory.mktemp("site")
    with psycopg.connect(server_url.replace("/postgres?", "/template1?"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE site TEMPLATE postgres STRATEGY FILE_COPY")
    yield from _running(Site(home, server_url.replace("/postgres?", "/site?")))


@pytest.fixture
def mortal(home: Path, database_url: str) -> Iterator[Site]:
    """A server of its own, to be killed."""
    yield from _running(Site(home, database_url))


@pytest.fixture
def unhurried(home: Path, database_url: str) -> Iterator[Site]:
    """Its cluster takes some ten seconds for a rollout: time to act in the middle of
    one, on a busy machine too.
    """
    yield from _running(Site(home, database_url, COMPASS_SIMULATOR_TIME_SCALE="1"))


def _running(site: Site) -> Iterator[Site]:
    site.start()
    yield site
    site.kill()
    stop_simulator(site.home)


def be_patient(page: BrowserContext | Page) -> None:
    """With it, and with what is expected of any page."""
    page.set_default_timeout(patient(PATIENCE_S) * 1000)
    expect.set_options(timeout=patient(PATIENCE_S) * 1000)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1360, "height": 1200}, reduced_motion="reduce")
    be_patient(context)
    context.add_init_script(STILL)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def chat(page: Page, site: Site) -> Chat:
    return _opened(page, site)


@pytest.fixture
def mortal_chat(page: Page, mortal: Site) -> Chat:
    return _opened(page, mortal)


@pytest.fixture
def unhurried_chat(page: Page, unhurried: Site) -> Chat:
    return _opened(page, unhurried)


def _opened(page: Page, site: Site) -> Chat:
    chat = Chat(page, site.url)
    chat.open()
    return chat


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """What a failing test saw: the end of its page's text, and of its server's log."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    fixtures = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "page" in fixtures:
        report.sections.append(("page", fixtures["page"].inner_text("body")[-SHOWN:]))
        site = fixtures.get("site") or fixtures.get("mortal")
        if site is not None:
            report.sections.append(("server", (site.home / "serve.log").read_text()[-SHOWN:]))
