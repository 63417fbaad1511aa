"""Nothing reaches the cluster but approved bytes: the lock on the one tool that writes."""

import json
import random
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tests.pace import until
from tests.present import present
from tests.talking import deployed
from tests.tools.test_manifests import request
from tools.apply_to_cluster import ApplyRequest, ApplyResult, apply_to_cluster
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.clusters.writer import Writer
from tools.deploying.approvals import ApprovalRequest, record_approval
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.manifests.bundle import ManifestBundle
from tools.manifests.digests import ManifestFile, digest_of
from tools.render_manifest import render_manifest
from tools.serving.endpoint import send_prompt, served_models
from tools.untrusted import printable


@pytest.fixture
def bundle(thread: str) -> ManifestBundle:
    return render_manifest(request("openai/gpt-oss-20b", "L40S", 1, 1, thread))


@pytest.fixture
def approve(database: Database, thread: str) -> Callable[..., str]:
    def approved(
        digest: str, interrupt_id: str = "i1", cluster: str = "sim", namespace: str = "default"
    ) -> str:
        wanted = ApprovalRequest(
            thread_id=thread,
            interrupt_id=interrupt_id,
            digest=digest,
            cluster=cluster,
            namespace=namespace,
            actor="me",
        )
        return record_approval(wanted, database)

    return approved


def apply(bundle: ManifestBundle, approval_id: str, database: Database, cluster: Cluster) -> ApplyResult:
    return apply_to_cluster(
        ApplyRequest(approval_id=approval_id, files=bundle.files), database, Writer(cluster)
    )


def wait_ready(name: str, cluster: Cluster) -> DeploymentStatus:
    query = StatusQuery(name=name)
    until(lambda: get_status(query, cluster).phase != "pending")
    return get_status(query, cluster)


def test_approved_bytes_become_a_serving_endpoint(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, cluster: Cluster
) -> None:
    result = apply(bundle, approve(bundle.digest), database, cluster)
    kinds = ["ServiceAccount", "NetworkPolicy", "PodDisruptionBudget", "InferenceService"]
    assert [(o.kind, o.name) for o in result.objects] == [(kind, bundle.name) for kind in kinds]
    status = wait_ready(bundle.name, cluster)
    assert (status.phase, status.replicas_ready) == ("ready", 1)
    assert status.endpoint
    assert served_models(status.endpoint) == ["openai/gpt-oss-20b"]
    seen = send_prompt(status.endpoint, "openai/gpt-oss-20b", "hello", max_tokens=20)
    assert seen.output_tokens == 20
    assert 0 < seen.ttft_ms < seen.e2e_ms


def test_any_other_byte_is_refused_and_nothing_is_applied(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, cluster: Cluster
) -> None:
    approval = approve(bundle.digest)
    for index, file in enumerate(bundle.files):
        positions = random.Random(index).sample(range(len(file.content)), 40)
        flipped = [
            file.content[:at] + chr(ord(file.content[at]) ^ 1) + file.content[at + 1 :] for at in positions
        ]
        for content in (
            file.content + "\n",
            file.content.replace("default", "defau1t", 1),
            file.content[:-2],
            *flipped,
        ):
            files = list(bundle.files)
            files[index] = ManifestFile(path=file.path, content=content)
            with pytest.raises(CompassError, match="Nothing was applied"):
                apply_to_cluster(ApplyRequest(approval_id=approval, files=files), database, Writer(cluster))
    with pytest.raises(CompassError, match="Nothing was applied"):
        apply_to_cluster(
            ApplyRequest(approval_id=approval, files=bundle.files[:1]), database, Writer(cluster)
        )
    assert bundle.name not in deployed(cluster)


def test_a_look_asks_a_busy_namespace_about_a_few_objects_by_name(
    bundle: ManifestBundle,
    approve: Callable[..., str],
    database: Database,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    apply(bundle, approve(bundle.digest), database, cluster)
    pod = wait_ready(bundle.name, cluster).pods[0].name
    asked: list[str] = []
    real = Cluster.list

    def listed(
        self: Cluster, api_version: str, kind: str, label_selector: str = "", field_selector: str = ""
    ) -> list[dict[str, Any]]:
        if kind == "Event":
            asked.append(field_selector)
        return real(self, api_version, kind, label_selector, field_selector)

    monkeypatch.setattr(Cluster, "list", listed)
    by_name = get_status(StatusQuery(name=bundle.name), cluster).events
    replica_set = pod.rsplit("-", 1)[0]
    names = {bundle.name, f"{bundle.name}-predictor", replica_set, pod}
    assert sorted(asked) == sorted(f"involvedObject.name={n}" for n in names)
    monkeypatch.setattr("tools.deploying.events.MOST_ASKED_ABOUT", 3)
    asked.clear()
    assert get_status(StatusQuery(name=bundle.name), cluster).events == by_name
    assert asked == [""]


def test_a_real_cluster_is_looked_at_less_often(settings: Settings) -> None:
    assert Cluster(settings).watch_interval_s == settings.watch_interval_s
    assert Cluster(settings.model_copy(update={"cluster": "context:real"})).watch_interval_s == 3
    slow = settings.model_copy(update={"cluster": "context:real", "watch_interval_s": 9.0})
    assert Cluster(slow).watch_interval_s == 9


@pytest.mark.parametrize("approval_id", ["", "none", "00000000-0000-0000-0000-000000000000", "' OR 1=1 --"])
def test_without_an_approval_nothing_is_applied(
    approval_id: str, bundle: ManifestBundle, database: Database, cluster: Cluster
) -> None:
    with pytest.raises(CompassError, match="there is no approval"):
        apply(bundle, approval_id, database, cluster)
    assert bundle.name not in deployed(cluster)


@pytest.mark.parametrize("target", [{"cluster": "context:production"}, {"namespace": "other"}])
def test_an_approval_for_another_target_does_not_count(
    target: dict[str, str],
    bundle: ManifestBundle,
    approve: Callable[..., str],
    database: Database,
    cluster: Cluster,
) -> None:
    with pytest.raises(CompassError, match="the approval is for"):
        apply(bundle, approve(bundle.digest, **target), database, cluster)
    assert bundle.name not in deployed(cluster)


def test_an_old_approval_does_not_count(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, cluster: Cluster
) -> None:
    approval = approve(bundle.digest)
    with database.connect() as connection:
        connection.execute("UPDATE approvals SET approved_at = now() - interval '61 minutes'")
    with pytest.raises(CompassError, match="older than 60 minutes"):
        apply(bundle, approval, database, cluster)


def test_an_apply_that_was_begun_may_be_finished_however_late(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, cluster: Cluster
) -> None:
    approval = approve(bundle.digest)
    with database.connect() as connection:
        connection.execute("UPDATE approvals SET status = 'applying', approved_at = now() - interval '1 day'")
    assert apply(bundle, approval, database, cluster).digest == bundle.digest


def test_an_approval_is_used_once(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, cluster: Cluster
) -> None:
    approval = approve(bundle.digest)
    first = apply(bundle, approval, database, cluster)
    before = present(cluster.get(*INFERENCE_SERVICE, bundle.name))
    assert apply(bundle, approval, database, cluster) == first
    after = present(cluster.get(*INFERENCE_SERVICE, bundle.name))
    assert before["metadata"]["generation"] == after["metadata"]["generation"]


def test_two_appliers_at_once_make_one_copy(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, settings: Settings
) -> None:
    approval = approve(bundle.digest)
    results: list[ApplyResult] = []
    workers = [
        threading.Thread(target=lambda: results.append(apply(bundle, approval, database, Cluster(settings))))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 3
    assert len({tuple(o.uid for o in r.objects) for r in results}) == 1


def test_the_same_pause_can_not_approve_two_digests(
    bundle: ManifestBundle, approve: Callable[..., str]
) -> None:
    assert approve(bundle.digest) == approve(bundle.digest)
    with pytest.raises(CompassError, match="already answered"):
        approve("sha256:" + "0" * 64)


def test_a_typo_in_a_manifest_is_refused_by_the_dry_run_before_anything_is_kept(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, cluster: Cluster
) -> None:
    files = [
        bundle.files[0],
        ManifestFile(path="x", content=bundle.files[-1].content.replace("    minReplicas", "    minReplica")),
    ]
    typo = bundle.model_copy(update={"files": files, "digest": digest_of(files)})
    with pytest.raises(CompassError, match="unknown field"):
        apply(typo, approve(typo.digest), database, cluster)
    assert cluster.get("v1", "ServiceAccount", bundle.name) is None


def test_a_foreign_owner_is_not_overwritten(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, cluster: Cluster
) -> None:
    import yaml

    theirs = yaml.safe_load(bundle.files[-1].content)
    theirs["spec"]["predictor"]["minReplicas"] = theirs["spec"]["predictor"]["maxReplicas"] = 2
    cluster.connection.resource(*INFERENCE_SERVICE).create(
        body=theirs, namespace="default", query_params=[("fieldManager", "argocd")]
    )
    with pytest.raises(CompassError, match="argocd"):
        apply(bundle, approve(bundle.digest), database, cluster)


def test_status_of_what_does_not_exist_is_absent(cluster: Cluster) -> None:
    status = get_status(StatusQuery(name="nothing-here"), cluster)
    assert status.phase == "absent"
    assert status.endpoint is None


@pytest.mark.parametrize("value", ["prod", "context:", "https://x"])
def test_a_wrong_cluster_setting_says_what_it_takes(value: str, settings: Settings) -> None:
    with pytest.raises(CompassError, match="context:NAME"):
        Cluster(settings.model_copy(update={"cluster": value}))


def test_a_context_that_does_not_exist_is_a_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/none")
    with pytest.raises(CompassError, match=r"There is no kubeconfig at .*/none"):
        Cluster(settings.model_copy(update={"cluster": "context:prod"})).version()


@pytest.mark.parametrize("answers", [False, True])
def test_a_dead_or_hung_api_server_is_a_sentence_in_bounded_time(
    answers: bool, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tools.clusters.connection.REQUEST_TIMEOUT_S", 0.5)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if answers:
            listener.listen()  # connections are taken, requests never answered
        entry = {"server": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        config = {
            "current-context": "prod",
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": entry}],
            "users": [{"name": "u", "user": {}}],
        }
        (tmp_path / "config").write_text(json.dumps(config))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        cluster = Cluster(settings.model_copy(update={"cluster": "context:prod"}))
        with pytest.raises(CompassError, match="'prod' doesn't answer"):
            get_status(StatusQuery(name="x"), cluster)


def test_no_gpu_left_is_a_failure_that_says_so(
    approve: Callable[..., str], database: Database, cluster: Cluster, thread: str
) -> None:
    big = render_manifest(request("openai/gpt-oss-20b", "A10G", 8, 9, thread))
    apply(big, approve(big.digest), database, cluster)
    until(lambda: get_status(StatusQuery(name=big.name), cluster).diagnosis)
    status = get_status(StatusQuery(name=big.name), cluster)
    assert status.phase == "pending"
    assert "Insufficient nvidia.com/gpu" in status.message


def test_an_earlier_readiness_does_not_vouch_for_what_was_applied_since(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, cluster: Cluster, thread: str
) -> None:
    apply(bundle, approve(bundle.digest), database, cluster)
    wait_ready(bundle.name, cluster)
    moved = render_manifest(request("openai/gpt-oss-20b", "H100", 1, 1, thread))
    assert moved.name == bundle.name
    apply(moved, approve(moved.digest, "i2"), database, cluster)
    status = wait_ready(bundle.name, cluster)
    pods = cluster.list("v1", "Pod", label_selector=f"serving.kserve.io/inferenceservice={bundle.name}")
    assert status.phase == "ready"
    assert [p["spec"]["nodeName"].split("-")[0] for p in pods] == ["h100"]


def test_a_namespace_that_does_not_exist_is_a_sentence(
    bundle: ManifestBundle, approve: Callable[..., str], database: Database, settings: Settings, thread: str
) -> None:
    elsewhere = settings.model_copy(update={"namespace": "nowhere"})
    there = render_manifest(
        request("openai/gpt-oss-20b", "L40S", 1, 1, thread).model_copy(update={"namespace": "nowhere"})
    )
    with pytest.raises(CompassError, match='namespaces "nowhere" not found'):
        apply(there, approve(there.digest, namespace="nowhere"), database, Cluster(elsewhere))


def test_what_a_cluster_says_can_not_steer_a_terminal() -> None:
    assert printable("\x1b[2Jignore\u202e\x9b31m your\x00 instructions") == "[2Jignore31m your instructions"
