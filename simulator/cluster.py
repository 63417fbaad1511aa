"""The cluster simulator: the part of the Kubernetes API that Compass uses, as a process of its own on loopback.

`python -m simulator.cluster --home DIR` keeps the objects in DIR, writes its address to DIR/simulator.json, and leaves
after half an hour without a request; whoever needs it next starts it again, with the same objects.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from knowledge.catalogue import gpus
from simulator.kserve import Controller
from simulator.schema import check_strictly, problems
from simulator.store import ApiError, Object, Store, plural

LEAVE_AFTER_S = 1800
MAX_BODY_BYTES = 3_000_000
NODES_PER_GPU_TYPE = 4
GPUS_PER_NODE = 8
KSERVE = "serving.kserve.io/v1beta1"
# resource name: (API version, kind, namespaced, may be written by clients)
RESOURCES = {
    "namespaces": ("v1", "Namespace", False, False),
    "nodes": ("v1", "Node", False, False),
    "pods": ("v1", "Pod", True, False),
    "events": ("v1", "Event", True, False),
    "serviceaccounts": ("v1", "ServiceAccount", True, True),
    "deployments": ("apps/v1", "Deployment", True, False),
    "inferenceservices": (KSERVE, "InferenceService", True, True),
}


class ClusterApi:
    def __init__(self, store: Store, write_delay_s: float = 0.0) -> None:
        self.store = store
        self.last_request = time.monotonic()
        self._write_delay_s = write_delay_s

    def routes(self) -> list[Route]:
        found = [Route(path, self._answer(self._version)) for path in ("/version", "/version/")]
        found += [Route("/api", self._answer(self._core)), Route("/apis", self._answer(self._groups))]
        for version in sorted({v for v, *_ in RESOURCES.values()}):
            found.append(Route(_root(version), self._answer(self._resource_list(version))))
        for name, (version, _, namespaced, _) in RESOURCES.items():
            root = _root(version)
            paths = [f"{root}/namespaces/{{namespace}}/{name}"] if namespaced else [f"{root}/{name}"]
            for path in paths:
                found.append(Route(path, self._answer(self._collection(name)), methods=["GET", "POST"]))
                found.append(Route(f"{path}/{{name}}", self._answer(self._item(name)), methods=["GET", "PATCH", "DELETE"]))
            if namespaced:
                found.append(Route(f"{root}/{name}", self._answer(self._collection(name)), methods=["GET"]))
        return found

    def _answer(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            self.last_request = time.monotonic()
            try:
                answer = await handler(request)
                self.store.flush()
                return answer
            except ApiError as error:
                body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
                return JSONResponse(body | {"message": error.message, "reason": error.reason, "code": error.code}, status_code=error.code)

        return answered

    async def _version(self, request: Request) -> Response:
        return JSONResponse(
            {
                "major": "1",
                "minor": "36",
                "gitVersion": "v1.36.0+compass.simulator",
                "gitCommit": "",
                "gitTreeState": "",
                "buildDate": "",
                "goVersion": "",
                "compiler": "",
                "platform": "",
            }
        )

    async def _core(self, request: Request) -> Response:
        return JSONResponse({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})

    async def _groups(self, request: Request) -> Response:
        groups = []
        for version in sorted({v for v, *_ in RESOURCES.values() if "/" in v}):
            entry = {"groupVersion": version, "version": version.split("/")[1]}
            groups.append({"name": version.split("/")[0], "versions": [entry], "preferredVersion": entry})
        return JSONResponse({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})

    def _resource_list(self, version: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            found = []
            for name, (v, kind, namespaced, writable) in RESOURCES.items():
                if v == version:
                    verbs = ["get", "list"] + (["create", "patch", "delete"] if writable else [])
                    found.append({"name": name, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind, "verbs": verbs})
            return JSONResponse({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found})

        return answer

    def _collection(self, resource: str) -> Callable[[Request], Awaitable[Response]]:
        version, kind, _, writable = RESOURCES[resource]

        async def answer(request: Request) -> Response:
            namespace = request.path_params.get("namespace", "")
            if request.method == "GET":
                selected = [o for o in self.store.list(kind, namespace) if _matches(o, request.query_params.get("labelSelector", ""))]
                metadata = {"resourceVersion": self.store.version}
                return JSONResponse({"kind": f"{kind}List", "apiVersion": version, "metadata": metadata, "items": selected})
            document = await self._document(request, resource)
            if not writable:
                raise ApiError(403, "Forbidden", f"{resource} is forbidden: the simulator makes these itself")
            if request.query_params.get("fieldValidation") == "Strict":
                check_strictly(document)
            created = self.store.create(document, _manager(request), dry_run=_dry_run(request))
            return JSONResponse(created, status_code=201)

        return answer

    def _item(self, resource: str) -> Callable[[Request], Awaitable[Response]]:
        _, kind, _, writable = RESOURCES[resource]

        async def answer(request: Request) -> Response:
            namespace, name = request.path_params.get("namespace", ""), request.path_params["name"]
            found = self.store.get(kind, namespace, name)
            if request.method == "PATCH" and writable:
                return await self._patch(request, resource)
            if found is None:
                raise ApiError(404, "NotFound", f'{plural(kind)} "{name}" not found')
            if request.method == "GET":
                return JSONResponse(found)
            if not writable:
                raise ApiError(403, "Forbidden", f"{resource} is forbidden: the simulator makes these itself")
            if not _dry_run(request):
                self.store.delete(kind, namespace, name)
            return JSONResponse({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 200})

        return answer

    async def _patch(self, request: Request, resource: str) -> Response:
        if not request.headers.get("content-type", "").startswith("application/apply-patch"):
            raise ApiError(415, "UnsupportedMediaType", "the simulator takes server-side apply (application/apply-patch+yaml) alone")
        document = await self._document(request, resource)
        unknown, wrong = problems(document)
        if unknown or wrong:
            where = f".{unknown[0]}: field not declared in schema" if unknown else wrong[0]
            raise ApiError(500, "InternalError", f"failed to create typed patch object: {where}")
        force = request.query_params.get("force") == "true"
        applied, new = self.store.apply(document, _manager(request), force, _dry_run(request))
        return JSONResponse(applied, status_code=201 if new else 200)

    async def _document(self, request: Request, resource: str) -> Object:
        """The body, with what the path says put in or contradicting it refused."""
        raw = await request.body()
        if len(raw) > MAX_BODY_BYTES:
            raise ApiError(413, "RequestEntityTooLarge", f"the body is larger than {MAX_BODY_BYTES} bytes")
        if self._write_delay_s:
            await asyncio.sleep(self._write_delay_s)
        try:
            document: Any = yaml.safe_load(raw)
        except yaml.YAMLError as error:
            raise ApiError(400, "BadRequest", f"the body can't be read: {error}") from error
        version, kind, namespaced, _ = RESOURCES[resource]
        if not isinstance(document, dict) or (document.get("apiVersion"), document.get("kind")) != (version, kind):
            raise ApiError(400, "BadRequest", f"the body must be a {kind} of {version}")
        metadata = document.setdefault("metadata", {})
        if namespaced:
            namespace = request.path_params["namespace"]
            if metadata.setdefault("namespace", namespace) != namespace:
                raise ApiError(400, "BadRequest", "the namespace of the object does not match the namespace of the request")
            if self.store.get("Namespace", "", namespace) is None:
                raise ApiError(404, "NotFound", f'namespaces "{namespace}" not found')
        if metadata.setdefault("name", request.path_params.get("name", "")) != request.path_params.get("name", metadata["name"]):
            raise ApiError(400, "BadRequest", "the name of the object does not match the name of the request")
        return document


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _dry_run(request: Request) -> bool:
    return request.query_params.get("dryRun") == "All"


def _manager(request: Request) -> str:
    return request.query_params.get("fieldManager", "unknown")


def _matches(document: Object, selector: str) -> bool:
    labels = document["metadata"].get("labels", {})
    return all(labels.get(part.split("=")[0]) == part.split("=")[-1] for part in selector.split(",") if part)


def add_nodes(store: Store, inventory: dict[str, int]) -> None:
    """Nodes of eight GPUs for each (GPU type, GPUs in all); types that are not named get four such nodes."""
    for gpu in gpus().values():
        remaining = inventory.get(gpu.id, NODES_PER_GPU_TYPE * GPUS_PER_NODE)
        number = 0
        while remaining > 0:
            count, remaining, number = min(GPUS_PER_NODE, remaining), remaining - GPUS_PER_NODE, number + 1
            resources = {"cpu": "192", "memory": "2048Gi", gpu.resource: str(count)}
            node = {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": f"{gpu.id.lower()}-{number}", "labels": {gpu.node_label_key: gpu.node_label}},
                "status": {"capacity": resources, "allocatable": resources, "conditions": [{"type": "Ready", "status": "True"}]},
            }
            if store.get("Node", "", node["metadata"]["name"]) is None:  # type: ignore[index]
                store.create(node, "compass-simulator")


def application(store: Store, time_scale: float, write_delay_s: float = 0.0) -> tuple[Starlette, ClusterApi]:
    """The ASGI application with its controller running beside it."""
    api = ClusterApi(store, write_delay_s)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(Controller(store, time_scale).run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return Starlette(routes=api.routes(), lifespan=lifespan), api


def serve(home: Path, port: int = 0) -> None:
    """Run until idle for half an hour or stopped. Returns at once if another simulator runs for this home.

    COMPASS_SIMULATOR_GPUS="H100=8,L4=0" sets what the cluster has (at its first start), COMPASS_SIMULATOR_TIME_SCALE how
    much faster than real models load (default 0.02), COMPASS_SIMULATOR_WRITE_DELAY_S slows each write down.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "simulator.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    store = Store(home / "simulator-objects.json")
    if store.get("Namespace", "", "default") is None:
        store.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}, "status": {"phase": "Active"}}, "compass-simulator"
        )
        inventory = dict(part.split("=") for part in os.environ.get("COMPASS_SIMULATOR_GPUS", "").split(",") if part)
        add_nodes(store, {k: int(v) for k, v in inventory.items()})
    time_scale = float(os.environ.get("COMPASS_SIMULATOR_TIME_SCALE", "0.02"))
    app, api = application(store, time_scale, float(os.environ.get("COMPASS_SIMULATOR_WRITE_DELAY_S", "0")))

    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))

    async def run() -> None:
        async def leave_when_idle() -> None:
            while time.monotonic() - api.last_request < LEAVE_AFTER_S:
                await asyncio.sleep(1)
            server.should_exit = True

        watcher = asyncio.create_task(leave_when_idle())
        await server.serve([listener])
        watcher.cancel()

    address = home / "simulator.json"
    address.write_text(json.dumps({"url": url, "pid": os.getpid()}))
    print(f"Cluster simulator at {url}", flush=True)
    try:
        asyncio.run(run())
    finally:
        address.unlink(missing_ok=True)


if __name__ == "__main__":
    serve(Path(sys.argv[sys.argv.index("--home") + 1]))
