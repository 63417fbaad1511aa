"""The HTTP side: a Kubernetes API server's paths, verbs, status codes and bodies over the store."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from simulator.cluster import discovery, tables
from simulator.cluster.about import NO_SUCH_PATH, About, Handler
from simulator.cluster.admission import Admission
from simulator.cluster.bodies import Bodies, checked, placed, writer_of
from simulator.cluster.ingress import Ingress
from simulator.cluster.kinds import KINDS
from simulator.cluster.logs import Logs
from simulator.cluster.objects import ApiError, Key, Object
from simulator.cluster.orders import Orders
from simulator.cluster.patches import patched
from simulator.cluster.pods import Pods
from simulator.cluster.resources import Resource
from simulator.cluster.schema import findings
from simulator.cluster.selectors import matches
from simulator.cluster.store import Store, Writer
from simulator.cluster.watching import Watch

APPLY = ("application/apply-patch+yaml", "application/apply-patch")


class ClusterApi:
    def __init__(
        self, store: Store, orders: Orders, logs: Logs, ingress: Ingress, write_delay_s: float = 0.0
    ) -> None:
        self.last_request = time.monotonic()
        self._store, self._orders = store, orders
        self._bodies = Bodies(write_delay_s)
        self._about = About(orders, self._bodies)
        self._pods = Pods(store, orders, logs, ingress, self._touch)
        store.admission = Admission(store, orders)

    def routes(self) -> list[Route]:
        found = [Route(path, self._answer(handler)) for path, handler in self._about.paths()]
        reviews = f"/apis/{discovery.REVIEWS}/selfsubjectaccessreviews"
        found.append(Route(reviews, self._answer(self._about.review), methods=["POST"]))
        for resource in KINDS:
            found += self._routes_of(resource)
        every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [*found, Route("/{path:path}", self._answer(self._nothing), methods=every)]

    def _routes_of(self, resource: Resource) -> list[Route]:
        inner = (
            f"{resource.root}/namespaces/{{namespace}}/{resource.plural}"
            if resource.namespaced
            else f"{resource.root}/{resource.plural}"
        )
        found = [
            Route(
                f"{resource.root}/{resource.plural}",
                self._answer(self._collection(resource)),
                methods=["GET"],
            )
        ]
        collection = Route(inner, self._answer(self._collection(resource)), methods=["GET", "POST", "DELETE"])
        found = [*found, collection] if resource.namespaced else [collection]
        if resource.status:
            path = f"{inner}/{{name}}/status"
            found.append(
                Route(path, self._answer(self._item(resource, "status")), methods=["GET", "PUT", "PATCH"])
            )
        if resource.kind == "Pod":
            found.append(Route(f"{inner}/{{name}}/log", self._answer(self._pods.log)))
            found.append(Route(f"{inner}/{{name}}/proxy/{{path:path}}", self._answer(self._pods.proxy)))
        return [
            *found,
            Route(
                f"{inner}/{{name}}",
                self._answer(self._item(resource, "")),
                methods=["GET", "PUT", "PATCH", "DELETE"],
            ),
        ]

    def _answer(self, handler: Handler) -> Handler:
        async def answered(request: Request) -> Response:
            self._touch()
            try:
                answer = await handler(request)
                self._store.flush()
                return answer
            except ApiError as error:
                return JSONResponse(error.status(), status_code=error.code)

        return answered

    def _touch(self) -> None:
        self.last_request = time.monotonic()

    async def _nothing(self, request: Request) -> Response:
        return NO_SUCH_PATH

    # Objects

    def _collection(self, resource: Resource) -> Handler:
        async def answer(request: Request) -> Response:
            if resource.group in self._orders.hidden_groups:
                return NO_SUCH_PATH
            namespace = request.path_params.get("namespace", "")
            query = request.query_params
            if request.method == "GET":
                watching = query.get("watch") in ("true", "1")
                self._orders.check("watch" if watching else "list", resource, "", namespace, "")
                if not watching:
                    return self._list(request, resource, namespace)
                shape = tables.wanted(request.headers.get("accept", ""))
                lines = Watch(self._store, resource, namespace, query, shape).lines(self._touch)
                return StreamingResponse(lines, media_type="application/json")
            if request.method == "DELETE":
                self._orders.check("deletecollection", resource, "", namespace, "")
                selected = list(self._selected(request, resource, namespace))
                for document in selected:
                    self._store.delete(resource.key(document), writer_of(request))
                return JSONResponse(
                    {
                        "kind": f"{resource.kind}List",
                        "apiVersion": resource.api_version,
                        "metadata": {},
                        "items": selected,
                    }
                )
            document = placed(await self._bodies.read(request), request, resource)
            self._orders.check("create", resource, "", namespace, document["metadata"].get("name", ""))
            document, warnings = checked(document, resource, query.get("fieldValidation", ""))
            return JSONResponse(
                self._store.create(document, writer_of(request)), status_code=201, headers=warnings
            )

        return answer

    def _item(self, resource: Resource, subresource: str) -> Handler:
        async def answer(request: Request) -> Response:
            if resource.group in self._orders.hidden_groups:
                return NO_SUCH_PATH
            namespace, name = request.path_params.get("namespace", ""), request.path_params["name"]
            verb = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[request.method]
            self._orders.check(verb, resource, subresource, namespace, name)
            if request.method == "PATCH":
                return await self._patch(request, resource, subresource)
            found = self._store.found(resource.kind, namespace, name)
            if request.method == "GET":
                version = tables.wanted(request.headers.get("accept", ""))
                include = request.query_params.get("includeObject", "Metadata")
                return JSONResponse(tables.table(resource, [found], version, include) if version else found)
            if request.method == "DELETE":
                return await self._delete(request, resource, found)
            document = placed(await self._bodies.read(request), request, resource)
            document, warnings = checked(document, resource, request.query_params.get("fieldValidation", ""))
            return JSONResponse(
                self._store.update(document, writer_of(request, subresource)), headers=warnings
            )

        return answer

    async def _patch(self, request: Request, resource: Resource, subresource: str) -> Response:
        content_type = request.headers.get("content-type", "").split(";")[0]
        patch = await self._bodies.read(request, content_type)
        writer = writer_of(request, subresource)
        validation = request.query_params.get("fieldValidation", "")
        namespace, name = request.path_params.get("namespace", ""), request.path_params["name"]
        if content_type in APPLY:
            if not request.query_params.get("fieldManager"):
                raise ApiError(
                    422,
                    "Invalid",
                    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for'
                    " apply patch",
                )
            document = placed(patch, request, resource)
            if "managedFields" in document["metadata"]:
                raise ApiError(400, "BadRequest", "metadata.managedFields must be nil")
            found = findings(document, resource.schema)
            if found.unknown or found.wrong:
                where = (
                    f".{found.unknown[0]}: field not declared in schema"
                    if found.unknown
                    else f".{found.wrong[0][0]}: expected another type"
                )
                raise ApiError(
                    500,
                    "InternalError",
                    f"failed to create typed patch object ({namespace}/{name}; {resource.api_version}):"
                    f" {where}",
                )
            applied, new = self._store.apply(document, writer, request.query_params.get("force") == "true")
            return JSONResponse(applied, status_code=201 if new else 200)
        live = self._store.found(resource.kind, namespace, name)
        changed = patched(live, patch, content_type, resource.schema, resource.custom)
        # Of a custom kind the whole object is decoded again, after the patch, and that is another error.
        changed, warnings = checked(changed, resource, validation, patch if resource.custom else None)
        return JSONResponse(self._store.update(changed, writer), headers=warnings)

    async def _delete(self, request: Request, resource: Resource, found: Object) -> Response:
        options = await self._bodies.read(request) if await request.body() else {}
        for name, value in (options.get("preconditions") or {}).items():
            if found["metadata"].get(name) != value:
                message = (
                    f"the {name} in the precondition ({value}) does not match the {name} in record"
                    f" ({found['metadata'].get(name)})"
                )
                raise ApiError(
                    409,
                    "Conflict",
                    f'Operation cannot be fulfilled on {resource.id} "{found["metadata"]["name"]}":'
                    f" {message}",
                )
        dry_run = options.get("dryRun") == ["All"] or request.query_params.get("dryRun") == "All"
        policy = options.get("propagationPolicy") or request.query_params.get("propagationPolicy")
        gone = self._store.delete(resource.key(found), Writer(dry_run=dry_run), orphan=policy == "Orphan")
        if gone["metadata"].get("deletionTimestamp"):  # finalizers hold it
            return JSONResponse(gone)
        details = {
            "name": found["metadata"]["name"],
            "group": resource.group,
            "kind": resource.plural,
            "uid": found["metadata"]["uid"],
        }
        return JSONResponse(
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        )

    def _selected(self, request: Request, resource: Resource, namespace: str) -> list[Object]:
        found = self._store.of(resource.kind, namespace)
        return [o for o in found if matches(o, resource.plural, request.query_params)]

    def _list(self, request: Request, resource: Resource, namespace: str) -> Response:
        query = request.query_params
        found = sorted(self._selected(request, resource, namespace), key=resource.key)
        metadata: dict[str, Any] = {"resourceVersion": self._store.version}
        after = _continued(query.get("continue", ""))
        if after is not None:
            found = [o for o in found if resource.key(o) > after]
        limit = int(query.get("limit") or 0)
        if limit and len(found) > limit:
            metadata |= {
                "continue": _token(resource.key(found[limit - 1])),
                "remainingItemCount": len(found) - limit,
            }
            found = found[:limit]
        version = tables.wanted(request.headers.get("accept", ""))
        if version:
            return JSONResponse(
                tables.table(resource, found, version, query.get("includeObject", "Metadata"), metadata)
            )
        return JSONResponse(
            {
                "kind": f"{resource.kind}List",
                "apiVersion": resource.api_version,
                "metadata": metadata,
                "items": found,
            }
        )


def _token(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _continued(token: str) -> Key | None:
    if not token:
        return None
    try:
        return Key(*json.loads(base64.urlsafe_b64decode(token)))
    except (ValueError, TypeError) as error:
        raise ApiError(410, "Expired", "the provided continue parameter is not valid") from error
