"""kubectl against the cluster, as a person types it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.conftest import Object
from tests.pace import patient, until
from tools.yaml_text import as_yaml

KUBECTL = shutil.which("kubectl")
Run = Callable[..., subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="there is no kubectl on this machine")


@pytest.fixture
def kubectl(kubeconfig: Path, namespace: str, tmp_path: Path) -> Run:
    def run(*arguments: str, expect: int = 0, text: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [
            str(KUBECTL),
            "--kubeconfig",
            str(kubeconfig),
            "--cache-dir",
            str(tmp_path / "cache"),
            "-n",
            namespace,
            *arguments,
        ]
        found = subprocess.run(command, input=text, capture_output=True, text=True, timeout=patient(60))
        assert found.returncode == expect, (arguments, found.stdout, found.stderr)
        return found

    return run


@pytest.fixture
def manifest(service: Object, tmp_path: Path) -> str:
    file = tmp_path / "service.yaml"
    file.write_text(as_yaml(service))
    return str(file)


def test_get_prints_the_columns_of_each_kind(kubectl: Run, manifest: str, service: Object) -> None:
    kubectl("apply", "--server-side", "-f", manifest)
    printed = kubectl("get", "nodes,isvc").stdout
    assert "NAME" in printed
    assert "inferenceservice.serving.kserve.io/" + service["metadata"]["name"] in printed
    assert "URL" in printed
    assert "READY" in printed
    assert (
        json.loads(kubectl("get", "isvc", service["metadata"]["name"], "-o", "json").stdout)["kind"]
        == "InferenceService"
    )
    missing = kubectl("get", "isvc", "nothing", expect=1)
    assert 'inferenceservices.serving.kserve.io "nothing" not found' in missing.stderr


def test_a_dry_run_keeps_nothing(kubectl: Run, manifest: str) -> None:
    printed = kubectl("apply", "--server-side", "--dry-run=server", "-f", manifest).stdout
    assert "serverside-applied (server dry run)" in printed
    assert "No resources found" in kubectl("get", "isvc").stderr


def test_diff_shows_what_apply_would_change(kubectl: Run, manifest: str, service: Object) -> None:
    assert "+kind: InferenceService" in kubectl("diff", "--server-side", "-f", manifest, expect=1).stdout
    kubectl("apply", "--server-side", "-f", manifest)
    kubectl("diff", "--server-side", "-f", manifest)
    service["spec"]["predictor"]["minReplicas"] = 1
    changed = kubectl("diff", "--server-side", "-f", "-", expect=1, text=as_yaml(service)).stdout
    assert "-    minReplicas: 2" in changed
    assert "+    minReplicas: 1" in changed


def test_apply_from_the_client_side_works_too(kubectl: Run, manifest: str, service: Object) -> None:
    assert "created" in kubectl("apply", "-f", manifest).stdout
    assert "unchanged" in kubectl("apply", "-f", manifest).stdout
    service["spec"]["predictor"]["minReplicas"] = 1
    assert "configured" in kubectl("apply", "-f", "-", text=as_yaml(service)).stdout


def test_a_typo_is_refused(kubectl: Run, service: Object) -> None:
    service["spec"]["predictor"]["minReplica"] = 1
    refused = kubectl("apply", "-f", "-", text=as_yaml(service), expect=1)
    assert 'unknown field "spec.predictor.minReplica"' in refused.stderr


def test_somebody_elses_field_is_a_conflict(kubectl: Run, manifest: str, service: Object) -> None:
    kubectl("apply", "--server-side", "--field-manager=argocd-controller", "-f", manifest)
    service["spec"]["predictor"]["minReplicas"] = 1
    refused = kubectl("apply", "--server-side", "-f", "-", text=as_yaml(service), expect=1)
    assert 'conflict with "argocd-controller"' in refused.stderr
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=as_yaml(service))


def test_describe_shows_the_object_and_its_events(kubectl: Run, manifest: str, service: Object) -> None:
    kubectl("apply", "--server-side", "-f", manifest)
    described = kubectl("describe", "isvc", service["metadata"]["name"]).stdout
    assert "Storage Uri:" in described
    assert "Events:" in described


def test_delete_waits_until_it_is_gone(kubectl: Run, manifest: str) -> None:
    kubectl("apply", "--server-side", "-f", manifest)
    assert "deleted" in kubectl("delete", "-f", manifest).stdout
    assert "not found" in kubectl("delete", "-f", manifest, expect=1).stderr


def test_labels_patches_and_waits(kubectl: Run, manifest: str, service: Object) -> None:
    name = service["metadata"]["name"]
    kubectl("apply", "--server-side", "-f", manifest)
    kubectl("label", "isvc", name, "tier=gold")
    kubectl("patch", "isvc", name, "--type=merge", "-p", '{"spec":{"predictor":{"minReplicas":1}}}')
    assert (
        kubectl(
            "get", "isvc", "-l", "tier=gold", "-o", "jsonpath={.items[*].spec.predictor.minReplicas}"
        ).stdout
        == "1"
    )
    kubectl("wait", "--for=delete", "isvc/nothing", f"--timeout={patient(5):.0f}s")


@pytest.mark.usefixtures("_pods_run")
def test_pods_their_logs_and_their_descriptions(kubectl: Run, manifest: str, service: Object) -> None:
    name = service["metadata"]["name"]
    kubectl("apply", "--server-side", "-f", manifest)
    kubectl("wait", "--for=condition=Ready", f"isvc/{name}", f"--timeout={patient(30):.0f}s")
    pods = kubectl(
        "get", "pods", "-l", f"serving.kserve.io/inferenceservice={name}", "-o", "name"
    ).stdout.split()
    assert len(pods) == 2
    assert "1/1     Running" in kubectl("get", "pods").stdout
    assert "Application startup complete" in kubectl("logs", pods[0]).stdout
    assert "openai/gpt-oss-20b" in kubectl("logs", pods[0], "-c", "storage-initializer").stdout
    described = kubectl("describe", pods[0]).stdout
    assert "Successfully assigned" in described
    assert "h100-" in described
    node = next(line.split()[1] for line in described.splitlines() if line.startswith("Node:"))
    assert pods[0].removeprefix("pod/") in kubectl("describe", "node", node.split("/")[0]).stdout
    refused = kubectl("logs", pods[0], "-c", "nothing", expect=1)
    assert "container nothing is not valid for pod" in refused.stderr


@pytest.mark.usefixtures("_pods_run")
def test_watch_streams_the_changes(
    kubectl: Run, kubeconfig: Path, namespace: str, manifest: str, tmp_path: Path
) -> None:
    told, requests = tmp_path / "told", tmp_path / "requests"
    command = [str(KUBECTL), "--kubeconfig", str(kubeconfig), "-n", namespace, "get", "pods", "--watch"]
    with told.open("w") as out, requests.open("w") as err:
        watcher = subprocess.Popen([*command, "--no-headers", "-v=6"], stdout=out, stderr=err)
    try:
        until(lambda: "watch=true" in requests.read_text(), why=requests.read_text)  # it lists first
        kubectl("apply", "--server-side", "-f", manifest)
        until(lambda: "Running" in told.read_text(), why=told.read_text)
    finally:
        watcher.terminate()
        watcher.wait()
    states = [line.split()[2] for line in told.read_text().splitlines()]
    assert states[-1] == "Running"
    assert "ContainerCreating" in states
