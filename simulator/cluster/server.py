"""The simulated cluster as a process of its own on loopback.

`python -m simulator.cluster.server --home DIR` keeps the objects in DIR, writes its address to
DIR/simulator.json, and leaves after half an hour without a request; whoever needs it next starts
it again, with the same objects.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from simulator.cluster.api import ClusterApi
from simulator.cluster.contents import fill
from simulator.cluster.ingress import Ingress
from simulator.cluster.kserve import KServe
from simulator.cluster.kubelet import Kubelet
from simulator.cluster.logs import Logs
from simulator.cluster.objects import is_true
from simulator.cluster.orders import Orders
from simulator.cluster.scheduler import Scheduler
from simulator.cluster.store import Store
from simulator.cluster.workloads import Workloads

log = logging.getLogger(__name__)
LEAVE_AFTER_S = 1800
PERIOD_S = 0.1


class Controllers:
    """All that a cluster does by itself, a small step every `PERIOD_S` seconds."""

    def __init__(self, store: Store, orders: Orders, logs: Logs, ingress: Ingress, time_scale: float) -> None:
        self._store = store
        self._kserve = KServe(store)
        self._ingress = ingress
        self._kubelet = Kubelet(store, orders, logs, time_scale)
        self._others = (
            self._kserve.reconcile,
            Workloads(store, orders).reconcile,
            Scheduler(store, orders).reconcile,
        )
        """These act on what they see alone: as long as nothing changes they have nothing to do."""

    async def run(self) -> None:
        """Until cancelled."""
        try:
            seen = ""
            while True:
                self._step(self._kubelet.reconcile)
                if self._store.version != seen:
                    seen = self._store.version
                    for reconcile in self._others:
                        self._step(reconcile)
                        await asyncio.sleep(0)  # requests are answered in between
                    await self._publish()
                self._store.flush()
                await asyncio.sleep(PERIOD_S)
        finally:
            self._ingress.close_all_but(set())

    def _step(self, reconcile: Callable[[], None]) -> None:
        try:
            reconcile()
        except Exception:  # one controller's trouble is not the others'
            log.exception("%s failed", reconcile)

    async def _publish(self) -> None:
        services = list(self._store.of("InferenceService"))
        self._ingress.close_all_but({s["metadata"]["uid"] for s in services})
        for service in services:
            ready = [p for p in self._kserve.pods(service) if is_true(p, "Ready")]
            self._kserve.publish(service, await self._ingress.expose(service, ready))


def application(
    store: Store, time_scale: float, write_delay_s: float = 0.0, latency_scale: float = 1.0
) -> tuple[Starlette, ClusterApi]:
    """The ASGI application with the controllers running beside it."""
    logs = Logs()
    orders = Orders(store)
    ingress = Ingress(orders, latency_scale)
    api = ClusterApi(store, orders, logs, ingress, write_delay_s)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(Controllers(store, orders, logs, ingress, time_scale).run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return Starlette(routes=api.routes(), lifespan=lifespan), api


def serve(home: Path, port: int = 0) -> None:
    """Run until idle for half an hour or stopped. Returns at once if another simulator runs for this home.

    COMPASS_SIMULATOR_GPUS="H100=8,L4=0" sets what the cluster has (at its first start),
    COMPASS_SIMULATOR_TIME_SCALE how much faster than real models load (default 0.02),
    COMPASS_SIMULATOR_LATENCY_SCALE stretches the latencies of the endpoints (default 1),
    COMPASS_SIMULATOR_WRITE_DELAY_S slows each write down.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = (home / "simulator.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(f"A cluster simulator runs for {home} already; its address is in {home / 'simulator.json'}.")
        return
    store = Store(home / "simulator.db")
    inventory = dict(
        part.split("=") for part in os.environ.get("COMPASS_SIMULATOR_GPUS", "").split(",") if part
    )
    fill(store, {k: int(v) for k, v in inventory.items()})
    time_scale = float(os.environ.get("COMPASS_SIMULATOR_TIME_SCALE", "0.02"))
    latency_scale = float(os.environ.get("COMPASS_SIMULATOR_LATENCY_SCALE", "1"))
    app, api = application(
        store, time_scale, float(os.environ.get("COMPASS_SIMULATOR_WRITE_DELAY_S", "0")), latency_scale
    )

    listener = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # named, or asyncio leaves Nagle on
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))

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
