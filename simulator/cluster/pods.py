"""What is asked of pods themselves: their logs, and whatever their container answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from simulator.cluster.ingress import Ingress, Serve
from simulator.cluster.kinds import by_kind
from simulator.cluster.logs import Logs
from simulator.cluster.objects import ApiError, Object
from simulator.cluster.orders import Orders
from simulator.cluster.store import Store


class Pods:
    def __init__(
        self, store: Store, orders: Orders, logs: Logs, ingress: Ingress, touch: Callable[[], None]
    ) -> None:
        """`touch` is called as long as somebody follows a log."""
        self._store, self._orders, self._logs, self._ingress, self._touch = (
            store,
            orders,
            logs,
            ingress,
            touch,
        )
        self._pods = by_kind()["Pod"]

    async def log(self, request: Request) -> Response:
        self._orders.check(
            "get", self._pods, "log", request.path_params["namespace"], request.path_params["name"]
        )
        pod = self._store.found("Pod", request.path_params["namespace"], request.path_params["name"])
        query = request.query_params
        container = query.get("container") or pod["spec"]["containers"][0]["name"]
        previous = query.get("previous") in ("true", "1")
        lines = self._logs.read(pod, container, previous)
        if query.get("tailLines"):
            lines = lines[-int(query["tailLines"]) :] if int(query["tailLines"]) else []
        if query.get("follow") in ("true", "1"):
            return StreamingResponse(self._followed(pod, container, lines), media_type="text/plain")
        return PlainTextResponse("".join(f"{x}\n" for x in lines))

    async def _followed(self, pod: Object, container: str, lines: list[str]) -> AsyncIterator[str]:
        yield "".join(f"{x}\n" for x in lines)
        seen = len(self._logs.after(pod, container, 0))
        while self._store.get("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"]) is not None:
            self._touch()
            more = self._logs.after(pod, container, seen)
            seen += len(more)
            yield "".join(f"{x}\n" for x in more)
            await asyncio.sleep(0.2)

    async def proxy(self, request: Request) -> Response:
        """What the pod itself answers to a GET."""
        name = request.path_params["name"].split(":")[0]
        self._orders.check("get", self._pods, "proxy", request.path_params["namespace"], name)
        pod = self._store.found("Pod", request.path_params["namespace"], name)
        serve = self._ingress.replica(pod["metadata"]["uid"])
        if serve is None:
            raise ApiError(
                503, "ServiceUnavailable", "error trying to reach service: connect: connection refused"
            )
        return _Forwarded(serve, f"/{request.path_params['path']}")


class _Forwarded(Response):
    """The answer of another application to the same request on another path."""

    def __init__(self, serve: Serve, path: str) -> None:
        super().__init__()
        self._serve, self._path = serve, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve(
            {**scope, "path": self._path, "raw_path": self._path.encode(), "root_path": ""}, receive, send
        )
