"""The cluster simulator answers as an API server does, where Compass uses it."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from simulator.cluster import add_nodes, application
from simulator.store import Store
from tests.tools.test_manifests import request as manifest_request
from tools.render_manifest import render_manifest

BUNDLE = render_manifest(manifest_request("openai/gpt-oss-20b", "H100", 1, 2, "simulator test"))
SERVICE: dict[str, Any] = yaml.safe_load(BUNDLE.files[1].content)
PATH = "/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices"
APPLY = {"Content-Type": "application/apply-patch+yaml"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "objects.json"


def started(file: Path, gpus: int = 4) -> TestClient:
    store = Store(file)
    if store.get("Namespace", "", "default") is None:
        store.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}, "test")
        add_nodes(store, {"H100": gpus, "L4": 0})
    return TestClient(application(store, time_scale=0.001)[0])


@pytest.fixture
def client(file: Path) -> Iterator[TestClient]:
    with started(file) as client:
        yield client


def apply(client: TestClient, document: dict[str, Any], manager: str = "compass", **query: str) -> Any:
    where = f"{PATH}/{document['metadata']['name']}?" + "&".join(f"{k}={v}" for k, v in {"fieldManager": manager, **query}.items())
    return client.patch(where, content=yaml.safe_dump(document), headers=APPLY)


def wait(client: TestClient, condition: str) -> dict[str, Any]:
    for _ in range(100):
        found: dict[str, Any] = client.get(f"{PATH}/{BUNDLE.name}").json()
        if any(c["type"] == "Ready" and c["status"] == condition for c in found.get("status", {}).get("conditions", [])):
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_apply_creates_once_and_changes_after(client: TestClient) -> None:
    first = apply(client, SERVICE)
    again = apply(client, SERVICE)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["metadata"]["uid"] == again.json()["metadata"]["uid"]
    assert first.json()["metadata"]["generation"] == again.json()["metadata"]["generation"] == 1
    changed = yaml.safe_load(yaml.safe_dump(SERVICE))
    changed["spec"]["predictor"]["minReplicas"] = 1
    assert apply(client, changed).json()["metadata"]["generation"] == 2


def test_a_service_becomes_ready_with_its_pods_and_a_url(client: TestClient) -> None:
    apply(client, SERVICE)
    service = wait(client, "True")
    assert service["status"]["url"].startswith("http://127.0.0.1:")
    pods = client.get("/api/v1/namespaces/default/pods?labelSelector=serving.kserve.io/inferenceservice=" + BUNDLE.name).json()["items"]
    assert len(pods) == 2
    assert {p["spec"]["nodeName"] for p in pods} == {"h100-1"}


def test_a_dry_run_keeps_nothing(client: TestClient) -> None:
    assert apply(client, SERVICE, dryRun="All").status_code == 201
    assert client.post(f"{PATH}?dryRun=All", json=SERVICE).status_code == 201
    assert client.get(f"{PATH}/{BUNDLE.name}").status_code == 404


def test_wrong_fields_are_answered_as_by_a_real_server(client: TestClient) -> None:
    typo = yaml.safe_load(yaml.safe_dump(SERVICE))
    typo["spec"]["predictor"]["minReplica"] = 1
    strict = client.post(f"{PATH}?fieldValidation=Strict", json=typo)
    assert (strict.status_code, strict.json()["reason"]) == (400, "BadRequest")
    assert 'unknown field "spec.predictor.minReplica"' in strict.json()["message"]
    assert apply(client, typo).status_code == 500
    assert "field not declared in schema" in apply(client, typo).json()["message"]
    wrong = yaml.safe_load(yaml.safe_dump(SERVICE))
    wrong["spec"]["predictor"]["minReplicas"] = "two"
    assert client.post(f"{PATH}?fieldValidation=Strict", json=wrong).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status", "reason"),
    [
        ("GET", f"{PATH}/none", 404, "NotFound"),
        ("DELETE", f"{PATH}/none", 404, "NotFound"),
        ("POST", PATH.replace("default", "nowhere"), 404, "NotFound"),
        ("POST", "/api/v1/namespaces/default/pods", 400, "BadRequest"),
    ],
)
def test_status_bodies(client: TestClient, method: str, path: str, status: int, reason: str) -> None:
    document = yaml.safe_load(yaml.safe_dump(SERVICE))
    document["metadata"].pop("namespace")
    answer = client.request(method, path, json=document if method == "POST" else None)
    assert (answer.status_code, answer.json()["kind"], answer.json()["reason"]) == (status, "Status", reason)


def test_creating_twice_and_a_foreign_manager_are_conflicts(client: TestClient) -> None:
    assert client.post(f"{PATH}?fieldManager=helm", json=SERVICE).status_code == 201
    assert client.post(PATH, json=SERVICE).json()["reason"] == "AlreadyExists"
    conflict = apply(client, SERVICE)
    assert (conflict.status_code, conflict.json()["reason"]) == (409, "Conflict")
    assert "helm" in conflict.json()["message"]


def test_too_few_gpus_leave_pods_pending_with_the_schedulers_words(client: TestClient) -> None:
    big = yaml.safe_load(yaml.safe_dump(SERVICE))
    big["spec"]["predictor"] |= {"minReplicas": 5, "maxReplicas": 5}
    apply(client, big)
    time.sleep(0.5)
    events = client.get("/api/v1/namespaces/default/events").json()["items"]
    failed = [e for e in events if e["reason"] == "FailedScheduling"]
    assert len(failed) == 1
    assert "Insufficient nvidia.com/gpu" in failed[0]["message"]
    assert wait(client, "False")["status"].get("url") is None


def test_deleting_takes_what_it_owned_along(client: TestClient) -> None:
    apply(client, SERVICE)
    wait(client, "True")
    assert client.delete(f"{PATH}/{BUNDLE.name}").status_code == 200
    time.sleep(0.3)
    assert client.get("/api/v1/namespaces/default/pods").json()["items"] == []
    assert client.get("/apis/apps/v1/namespaces/default/deployments").json()["items"] == []


def test_a_restart_finds_the_same_objects_and_serves_again(file: Path) -> None:
    with started(file) as client:
        uid = apply(client, SERVICE).json()["metadata"]["uid"]
        wait(client, "True")
    with started(file) as client:
        service = wait(client, "True")
        assert service["metadata"]["uid"] == uid
        import httpx

        for _ in range(100):
            try:
                assert httpx.get(service["status"]["url"] + "/v1/models", trust_env=False).json()["data"][0]["id"] == "openai/gpt-oss-20b"
                break
            except httpx.HTTPError:
                time.sleep(0.05)
                service = wait(client, "True")
        else:
            raise AssertionError("it doesn't serve again")
