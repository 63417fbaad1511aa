"""The connection to a cluster: many turns at once, what isn't installed, answers that are
none, credentials that ran out.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from knowledge.errors import CompassError
from knowledge.settings import Settings
from simulator.cluster.control import heal, order_failure
from tests.tools.faulty import FaultyProxy, faulty_proxy
from tools.clusters.cluster import Cluster
from tools.clusters.kinds import INFERENCE_SERVICE, POD_MONITOR
from tools.clusters.refusals import Refused
from tools.clusters.simulated import simulator_address, simulator_kubeconfig


def test_credentials_that_ran_out_are_read_anew_at_the_next_call(
    settings: Settings, shared_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubeconfig, address = tmp_path / "kubeconfig", simulator_address(shared_home)
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    with faulty_proxy(address, kubeconfig) as proxy:
        cluster = Cluster(settings.model_copy(update={"cluster": "context:simulated"}))
        assert cluster.get("v1", "Namespace", "default") is not None
        proxy.arm("401", lambda *_: True)
        with pytest.raises(Refused, match="log in again"):
            cluster.get("v1", "Namespace", "default")
        kubeconfig.write_text(simulator_kubeconfig(address))  # logged in again
        assert cluster.get("v1", "Namespace", "default") is not None


@pytest.fixture
def without_pod_monitor(simulator: str) -> str:
    order_failure(simulator, "no-podmonitor")
    return simulator


@pytest.fixture
def counted(
    settings: Settings, without_pod_monitor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Cluster, FaultyProxy]]:
    """A cluster without the Prometheus operator, and the proxy before it, which counts and can spoil."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with faulty_proxy(without_pod_monitor, tmp_path / "kubeconfig") as proxy:
        yield Cluster(settings.model_copy(update={"cluster": "context:simulated"})), proxy


@pytest.mark.usefixtures("without_pod_monitor")
def test_many_turns_share_a_connection_to_a_cluster_without_the_prometheus_operator(
    settings: Settings,
) -> None:
    cluster = Cluster(settings)
    monitor = {
        "apiVersion": POD_MONITOR[0],
        "kind": POD_MONITOR[1],
        "metadata": {"name": "x", "namespace": "default"},
        "spec": {},
    }

    def turn(number: int) -> list[str]:
        found = []
        for _ in range(10):
            assert cluster.monitors_pods() is False
            assert cluster.get("v1", "ServiceAccount", f"nobody-{number}") is None
            assert isinstance(cluster.list(*INFERENCE_SERVICE), list)
            with pytest.raises(CompassError) as error:
                cluster.dry_run(monitor)
            found.append(str(error.value))
        return found

    with ThreadPoolExecutor(12) as pool:
        said = {text for texts in pool.map(turn, range(12)) for text in texts}
    assert said == {
        "The simulated cluster can't take this: it doesn't know monitoring.coreos.com/v1 PodMonitor."
    }


def test_what_is_installed_is_asked_for_by_one_request_and_remembered(
    counted: tuple[Cluster, FaultyProxy],
) -> None:
    cluster, proxy = counted
    proxy.arm("reset", lambda *_: False)
    for _ in range(20):
        assert cluster.monitors_pods() is False
    assert proxy.count == 1
    cluster.get("v1", "ServiceAccount", "nobody")
    assert proxy.count == 2


def test_what_is_installed_later_is_seen(
    counted: tuple[Cluster, FaultyProxy], without_pod_monitor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator within OFFERS_FOR_S, KServe with the next request."""
    cluster, _ = counted
    order_failure(without_pod_monitor, "no-kserve")
    assert cluster.monitors_pods() is False
    for _ in range(2):
        with pytest.raises(Refused, match="KServe isn't installed"):
            cluster.get(*INFERENCE_SERVICE, "nobody")
        with pytest.raises(Refused, match="KServe isn't installed"):
            cluster.list(*INFERENCE_SERVICE)
    heal(without_pod_monitor)
    assert cluster.get(*INFERENCE_SERVICE, "nobody") is None
    assert cluster.monitors_pods() is False
    monkeypatch.setattr("tools.clusters.connection.OFFERS_FOR_S", 0.0)
    assert cluster.monitors_pods() is True


def test_no_file_is_shared_between_processes(settings: Settings, cluster: Cluster) -> None:
    cluster.list(*INFERENCE_SERVICE)
    assert list(settings.home_dir.glob("discovery*")) == []


@pytest.mark.parametrize(
    "answer", ["", "[]", '{"kind": "Pod"', "<html>sign in</html>", '{"no": "kind"}', '"text"', "null"]
)
def test_an_answer_that_is_no_object_is_a_sentence(
    answer: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As something in between gives it, with status 200 and as JSON."""

    class Portal(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        (tmp_path / "kubeconfig").write_text(
            simulator_kubeconfig(f"http://127.0.0.1:{server.server_address[1]}")
        )
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        cluster = Cluster(settings.model_copy(update={"cluster": "context:simulated"}))
        for call in (
            lambda: cluster.get("v1", "Pod", "x"),
            lambda: cluster.list("v1", "Pod"),
            cluster.servers,
        ):
            with pytest.raises(
                CompassError,
                match=r"answered in a way that can't be read \((get Pod x|list Pod|list Node): \w+\)\.$",
            ):
                call()
        assert cluster.monitors_pods() is False
    finally:
        server.shutdown()
        server.server_close()


def test_a_simulator_that_cant_start_is_said_at_once_and_where_its_log_is(home: Path) -> None:
    (home / "simulator.db").write_text("no database" * 100)
    with pytest.raises(CompassError, match=r"didn't start \(exit code 1\)\. Its log is .*simulator\.log"):
        simulator_address(home)
