"""The cluster under test: the simulator, or whatever API server with KServe's CRDs
COMPASS_TEST_KUBECONFIG names.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import Configuration
from kubernetes.config import new_client_from_config
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError

from tests.tools.test_manifests import request
from tools.clusters.simulated import simulator_address, simulator_kubeconfig
from tools.render_manifest import render_manifest

Object = dict[str, Any]
REAL = os.environ.get("COMPASS_TEST_KUBECONFIG")


@pytest.fixture(scope="session")
def kubeconfig(shared_home: Path) -> Path:
    if REAL:
        return Path(REAL)
    file = shared_home / "kubeconfig"
    file.write_text(simulator_kubeconfig(simulator_address(shared_home)))
    return file


@pytest.fixture(scope="session")
def client(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> DynamicClient:
    configuration = Configuration()
    configuration.retries = False
    found = new_client_from_config(config_file=str(kubeconfig), client_configuration=configuration)  # type: ignore[no-untyped-call]
    return DynamicClient(found, cache_file=str(tmp_path_factory.mktemp("discovery") / "known.json"))  # type: ignore[no-untyped-call]


@pytest.fixture
def namespace(client: DynamicClient) -> Iterator[str]:
    """A namespace of its own for one test."""
    name = f"compass-test-{secrets.token_hex(4)}"
    namespaces = client.resources.get(api_version="v1", kind="Namespace")
    namespaces.create(body={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    with suppress(DynamicApiError):
        namespaces.delete(name=name)


@pytest.fixture
def _pods_run() -> None:
    """For tests that need KServe and a kubelet to be at work, whose speed and GPUs
    only the simulator promises.
    """
    if REAL:
        pytest.skip("pods of simulated GPUs run on the simulator alone")


@pytest.fixture
def service(namespace: str) -> Object:
    """An InferenceService as Compass renders it."""
    rendered = render_manifest(request("openai/gpt-oss-20b", "H100", 1, 2, namespace))
    documents = [yaml.safe_load(f.content) for f in rendered.files]
    found: Object = next(d for d in documents if d["kind"] == "InferenceService")
    found["metadata"]["namespace"] = namespace
    del found["spec"]["predictor"]["serviceAccountName"]
    return found
