"""What the server says of itself, and of what whoever asks may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from simulator.cluster import discovery
from simulator.cluster.bodies import Bodies
from simulator.cluster.orders import SECURITY, Orders

Handler = Callable[[Request], Awaitable[Response]]
NO_SUCH_PATH = PlainTextResponse("404 page not found\n", 404)
"""Of a group that isn't installed as of any other path that no server knows: no Status."""


class About:
    def __init__(self, orders: Orders, bodies: Bodies) -> None:
        self._orders, self._bodies = orders, bodies

    def paths(self) -> Iterator[tuple[str, Handler]]:
        """What is read by GET."""
        yield from ((path, self._version) for path in ("/version", "/version/"))
        yield from ((path, self._healthy) for path in ("/healthz", "/livez", "/readyz"))
        yield "/api", self._core
        yield "/apis", self._groups
        yield "/openapi/v3", self._openapi_index
        yield "/openapi/v3/{path:path}", self._openapi
        for version in discovery.versions(frozenset()):
            yield f"/apis/{version}" if "/" in version else f"/api/{version}", self._resource_list(version)
        yield f"/apis/{SECURITY}", self._constraints

    async def _version(self, request: Request) -> Response:
        return JSONResponse(discovery.VERSION)

    async def _healthy(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def _core(self, request: Request) -> Response:
        return JSONResponse({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})

    async def _groups(self, request: Request) -> Response:
        return JSONResponse(discovery.groups(self._orders.hidden_groups))

    def _resource_list(self, version: str) -> Handler:
        async def answer(request: Request) -> Response:
            if version.split("/")[0] in self._orders.hidden_groups:
                return NO_SUCH_PATH
            return JSONResponse(discovery.resource_list(version))

        return answer

    async def _constraints(self, request: Request) -> Response:
        if not self._orders.strikes("openshift", ""):
            return NO_SUCH_PATH
        kind = {
            "name": "securitycontextconstraints",
            "singularName": "",
            "namespaced": False,
            "kind": "SecurityContextConstraints",
        }
        listed = {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": SECURITY,
            "resources": [kind | {"verbs": ["get", "list"]}],
        }
        return JSONResponse(listed)

    async def _openapi_index(self, request: Request) -> Response:
        return JSONResponse(discovery.openapi_index(self._orders.hidden_groups))

    async def _openapi(self, request: Request) -> Response:
        document = discovery.openapi_v3(request.path_params["path"])
        if document is None:
            return NO_SUCH_PATH
        return JSONResponse(document)

    async def review(self, request: Request) -> Response:
        """Whether whoever asks may do something, by the rules that hold here."""
        review = await self._bodies.read(request)
        asked = review.get("spec", {}).get("resourceAttributes") or {}
        plural = asked.get("resource", "") + (f"/{asked['subresource']}" if asked.get("subresource") else "")
        allowed = self._orders.allows(
            asked.get("verb", ""), asked.get("group", ""), plural, asked.get("name", "")
        )
        return JSONResponse(review | {"status": {"allowed": allowed}}, status_code=201)
