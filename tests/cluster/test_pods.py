"""What the simulated cluster does by itself: scheduling, loading, rolling updates,
quotas, and each way it can fail.
"""

import copy
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from kubernetes.dynamic import DynamicClient

from simulator.cluster.orders import FAILURES, NAMESPACE
from tests import web
from tests.cluster.conftest import Object
from tests.cluster.test_api import KSERVE, Kind, status_of
from tests.pace import until
from tools.clusters.simulated import simulator_address

pytestmark = pytest.mark.usefixtures("_pods_run")


class Watched:
    """A namespace with one InferenceService."""

    def __init__(self, client: DynamicClient, namespace: str, service: Object) -> None:
        self.services = Kind(client, KSERVE, "InferenceService", namespace)
        self.pods = Kind(client, "v1", "Pod", namespace)
        self.events = Kind(client, "v1", "Event", namespace)
        self.deployments = Kind(client, "apps/v1", "Deployment", namespace)
        self.client = client
        self.namespace = namespace
        self.service = service
        self.name: str = service["metadata"]["name"]

    def all_pods(self) -> list[Object]:
        return list(self.pods.resource.get(namespace=self.namespace).to_dict()["items"])

    def live(self) -> Object:
        return self.services.get(self.name)

    def ready(self) -> bool:
        return any(
            c["type"] == "Ready" and c["status"] == "True"
            for c in (self.live().get("status") or {}).get("conditions") or []
        )

    def told(self, reason: str) -> list[str]:
        found = self.events.resource.get(namespace=self.namespace).to_dict()["items"]
        return [e["message"] for e in found if e["reason"] == reason]


@pytest.fixture
def watched(client: DynamicClient, namespace: str, service: Object) -> Watched:
    return Watched(client, namespace, service)


def order(client: DynamicClient, failure: str, pattern: str) -> None:
    """Add to the failures that the simulator was told of."""
    maps = Kind(client, "v1", "ConfigMap", NAMESPACE)
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "failures"},
        "data": {failure: pattern},
    }
    maps.apply(body, manager=f"test-{pattern}", force_conflicts=True)


def heal(client: DynamicClient, pattern: str) -> None:
    maps = Kind(client, "v1", "ConfigMap", NAMESPACE)
    maps.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "failures"}}, manager=f"test-{pattern}"
    )


def test_a_service_becomes_ready_and_answers(watched: Watched) -> None:
    watched.services.apply(watched.service)
    until(watched.ready)
    status = watched.live()["status"]
    assert status["modelStatus"]["transitionStatus"] == "UpToDate"
    assert status["observedGeneration"] == watched.live()["metadata"]["generation"]
    assert web.get(status["url"] + "/v1/models").json()["data"][0]["id"] == "openai/gpt-oss-20b"
    pods = watched.all_pods()
    assert len(pods) == 2
    assert all(p["spec"]["nodeName"].startswith("h100-") for p in pods)
    owner = watched.deployments.get(f"{watched.name}-predictor")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"]) == ("InferenceService", watched.name)


def test_the_typed_client_can_read_everything(client: DynamicClient, watched: Watched) -> None:
    from kubernetes.client import AppsV1Api, CoreV1Api

    watched.services.apply(watched.service)
    until(watched.ready)
    core = CoreV1Api(client.client)
    pods = [p.status for p in core.list_namespaced_pod(watched.namespace).items]
    assert [s.ready for p in pods if p for s in p.container_statuses or []] == [True, True]
    assert core.list_node().items
    assert core.list_namespaced_event(watched.namespace).items
    status = AppsV1Api(client.client).list_namespaced_deployment(watched.namespace).items[0].status
    assert status
    assert status.ready_replicas == 2


def test_a_change_rolls_through_without_more_pods_than_allowed(watched: Watched) -> None:
    service = copy.deepcopy(watched.service)
    service["spec"]["predictor"]["deploymentStrategy"] = {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
    }
    watched.services.apply(service)
    until(watched.ready)
    before = {p["metadata"]["name"] for p in watched.all_pods()}
    service["spec"]["predictor"]["model"]["args"].append("--max-num-seqs=64")
    watched.services.apply(service)

    def rolled() -> bool:
        pods = watched.all_pods()
        assert len(pods) <= 2
        names = {p["metadata"]["name"] for p in pods}
        deployment = watched.deployments.get(f"{watched.name}-predictor")
        return not names & before and deployment["status"]["availableReplicas"] == 2

    until(rolled)


def test_fewer_replicas_free_their_gpus(watched: Watched) -> None:
    watched.services.apply(watched.service)
    until(watched.ready)
    watched.service["spec"]["predictor"] |= {"minReplicas": 1, "maxReplicas": 1}
    watched.services.apply(watched.service)
    until(lambda: len(watched.all_pods()) == 1)


def test_too_few_gpus_leave_pods_pending_in_the_schedulers_words(watched: Watched) -> None:
    limits = watched.service["spec"]["predictor"]["model"]["resources"]
    limits["limits"]["nvidia.com/gpu"] = limits["requests"]["nvidia.com/gpu"] = "16"
    watched.services.apply(watched.service)
    message = until(lambda: watched.told("FailedScheduling"))[0]
    assert "Insufficient nvidia.com/gpu" in message
    assert "untolerated taint" in message or "node affinity" in message
    assert not watched.ready()


def test_what_is_deleted_takes_what_it_owned_along(watched: Watched) -> None:
    watched.services.apply(watched.service)
    until(watched.ready)
    watched.services.delete(watched.name)
    until(lambda: not watched.all_pods())
    assert watched.deployments.names() == []


def test_a_quota_of_the_namespace_holds(client: DynamicClient, watched: Watched) -> None:
    quotas = Kind(client, "v1", "ResourceQuota", watched.namespace)
    spec = {"hard": {"requests.nvidia.com/gpu": "1"}}
    quotas.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus"}, "spec": spec})
    watched.services.apply(watched.service)
    message = until(lambda: watched.told("FailedCreate"))[0]
    assert (
        "exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=1"
        in message
    )
    assert len(watched.all_pods()) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"maxReplicas": 1}, "MinReplicas cannot be greater than MaxReplicas"),
        ({"containers": [{"name": "kserve-container", "image": "x:1"}]}, "exactly one of"),
    ],
)
def test_the_webhook_refuses_what_the_schema_allows(watched: Watched, change: Object, why: str) -> None:
    from kubernetes.dynamic.exceptions import DynamicApiError

    watched.service["spec"]["predictor"] |= change
    with pytest.raises(DynamicApiError) as error:
        watched.services.create(watched.service, dryRun="All")
    assert error.value.status == 403
    assert "admission webhook" in str(error.value.body)
    assert why in str(error.value.body)


SIGNS: dict[str, tuple[str, str]] = {
    "image-pull": ("Failed", "not found"),
    "unauthorized": ("BackOff", "storage-initializer"),
    "oom": ("BackOff", "kserve-container"),
    "disk-full": ("BackOff", "storage-initializer"),
    "init-oom": ("BackOff", "storage-initializer"),
    "config-error": ("Failed", "configmap"),
    "evicted": ("Evicted", "low on resource: ephemeral-storage"),
    "kv-cache": ("BackOff", "kserve-container"),
    "crash": ("BackOff", "kserve-container"),
    "slow-start": ("Unhealthy", "Startup probe failed"),
    "quota": ("FailedCreate", "exceeded quota"),
    "no-gpus": ("FailedScheduling", "Insufficient nvidia.com/gpu"),
}


@pytest.mark.parametrize("failure", sorted(SIGNS))
def test_a_failure_on_request_shows_its_signs_and_heals(
    client: DynamicClient, watched: Watched, failure: str
) -> None:
    reason, words = SIGNS[failure]
    pattern = f"{watched.name}*"
    order(client, failure, pattern)
    try:
        watched.services.apply(watched.service)
        assert any(words in message for message in until(lambda: watched.told(reason)))
        assert not watched.ready()
    finally:
        heal(client, pattern)
    until(watched.ready)


def test_failures_of_the_api_on_request(client: DynamicClient, watched: Watched) -> None:
    from kubernetes.dynamic.exceptions import DynamicApiError

    for failure, status, words in (
        ("rbac", 403, 'User "compass" cannot'),
        ("webhook", 403, "denied the request"),
    ):
        order(client, failure, watched.name)
        with pytest.raises(DynamicApiError) as error:
            watched.services.apply(watched.service)
        heal(client, watched.name)
        assert error.value.status == status
        assert words in status_of(error)["message"]
    assert {*SIGNS, "rbac", "webhook", "pod-monitor", "no-kserve"} == set(FAILURES)


def test_a_model_that_does_not_fit_its_gpu_crashes_in_torchs_words(
    client: DynamicClient, watched: Watched
) -> None:
    watched.service["spec"]["predictor"]["model"]["storageUri"] = (
        "hf://RedHatAI/Meta-Llama-3.1-405B-Instruct-FP8-dynamic"
    )
    watched.services.apply(watched.service)
    pod = until(lambda: next((p for p in watched.all_pods() if restarts(p)), None))
    from kubernetes.client import CoreV1Api

    core, name = CoreV1Api(client.client), pod["metadata"]["name"]
    logs = [
        core.read_namespaced_pod_log(name, watched.namespace, previous=previous) for previous in (False, True)
    ]
    assert any("torch.OutOfMemoryError: CUDA out of memory" in log for log in logs)


def test_a_missing_secret_is_a_configuration_error(watched: Watched) -> None:
    entry = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "not-there", "key": "HF_TOKEN"}}}
    watched.service["spec"]["predictor"]["model"]["env"] = [entry]
    watched.services.apply(watched.service)
    assert 'secret "not-there" not found' in until(lambda: watched.told("Failed"))[0]


def test_a_gated_model_needs_the_token_of_its_service_account(
    client: DynamicClient, watched: Watched
) -> None:
    """A token in the model's own environment doesn't help: the container that downloads isn't shown that."""
    predictor = watched.service["spec"]["predictor"]
    token = {"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf-token", "key": "HF_TOKEN"}}}
    predictor["model"] |= {"storageUri": "hf://meta-llama/Llama-3.1-8B-Instruct", "env": [token]}
    predictor["serviceAccountName"] = watched.name
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "hf-token"},
        "data": {"HF_TOKEN": "c2ltdWxhdGVk"},
    }
    Kind(client, "v1", "Secret", watched.namespace).create(secret)
    accounts = Kind(client, "v1", "ServiceAccount", watched.namespace)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": watched.name}}
    accounts.apply(account)
    watched.services.apply(watched.service)
    pod = until(
        lambda: next(
            (p for p in watched.all_pods() if "lastState" in str(p["status"].get("initContainerStatuses"))),
            None,
        )
    )
    ended = pod["status"]["initContainerStatuses"][0]["lastState"]["terminated"]
    assert "401 Client Error. Cannot access gated repo" in ended["message"]
    accounts.apply(account | {"secrets": [{"name": "hf-token"}]})
    for found in watched.all_pods():  # only new pods are given it
        watched.pods.delete(found["metadata"]["name"])
    until(watched.ready)


def restarts(pod: Object) -> int:
    statuses = [*((pod.get("status") or {}).get("containerStatuses") or [])]
    return sum(int(s["restartCount"]) for s in statuses)


def test_a_restart_finds_the_same_objects_and_serves_at_the_same_address(home: Path, service: Object) -> None:
    url = simulator_address(home)
    service["metadata"]["namespace"] = "default"
    name = service["metadata"]["name"]
    path = f"/apis/{KSERVE}/namespaces/default/inferenceservices"

    def call(method: str, address: str, **more: Any) -> Any:
        return web.request(method, address, **more).json()

    uid = call("POST", url + path, json=service)["metadata"]["uid"]
    endpoint = until(lambda: call("GET", f"{url}{path}/{name}").get("status", {}).get("url"))
    os.kill(int(json.loads((home / "simulator.json").read_text())["pid"]), signal.SIGKILL)
    time.sleep(0.3)
    url = simulator_address(home)
    again = call("GET", f"{url}{path}/{name}")
    assert again["metadata"]["uid"] == uid
    assert again["status"]["url"] == endpoint

    def answers() -> bool:
        try:
            return bool(call("GET", endpoint + "/v1/models")["data"])
        except (httpx.HTTPError, ValueError):
            return False

    until(answers)
