"""The connection to a cluster: what it does when the server no longer lets it in."""

from pathlib import Path

import pytest

from knowledge.settings import Settings
from tests.tools.faulty import faulty_proxy
from tools.clusters.cluster import Cluster
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
