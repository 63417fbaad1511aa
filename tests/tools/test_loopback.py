"""A machine behind a proxy: what it says to itself goes straight, all else as the environment says."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.errors import CompassError
from knowledge.loopback import is_loopback, keep_loopback_direct
from knowledge.settings import Settings
from tests.conftest import stop_simulator
from tests.pace import patient
from tools.clusters.cluster import Cluster
from tools.clusters.simulated import simulator_address

ROOT = Path(__file__).parents[2]

PROXIES = [name for base in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (base, base.lower())]
DEAD = ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "http://user:pass-word@127.0.0.1:9"]


@pytest.fixture(autouse=True)
def _no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", *PROXIES):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that leads nowhere, and what it was asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def context_of(server: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **cluster: str) -> None:
    file = folder / "kubeconfig"
    document = {
        "contexts": [{"name": "e", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server} | cluster}],
        "users": [{"name": "u", "user": {}}],
    }
    file.write_text(yaml.safe_dump(document))
    monkeypatch.setenv("KUBECONFIG", str(file))


@pytest.mark.parametrize("dead", DEAD)
@pytest.mark.parametrize("name", PROXIES)
def test_the_simulator_and_a_cluster_on_this_machine_are_asked_directly(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, dead: str
) -> None:
    monkeypatch.setenv(name, dead)
    assert "compass" in Cluster(settings).version()
    address = simulator_address(settings.home_dir)
    for server in (address, address.replace("127.0.0.1", "localhost")):
        context_of(server, tmp_path, monkeypatch)
        assert "compass" in Cluster(settings.model_copy(update={"cluster": "context:e"})).version()


def test_another_cluster_is_asked_through_the_proxy_unless_the_kubeconfig_names_one(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: tuple[str, list[str]]
) -> None:
    url, asked = proxy
    monkeypatch.setenv("HTTP_PROXY", url)
    far = settings.model_copy(update={"cluster": "context:e"})
    context_of("http://cluster.example:8080", tmp_path, monkeypatch)
    with pytest.raises(CompassError):
        Cluster(far).version()
    assert asked[0].startswith("http://cluster.example:8080/")
    asked.clear()
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    context_of(
        "http://127.0.0.1:7", tmp_path, monkeypatch, **{"proxy-url": url}
    )  # a tunnel: the far end's own loopback
    with pytest.raises(CompassError):
        Cluster(far).version()
    assert asked[0].startswith("http://127.0.0.1:7/")


def test_a_socks_proxy_without_its_package_is_a_sentence_of_the_cluster(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:pass-word@127.0.0.1:9")
    context_of("https://cluster.example:6443", tmp_path, monkeypatch)
    with pytest.raises(CompassError, match="SOCKS") as caught:
        Cluster(settings.model_copy(update={"cluster": "context:e"})).version()
    assert "pass-word" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:80/x",
        "https://127.9.8.7",
        "http://[::1]:8",
        "localhost:11434",
        "http://a.localhost",
        "0.0.0.0",
        "http://LOCALHOST.",
    ],
)
def test_loopback_in_every_form(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1",
        "localhost.example.com",
        "http://128.0.0.1",
        "notlocalhost",
        "http://[::2]",
        "",
        "//[x",
    ],
)
def test_what_is_not_loopback(address: str) -> None:
    assert not is_loopback(address)


@given(st.text())
def test_any_text_is_one_or_the_other(address: str) -> None:
    assert is_loopback(address) in (True, False)


def test_clients_that_are_not_ours_are_told_by_both_spellings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "intern.example")
    keep_loopback_direct()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"]
    assert os.environ["NO_PROXY"].startswith("intern.example,localhost,")
    keep_loopback_direct()
    assert os.environ["NO_PROXY"].count("localhost") == 1


def test_a_working_directory_with_our_names_and_a_pythonpath_with_them_change_nothing(tmp_path: Path) -> None:
    """The command as it is installed, and the simulator that it starts."""
    for folder in (tmp_path / "here", tmp_path / "elsewhere"):
        for name in ("simulator", "tools", "prompts"):
            (folder / name).mkdir(parents=True)
            (folder / name / "__init__.py").write_text("raise SystemExit('the wrong one')")
        for name in ("agent", "knowledge", "evals", "templates", "calendar"):
            (folder / f"{name}.py").write_text("raise SystemExit('the wrong one')")
        (folder / ".env").write_text("COMPASS_MODEL=nonsense\nDATABASE_URL=nonsense\n")
    home = tmp_path / "home"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(tmp_path / "elsewhere"),
        "COMPASS_HOME": str(home),
        "COMPASS_MODEL": "builtin",
        "COMPASS_SIMULATOR_TIME_SCALE": "0.001",
    }
    home.mkdir()
    command = [sys.executable, "-P", "-m", "compass_llm", "doctor", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path / "here", env=environment, capture_output=True, text=True, timeout=patient(120)
    )
    stop_simulator(home)
    assert [(f["part"], f["ok"]) for f in json.loads(done.stdout)] == [
        ("model", True),
        ("database", True),
        ("cluster", True),
    ], done.stdout
    assert done.stderr == ""
