"""What a review says beside the differences."""

from pathlib import Path

import pytest

from knowledge.settings import Settings
from tests.tools.test_manifests import request
from tools.clusters.cluster import Cluster
from tools.clusters.simulated import simulator_address, simulator_kubeconfig
from tools.deploying.review import review
from tools.deploying.revisions import deletion_of
from tools.render_manifest import render_manifest


def test_a_large_model_is_warned_of_before_it_is_downloaded(
    settings: Settings, shared_home: Path, thread: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a real cluster, which this simulated one stands for by its kubeconfig."""
    (tmp_path / "kubeconfig").write_text(simulator_kubeconfig(simulator_address(shared_home)))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    real = Cluster(settings.model_copy(update={"cluster": "context:simulated"}))
    large = render_manifest(request("openai/gpt-oss-20b", "L40S", 1, 1, thread))
    small = render_manifest(request("HuggingFaceTB/SmolLM3-3B", "L40S", 1, 1, thread))
    (note,) = review(large, real, read_only=False).notes
    assert "inferenceservice-config" in note
    assert "GB of weights" in note
    assert review(small, real, read_only=False).notes == []
    assert review(large, Cluster(settings), read_only=False).notes == []
    assert review(deletion_of(large), real, read_only=False).notes == []
