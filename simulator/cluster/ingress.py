"""The one address of each InferenceService: requests go to its ready pods in turn,
each a simulated vLLM server.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from simulator.cluster.objects import Object
from simulator.cluster.orders import Orders
from simulator.cluster.serving import Serving, serving_of
from simulator.vllm.api import application
from simulator.vllm.engine import Engine
from simulator.vllm.misbehaviour import MISBEHAVIOURS

Serve = Callable[[Any, Any, Any], Any]


@dataclass
class Address:
    server: uvicorn.Server
    url: str
    replicas: dict[str, Serve] = field(default_factory=dict)  # pod uid -> ASGI application
    turn: itertools.count[int] = field(default_factory=itertools.count)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if not self.replicas:
            await send(
                {"type": "http.response.start", "status": 503, "headers": [(b"content-type", b"text/plain")]}
            )
            await send({"type": "http.response.body", "body": b"no ready replica"})
            return
        chosen = list(self.replicas.values())[next(self.turn) % len(self.replicas)]
        await chosen(scope, receive, send)


class Ingress:
    def __init__(self, orders: Orders, latency_scale: float = 1.0) -> None:
        """`latency_scale` stretches every latency of an endpoint: 0.1 answers ten times
        faster than the estimate says.
        """
        self._orders, self._latency_scale = orders, latency_scale
        self._addresses: dict[str, Address] = {}  # InferenceService uid -> its address
        self._tasks: set[asyncio.Task[None]] = set()

    async def expose(self, service: Object, ready_pods: list[Object]) -> str | None:
        """The URL that leads to these pods; None as long as there never was one."""
        uid = service["metadata"]["uid"]
        address = self._addresses.get(uid)
        if address is None:
            if not ready_pods:
                return None
            address = await self._open(service)
        names = {p["metadata"]["uid"]: p["metadata"]["name"] for p in ready_pods}
        serving = {
            p["metadata"]["uid"]: s
            for p in ready_pods
            if (s := serving_of(p)) is not None and s.model is not None
        }
        address.replicas = {
            pod: address.replicas.get(pod) or self._replica(s, names[pod]) for pod, s in serving.items()
        }
        return address.url

    def replica(self, pod: str) -> Serve | None:
        """What a ready pod with this uid serves."""
        return next((a.replicas[pod] for a in self._addresses.values() if pod in a.replicas), None)

    def close_all_but(self, services: set[str]) -> None:
        for uid in [u for u in self._addresses if u not in services]:
            self._addresses.pop(uid).server.should_exit = True

    def _replica(self, serving: Serving, name: str) -> Serve:
        assert serving.model is not None  # noqa: S101 - see expose
        engine = Engine(
            serving.model, serving.gpu, serving.gpu_count, serving.max_model_len, self._latency_scale
        )
        return application(
            engine, lambda: [m for m in MISBEHAVIOURS if self._orders.strikes(m, name)], serving.told
        )

    async def _open(self, service: Object) -> Address:
        listener = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )  # named, or asyncio leaves Nagle on
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # The port it had before a restart, if it is still free: clients keep their URL.
        last = ((service.get("status") or {}).get("url") or ":0").rsplit(":", 1)[1]
        try:
            listener.bind(("127.0.0.1", int(last)))
        except OSError:
            listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

        async def serve(scope: Any, receive: Any, send: Any) -> None:
            await address(scope, receive, send)

        server = uvicorn.Server(uvicorn.Config(serve, log_config=None, lifespan="off"))
        address = Address(server, url)
        self._addresses[service["metadata"]["uid"]] = address
        task = asyncio.create_task(_serve(server, listener))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        return address


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        # Signals are the main server's business.
        await server._serve([listener])
