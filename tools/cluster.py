"""The cluster that `COMPASS_CLUSTER` names, through the official client: the simulator, or one context of the kubeconfig.

The default never touches a real cluster, whatever kubeconfig is lying around.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from knowledge.catalogue import gpus
from knowledge.errors import CompassError
from knowledge.settings import Settings

FIELD_MANAGER = "compass"
REQUEST_TIMEOUT_S = 15
SIMULATOR_START_S = 20
INFERENCE_SERVICE = ("serving.kserve.io/v1beta1", "InferenceService")


class Cluster:
    """Reads and server-side applies of whole objects. Every error of the wire becomes a CompassError that names the call."""

    def __init__(self, settings: Settings) -> None:
        """Connects at the first call. Raises CompassError for a setting that is neither `sim` nor `context:NAME`."""
        self.target = settings.cluster
        self.namespace = settings.namespace
        self._settings = settings
        self._dynamic: Any = None
        if self.target != "sim" and not self.target.removeprefix("context:"):
            raise CompassError(
                "COMPASS_CLUSTER=context: names no context. Write context:NAME with a name from `kubectl config get-contexts`."
            )
        if self.target != "sim" and not self.target.startswith("context:"):
            raise CompassError(f"COMPASS_CLUSTER is {self.target!r}. It takes 'sim' or 'context:NAME'.")

    @property
    def simulated(self) -> bool:
        return self.target == "sim"

    @property
    def placement_patience_s(self) -> float:
        """How long pods may be unschedulable: a real cluster may add nodes, the simulated one never does."""
        return 1.0 if self.simulated else 300.0

    @property
    def description(self) -> str:
        return "the simulated cluster" if self.simulated else f"the cluster of kubeconfig context {self.target.removeprefix('context:')!r}"

    def get(self, api_version: str, kind: str, name: str) -> dict[str, Any] | None:
        """One object of our namespace, or None."""
        from kubernetes.dynamic.exceptions import NotFoundError

        with self._calling(f"get {kind} {name}"):
            try:
                return dict(self._resource(api_version, kind).get(name=name, namespace=self.namespace).to_dict())
            except NotFoundError:
                return None

    def list(self, api_version: str, kind: str, label_selector: str = "", field_selector: str = "") -> list[dict[str, Any]]:
        """Objects of our namespace."""
        with self._calling(f"list {kind}"):
            found = self._resource(api_version, kind).get(
                namespace=self.namespace,
                label_selector=label_selector or None,
                field_selector=field_selector or None,
            )
            return [dict(item.to_dict()) for item in found.items]

    def dry_run(self, document: dict[str, Any]) -> None:
        """Ask the server to check an object strictly without keeping it. Raises CompassError with the server's words."""
        name, kind = document["metadata"]["name"], document["kind"]
        exists = self.get(document["apiVersion"], kind, name) is not None
        with self._calling(f"dry run of {kind} {name}"):
            if exists:
                self._apply(document, dry_run="All")
            else:  # a strict POST says which field is unknown, where server-side apply answers 500
                self._resource(document["apiVersion"], kind).create(
                    body=document,
                    namespace=self.namespace,
                    query_params=[("dryRun", "All"), ("fieldValidation", "Strict"), ("fieldManager", FIELD_MANAGER)],
                )

    def apply(self, document: dict[str, Any]) -> str:
        """Server-side apply of a whole object, conflicts never forced; returns its uid."""
        with self._calling(f"apply of {document['kind']} {document['metadata']['name']}"):
            return str(self._apply(document).metadata.uid)

    def gpus(self) -> dict[str, int]:
        """GPUs that the nodes may give to pods, by catalogued type, in use or not. Listing nodes is a right of its own (cluster-wide)."""
        with self._calling("list Node"):
            nodes = [dict(item.to_dict()) for item in self._resource("v1", "Node").get().items]
        found: dict[str, int] = {}
        for gpu in gpus().values():
            labelled = [n for n in nodes if n["metadata"].get("labels", {}).get(gpu.node_label_key) == gpu.node_label]
            count = sum(int(n.get("status", {}).get("allocatable", {}).get(gpu.resource, 0)) for n in labelled)
            if count:
                found[gpu.id] = count
        return found

    def version(self) -> str:
        """The server's version, to see that it answers."""
        from kubernetes.client import VersionApi

        with self._calling("version"):
            return str(VersionApi(self._client().client).get_code().git_version)

    def _apply(self, document: dict[str, Any], **options: Any) -> Any:
        return self._resource(document["apiVersion"], document["kind"]).server_side_apply(
            body=document,
            name=document["metadata"]["name"],
            namespace=self.namespace,
            field_manager=FIELD_MANAGER,
            **options,
        )

    def _resource(self, api_version: str, kind: str) -> Any:
        from kubernetes.dynamic.exceptions import ResourceNotFoundError

        try:
            return self._client().resources.get(api_version=api_version, kind=kind)
        except ResourceNotFoundError as error:
            missing = "KServe isn't installed there" if kind == "InferenceService" else f"it doesn't know {api_version} {kind}"
            raise CompassError(f"{self.description.capitalize()} can't take this: {missing}.") from error

    def _client(self) -> Any:
        if self._dynamic is None:
            from kubernetes.dynamic import DynamicClient

            client = self._simulator_client() if self.simulated else self._context_client()
            client.rest_client.request = functools.partial(_with_timeout, client.rest_client.request)
            # Its cache of what the server offers goes into our own folder: the default is a guessable file in the shared one.
            known = self._settings.home_dir / f"discovery-{hashlib.sha256(client.configuration.host.encode()).hexdigest()[:12]}.json"
            self._dynamic = DynamicClient(  # type: ignore[no-untyped-call]
                client, cache_file=str(known)
            )
        return self._dynamic

    def _simulator_client(self) -> Any:
        from kubernetes.client import ApiClient, Configuration

        configuration = Configuration()
        configuration.host = simulator_address(self._settings.home_dir)
        configuration.retries = False
        return ApiClient(configuration)

    def _context_client(self) -> Any:
        from kubernetes.client import Configuration
        from kubernetes.config import ConfigException, new_client_from_config

        configuration = Configuration()
        configuration.retries = False
        name = self.target.removeprefix("context:")
        try:
            return new_client_from_config(  # type: ignore[no-untyped-call]
                config_file=os.environ.get("KUBECONFIG"), context=name, client_configuration=configuration
            )
        except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
            raise CompassError(
                f"The kubeconfig has no usable context {name!r}. `kubectl config get-contexts` lists the names;"
                " COMPASS_CLUSTER=sim uses the simulator."
            ) from error

    @contextmanager
    def _calling(self, what: str) -> Iterator[None]:
        """Say in one sentence what failed; forget the connection, so that the next call makes a new one."""
        from kubernetes.client.exceptions import ApiException
        from kubernetes.dynamic.exceptions import DynamicApiError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except (ApiException, DynamicApiError) as error:
            raise CompassError(f"{self.description.capitalize()} refused the {what}: {_reason(error)}") from error
        except (HTTPError, OSError, httpx.HTTPError) as error:
            self._dynamic = None
            raise CompassError(
                f"{self.description.capitalize()} doesn't answer ({what}: {type(error).__name__}). Is it running and reachable?"
            ) from error


def _with_timeout(request: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The client waits for ever unless told otherwise at each call, and its own discovery can't be told: so here, once for all."""
    return request(*args, **kwargs | {"_request_timeout": kwargs.get("_request_timeout") or REQUEST_TIMEOUT_S})


def _reason(error: Any) -> str:
    """`message` of the server's Status body, else its status line."""
    body = error.body.decode() if isinstance(error.body, bytes) else str(error.body)
    try:
        text = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        text = str(error.reason or body)
    return f"{text[:500]} (HTTP {error.status})"


def simulator_address(home: Path) -> str:
    """The URL of this home's cluster simulator, which is started as a process of its own if it doesn't answer."""
    address = home / "simulator.json"
    url = _answering(address)
    if url:
        return url
    subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", "simulator.cluster.server", "--home", str(home)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(home / "simulator.log").open("ab"),
        start_new_session=True,  # it outlives the conversation, as a cluster does
        env={k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG") or k.startswith(("PYTHON", "COMPASS_SIMULATOR_"))},
    )
    deadline = time.monotonic() + SIMULATOR_START_S
    while time.monotonic() < deadline:
        time.sleep(0.1)
        url = _answering(address)
        if url:
            return url
    raise CompassError(f"The cluster simulator didn't start within {SIMULATOR_START_S} s. Its log is {home / 'simulator.log'}.")


def _answering(address: Path) -> str | None:
    try:
        url = str(json.loads(address.read_text())["url"])
        found = httpx.get(f"{url}/version", timeout=2, trust_env=False).raise_for_status().json()
        if "compass.simulator" not in found["gitVersion"]:
            return None
    except (OSError, ValueError, KeyError, TypeError, httpx.HTTPError):
        return None
    return url
