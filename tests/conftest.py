"""Shared parts: a real PostgreSQL, the cluster simulator as a process, and a rule
that no skip passes unseen in CI.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from agent.runtime import Runtime
from knowledge.catalogue import TrafficProfile, traffic_profiles
from knowledge.curves import CurveTable
from knowledge.database import Database
from knowledge.postgres.embedded import embedded_url
from knowledge.settings import Settings
from simulator.cluster.control import heal, order_role
from tests.pace import patient
from tests.pure import held_to, is_pure
from tests.soak import SOAKS, examples
from tools.clusters.cluster import Cluster
from tools.clusters.simulated import simulator_address

KEPT = ("COMPASS_TESTS_NO_SKIP", "COMPASS_TESTS_PACE", "COMPASS_TESTS_SOAK", "COMPASS_TEST_KUBECONFIG")

# A busy machine is no failure of the code.
hypothesis.settings.register_profile(
    "compass", deadline=None, max_examples=examples(100), derandomize=not SOAKS
)
hypothesis.settings.load_profile("compass")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With COMPASS_TESTS_NO_SKIP set, as CI does, what the machine lacks is a failure and not a skip."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("COMPASS_TESTS_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but skips are failures here: {report.longrepr}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and not item.get_closest_marker("slow") and is_pure(item):
            item.add_marker("pure")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with held_to() if item.get_closest_marker("pure") else nullcontext():
        yield


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> None:
    """Settings come from the tests, not from whoever runs them."""
    for name in [n for n in os.environ if n.startswith("COMPASS_") and n not in KEPT]:
        del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ["OLLAMA_HOST"] = "http://127.0.0.1:9"  # nobody answers there
    os.environ["COMPASS_SIMULATOR_TIME_SCALE"] = "0.001"


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="compass-pg-"))
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def server_url(server_home: Path) -> str:
    """A PostgreSQL server for this worker, with a migrated and filled database to copy from."""
    url = embedded_url(server_home)
    with psycopg.connect(url, autocommit=True) as connection:
        for name in (
            "fsync",
            "full_page_writes",
            "synchronous_commit",
            "autovacuum",
        ):  # it needn't survive a power cut
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")
    Database(Settings(home=server_home, DATABASE_URL=url)).close()
    return url


@pytest.fixture(scope="session")
def tables(server_url: str, server_home: Path) -> dict[TrafficProfile, CurveTable]:
    """The shipped table's curves by traffic profile, for what plans without a database."""
    database = Database(Settings(home=server_home, DATABASE_URL=server_url))
    try:
        return {profile: database.curves(profile) for profile in traffic_profiles()}
    finally:
        database.close()


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """A database of its own for one test."""
    with copied_database(server_url) as url:
        yield url


@contextmanager
def copied_database(server_url: str) -> Iterator[str]:
    """A copy of the filled database, which itself must stay as it is: all tests copy it."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server_url.replace("/postgres?", "/template1?"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE postgres STRATEGY FILE_COPY").format(sql.Identifier(name))
        )
    yield server_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server_url.replace("/postgres?", "/template1?"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def shared_home() -> Iterator[Path]:
    """Where this worker's cluster simulator lives."""
    home = Path(tempfile.mkdtemp(prefix="compass-home-"))
    yield home
    stop_simulator(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of its own for one test, with a simulator of its own if one is started. Not in pytest's own
    folder: each session of pytest on this machine closes that to the embedded server's user.
    """
    home = Path(tempfile.mkdtemp(prefix="compass-home-"))
    yield home
    stop_simulator(home)
    shutil.rmtree(home, ignore_errors=True)


def stop_simulator(home: Path) -> None:
    with suppress(OSError, ValueError, KeyError):
        os.kill(int(json.loads((home / "simulator.json").read_text())["pid"]), signal.SIGKILL)


@pytest.fixture
def settings(shared_home: Path, database_url: str) -> Settings:
    return Settings(
        home=shared_home,
        DATABASE_URL=database_url,
        model="builtin",
        ready_timeout_s=patient(20),
        watch_interval_s=0.05,
        probe_s=0,
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings)
    yield database
    database.close()


@pytest.fixture
def cluster(settings: Settings) -> Cluster:
    return Cluster(settings)


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    runtime = Runtime(settings)
    yield runtime
    runtime.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def thread() -> str:
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def simulator(settings: Settings) -> Iterator[str]:
    address = simulator_address(settings.home_dir)
    yield address
    heal(address)
    order_role(address, None)
