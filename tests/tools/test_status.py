"""What the status of a deployment says while something outside our hands holds it up."""

from datetime import UTC, datetime, timedelta

import pytest
import yaml

from simulator.cluster.control import heal, order_failure
from simulator.cluster.orders import Failure
from tests.pace import until
from tests.tools.test_manifests import request
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.deploying.causes import Failure as Cause
from tools.deploying.rollout import doing
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.manifests.annotations import PREDICTED
from tools.manifests.bundle import ManifestBundle
from tools.render_manifest import render_manifest


@pytest.fixture
def bundle(thread: str) -> ManifestBundle:
    return render_manifest(request("openai/gpt-oss-20b", "L40S", 1, 1, thread))


def create(bundle: ManifestBundle, cluster: Cluster, finalizers: list[str] | None = None) -> None:
    document = yaml.safe_load(bundle.files[-1].content)
    document["metadata"]["finalizers"] = finalizers or []
    cluster.connection.resource(*INFERENCE_SERVICE).create(body=document, namespace="default")


def status_of(bundle: ManifestBundle, cluster: Cluster) -> DeploymentStatus:
    return get_status(StatusQuery(name=bundle.name, metrics=False), cluster)


def test_a_deletion_that_a_finalizer_holds_up_is_not_called_ready(
    bundle: ManifestBundle, cluster: Cluster
) -> None:
    create(bundle, cluster, ["example.org/audit"])
    until(lambda: status_of(bundle, cluster).phase == "ready")
    services = cluster.connection.resource(*INFERENCE_SERVICE)
    services.delete(name=bundle.name, namespace="default")
    status = status_of(bundle, cluster)
    assert status.phase == "pending"
    assert "It is being deleted since 20" in status.message
    assert "finalizer example.org/audit" in status.message
    assert status.endpoint is None
    patch = {"metadata": {"finalizers": None}}
    services.patch(
        name=bundle.name, namespace="default", body=patch, content_type="application/merge-patch+json"
    )
    until(lambda: status_of(bundle, cluster).phase == "absent")


def test_a_plan_that_cant_be_read_is_said_and_not_taken_for_none(
    bundle: ManifestBundle, cluster: Cluster
) -> None:
    create(bundle, cluster)
    until(lambda: status_of(bundle, cluster).phase == "ready")
    assert "planned" not in status_of(bundle, cluster).message
    cluster.connection.resource(*INFERENCE_SERVICE).patch(
        name=bundle.name,
        namespace="default",
        body={"metadata": {"annotations": {PREDICTED: "{}"}}},
        content_type="application/merge-patch+json",
    )
    status = status_of(bundle, cluster)
    assert "What was planned of it can't be read" in status.message
    assert status.cost_usd_per_month is None


@pytest.mark.parametrize(
    ("order", "cause", "words"),
    [
        ("init-oom", "out_of_memory", "limit of 1Gi"),
        ("disk-full", "disk_full", "model-00002-of-00004"),
        ("config-error", "configuration", "proxy-settings"),
        ("evicted", "disk_full", "low on resource: ephemeral-storage"),
        ("kv-cache", "gpu_out_of_memory", "larger than the available KV cache memory (0.54 GiB)"),
        ("crash", "crash", "Failed to find C compiler"),
        ("oom", "out_of_memory", "OOMKilled"),
        ("unauthorized", "hub_refused", "gated repo"),
    ],
)
def test_each_failure_of_a_rollout_is_told_by_its_cause_over_the_wire(
    order: Failure, cause: Cause, words: str, bundle: ManifestBundle, cluster: Cluster, simulator: str
) -> None:
    order_failure(simulator, order, f"{bundle.name}*")
    create(bundle, cluster)
    diagnosis = until(lambda: status_of(bundle, cluster).diagnosis)
    assert diagnosis.failure == cause, diagnosis
    assert words in diagnosis.cause
    heal(simulator)
    until(lambda: status_of(bundle, cluster).phase == "ready")


def test_an_eviction_is_said_while_another_pod_takes_its_place(
    bundle: ManifestBundle, cluster: Cluster, simulator: str
) -> None:
    order_failure(simulator, "evicted", f"{bundle.name}*")
    create(bundle, cluster)
    seen = until(
        lambda: next(
            (s for s in [status_of(bundle, cluster)] if "Evicted" in {p.state for p in s.pods}), None
        )
    )
    assert "ephemeral-storage" in seen.message
    assert "Stopping" not in seen.message


@pytest.mark.parametrize(
    ("minutes", "said"), [(1, "downloading the model"), (12, "downloading the model for 12 min already")]
)
def test_a_long_download_is_said_to_be_long(minutes: int, said: str) -> None:
    began = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    running = [{"name": "storage-initializer", "state": {"running": {"startedAt": began}}}]
    assert doing({"spec": {"nodeName": "n"}, "status": {"initContainerStatuses": running}}) == said
