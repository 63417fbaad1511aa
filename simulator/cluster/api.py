"""The HTTP side: a Kubernetes API server's paths, verbs, status codes and bodies over the store."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simulator.cluster import discovery, tables
from simulator.cluster.admission import Admission
from simulator.cluster.ingress import Ingress, Serve
from simulator.cluster.logs import Logs
from simulator.cluster.objects import ApiError, Key, Object, not_found
from simulator.cluster.orders import SECURITY, Orders
from simulator.cluster.patches import patched
from simulator.cluster.resources import Resource, resources
from simulator.cluster.schema import findings, pruned
from simulator.cluster.selectors import matches
from simulator.cluster.store import Change, Store, Writer

MAX_BODY_BYTES = 3_000_000
APPLY = ("application/apply-patch+yaml", "application/apply-patch")
WATCH_S = 1800.0
NO_SUCH_PATH = PlainTextResponse("404 page not found\n", 404)
"""Of a group that isn't installed as of any other path that no server knows: no Status."""
Handler = Callable[[Request], Awaitable[Response]]


class ClusterApi:
    def __init__(
        self, store: Store, orders: Orders, logs: Logs, ingress: Ingress, write_delay_s: float = 0.0
    ) -> None:
        self.store = store
        self.orders = orders
        self.logs = logs
        self._ingress = ingress
        self.last_request = time.monotonic()
        self._write_delay_s = write_delay_s
        store.admission = Admission(store, self.orders)

    def routes(self) -> list[Route]:
        found = [Route(path, self._answer(self._version)) for path in ("/version", "/version/")]
        found += [Route(path, self._answer(self._healthy)) for path in ("/healthz", "/livez", "/readyz")]
        found += [Route("/api", self._answer(self._core)), Route("/apis", self._answer(self._groups))]
        found += [
            Route("/openapi/v3", self._answer(self._openapi_index)),
            Route("/openapi/v3/{path:path}", self._answer(self._openapi)),
        ]
        for version in discovery.versions(frozenset()):
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            found.append(Route(root, self._answer(self._resource_list(version))))
        found.append(Route(f"/apis/{SECURITY}", self._answer(self._constraints)))
        reviews = f"/apis/{discovery.REVIEWS}/selfsubjectaccessreviews"
        found.append(Route(reviews, self._answer(self._review), methods=["POST"]))
        for resource in resources():
            found += self._routes_of(resource)
        return [
            *found,
            Route(
                "/{path:path}", self._answer(self._nothing), methods=["GET", "POST", "PUT", "PATCH", "DELETE"]
            ),
        ]

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
            found.append(Route(f"{inner}/{{name}}/log", self._answer(self._log)))
            found.append(Route(f"{inner}/{{name}}/proxy/{{path:path}}", self._answer(self._proxy)))
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
            self.last_request = time.monotonic()
            try:
                answer = await handler(request)
                self.store.flush()
                return answer
            except ApiError as error:
                return JSONResponse(error.status(), status_code=error.code)

        return answered

    # What the server says of itself

    async def _version(self, request: Request) -> Response:
        return JSONResponse(discovery.VERSION)

    async def _healthy(self, request: Request) -> Response:
        return PlainTextResponse("ok")

    async def _core(self, request: Request) -> Response:
        return JSONResponse({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})

    async def _groups(self, request: Request) -> Response:
        return JSONResponse(discovery.groups(self.orders.hidden_groups))

    def _resource_list(self, version: str) -> Handler:
        async def answer(request: Request) -> Response:
            if version.split("/")[0] in self.orders.hidden_groups:
                return NO_SUCH_PATH
            return JSONResponse(discovery.resource_list(version))

        return answer

    async def _constraints(self, request: Request) -> Response:
        if not self.orders.strikes("openshift", ""):
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
        return JSONResponse(discovery.openapi_index(self.orders.hidden_groups))

    async def _openapi(self, request: Request) -> Response:
        document = discovery.openapi_v3(request.path_params["path"])
        if document is None:
            return await self._nothing(request)
        return JSONResponse(document)

    async def _nothing(self, request: Request) -> Response:
        return NO_SUCH_PATH

    async def _review(self, request: Request) -> Response:
        """Whether whoever asks may do something, by the rules that hold here."""
        review = await self._body(request)
        asked = review.get("spec", {}).get("resourceAttributes") or {}
        plural = asked.get("resource", "") + (f"/{asked['subresource']}" if asked.get("subresource") else "")
        allowed = self.orders.allows(
            asked.get("verb", ""), asked.get("group", ""), plural, asked.get("name", "")
        )
        return JSONResponse(review | {"status": {"allowed": allowed}}, status_code=201)

    # Objects

    def _collection(self, resource: Resource) -> Handler:
        async def answer(request: Request) -> Response:
            if resource.group in self.orders.hidden_groups:
                return NO_SUCH_PATH
            namespace = request.path_params.get("namespace", "")
            query = request.query_params
            if request.method == "GET":
                watching = query.get("watch") in ("true", "1")
                self.orders.check("watch" if watching else "list", resource, "", namespace, "")
                return (
                    self._watch(request, resource, namespace)
                    if watching
                    else self._list(request, resource, namespace)
                )
            if request.method == "DELETE":
                self.orders.check("deletecollection", resource, "", namespace, "")
                selected = list(self._selected(request, resource, namespace))
                for document in selected:
                    self.store.delete(resource.key(document), _writer(request))
                return JSONResponse(
                    {
                        "kind": f"{resource.kind}List",
                        "apiVersion": resource.api_version,
                        "metadata": {},
                        "items": selected,
                    }
                )
            document = self._placed(await self._body(request), request, resource)
            self.orders.check("create", resource, "", namespace, document["metadata"].get("name", ""))
            document, warnings = _checked(document, resource, query.get("fieldValidation", ""))
            return JSONResponse(
                self.store.create(document, _writer(request)), status_code=201, headers=warnings
            )

        return answer

    def _item(self, resource: Resource, subresource: str) -> Handler:
        async def answer(request: Request) -> Response:
            if resource.group in self.orders.hidden_groups:
                return NO_SUCH_PATH
            namespace, name = request.path_params.get("namespace", ""), request.path_params["name"]
            verb = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[request.method]
            self.orders.check(verb, resource, subresource, namespace, name)
            if request.method == "PATCH":
                return await self._patch(request, resource, subresource)
            found = self._found(resource, namespace, name)
            if request.method == "GET":
                version = tables.wanted(request.headers.get("accept", ""))
                include = request.query_params.get("includeObject", "Metadata")
                return JSONResponse(tables.table(resource, [found], version, include) if version else found)
            if request.method == "DELETE":
                return await self._delete(request, resource, found)
            document = self._placed(await self._body(request), request, resource)
            document, warnings = _checked(document, resource, request.query_params.get("fieldValidation", ""))
            return JSONResponse(self.store.update(document, _writer(request, subresource)), headers=warnings)

        return answer

    def _found(self, resource: Resource, namespace: str, name: str) -> Object:
        found = self.store.get(resource.kind, namespace, name)
        if found is None:
            raise not_found(resource.id, name)
        return found

    async def _patch(self, request: Request, resource: Resource, subresource: str) -> Response:
        content_type = request.headers.get("content-type", "").split(";")[0]
        patch = await self._body(request, content_type)
        writer = _writer(request, subresource)
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
            document = self._placed(patch, request, resource)
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
            applied, new = self.store.apply(document, writer, request.query_params.get("force") == "true")
            return JSONResponse(applied, status_code=201 if new else 200)
        live = self._found(resource, namespace, name)
        changed = patched(live, patch, content_type, resource.schema, resource.custom)
        # Of a custom kind the whole object is decoded again, after the patch, and that is another error.
        changed, warnings = _checked(changed, resource, validation, patch if resource.custom else None)
        return JSONResponse(self.store.update(changed, writer), headers=warnings)

    async def _delete(self, request: Request, resource: Resource, found: Object) -> Response:
        options = await self._body(request) if await request.body() else {}
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
        gone = self.store.delete(resource.key(found), Writer(dry_run=dry_run), orphan=policy == "Orphan")
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
        query = request.query_params
        found = self.store.of(resource.kind, namespace)
        return [
            o
            for o in found
            if matches(o, resource.plural, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        ]

    def _list(self, request: Request, resource: Resource, namespace: str) -> Response:
        query = request.query_params
        found = sorted(self._selected(request, resource, namespace), key=resource.key)
        metadata: dict[str, Any] = {"resourceVersion": self.store.version}
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

    def _watch(self, request: Request, resource: Resource, namespace: str) -> Response:
        query = request.query_params
        version = query.get("resourceVersion", "")
        shape = tables.wanted(request.headers.get("accept", ""))
        labelled, fielded = query.get("labelSelector", ""), query.get("fieldSelector", "")
        initial = self._selected(request, resource, namespace) if version in ("", "0") else []
        since = int(self.store.version) if version in ("", "0") else int(version) if version.isdigit() else -1
        if since < 0:
            raise ApiError(400, "BadRequest", f"resource version {version!r} is not a number")
        until = time.monotonic() + float(query.get("timeoutSeconds") or WATCH_S)

        def line(kind: str, document: Object) -> str:
            shown = document
            if shape and kind != "ERROR":
                shown = tables.table(resource, [document], shape, query.get("includeObject", "Metadata"))
            return json.dumps({"type": kind, "object": shown}) + "\n"

        def fits(document: Object | None) -> bool:
            return document is not None and matches(document, resource.plural, labelled, fielded)

        def told(change: Change) -> str | None:
            """What somebody who sees only what the selectors take is told of a change."""
            now_fits, did_fit = fits(change.document), fits(change.before)
            if change.type == "DELETED":
                return line("DELETED", change.document) if now_fits else None
            if now_fits:
                return line("MODIFIED" if did_fit else "ADDED", change.document)
            return line("DELETED", change.document) if did_fit else None

        async def lines() -> AsyncIterator[str]:
            position = since
            for document in sorted(initial, key=resource.key):
                yield line("ADDED", document)
            while time.monotonic() < until:
                self.last_request = time.monotonic()
                try:
                    changes = self.store.changes_since(position)
                except ApiError as error:
                    yield line("ERROR", error.status())
                    return
                for change in changes:
                    position = change.version
                    if change.key.resource == resource.id and namespace in ("", change.key.namespace):
                        text = told(change)
                        if text is not None:
                            yield text
                if not changes:
                    await self.store.wait_for_change(min(1.0, max(0.0, until - time.monotonic())))

        return StreamingResponse(lines(), media_type="application/json")

    async def _log(self, request: Request) -> Response:
        self.orders.check(
            "get", _pods(), "log", request.path_params["namespace"], request.path_params["name"]
        )
        pod = self._found(_pods(), request.path_params["namespace"], request.path_params["name"])
        query = request.query_params
        container = query.get("container") or pod["spec"]["containers"][0]["name"]
        previous = query.get("previous") in ("true", "1")
        lines = self.logs.read(pod, container, previous)
        if query.get("tailLines"):
            lines = lines[-int(query["tailLines"]) :] if int(query["tailLines"]) else []
        if query.get("follow") in ("true", "1"):
            return StreamingResponse(self._followed(pod, container, lines), media_type="text/plain")
        return PlainTextResponse("".join(f"{x}\n" for x in lines))

    async def _proxy(self, request: Request) -> Response:
        """What the pod itself answers to a GET."""
        name = request.path_params["name"].split(":")[0]
        self.orders.check("get", _pods(), "proxy", request.path_params["namespace"], name)
        pod = self._found(_pods(), request.path_params["namespace"], name)
        serve = self._ingress.replica(pod["metadata"]["uid"])
        if serve is None:
            raise ApiError(
                503, "ServiceUnavailable", "error trying to reach service: connect: connection refused"
            )
        return _Forwarded(serve, f"/{request.path_params['path']}")

    async def _followed(self, pod: Object, container: str, lines: list[str]) -> AsyncIterator[str]:
        yield "".join(f"{x}\n" for x in lines)
        seen = len(self.logs.after(pod, container, 0))
        while self.store.get("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"]) is not None:
            self.last_request = time.monotonic()
            more = self.logs.after(pod, container, seen)
            seen += len(more)
            yield "".join(f"{x}\n" for x in more)
            await asyncio.sleep(0.2)

    async def _body(self, request: Request, content_type: str = "") -> Any:
        raw = await request.body()
        if len(raw) > MAX_BODY_BYTES:
            raise ApiError(413, "RequestEntityTooLarge", f"the body is larger than {MAX_BODY_BYTES} bytes")
        if "protobuf" in request.headers.get("content-type", ""):
            raise ApiError(
                415,
                "UnsupportedMediaType",
                "the simulator reads JSON and YAML, for instance by kubectl apply -f FILE",
            )
        if self._write_delay_s:
            await asyncio.sleep(self._write_delay_s)
        try:
            return yaml.load(raw, Loader=yaml.CSafeLoader) if "yaml" in content_type else json.loads(raw)
        except (yaml.YAMLError, ValueError) as error:
            raise ApiError(400, "BadRequest", f"the object provided is unrecognized: {error}") from error

    def _placed(self, document: Any, request: Request, resource: Resource) -> Object:
        """The object, with what the path says put in; contradicting it is refused."""
        if not isinstance(document, dict) or not isinstance(document.get("metadata", {}), dict):
            raise ApiError(400, "BadRequest", f"the body must be a {resource.kind}")
        got = (
            document.setdefault("apiVersion", resource.api_version),
            document.setdefault("kind", resource.kind),
        )
        if got != (resource.api_version, resource.kind):
            raise ApiError(
                400,
                "BadRequest",
                f"{got[1]} in version {got[0]!r} cannot be handled as a {resource.kind} of"
                f" {resource.api_version}",
            )
        metadata = document.setdefault("metadata", {})
        if resource.namespaced:
            namespace = request.path_params["namespace"]
            if metadata.setdefault("namespace", namespace) != namespace:
                raise ApiError(
                    400,
                    "BadRequest",
                    "the namespace of the provided object does not match the namespace sent on the request"
                    f" ({metadata['namespace']})",
                )
        name = request.path_params.get("name")
        if name is not None and metadata.setdefault("name", name) != name:
            raise ApiError(
                400,
                "BadRequest",
                f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})",
            )
        if not metadata.get("name") and not metadata.get("generateName"):
            why = "metadata.name: Required value: name or generateName is required"
            raise ApiError(422, "Invalid", f'{resource.kind} "" is invalid: {why}')
        return document


class _Forwarded(Response):
    """The answer of another application to the same request on another path."""

    def __init__(self, serve: Serve, path: str) -> None:
        super().__init__()
        self._serve, self._path = serve, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve(
            {**scope, "path": self._path, "raw_path": self._path.encode(), "root_path": ""}, receive, send
        )


def _pods() -> Resource:
    return next(r for r in resources() if r.kind == "Pod")


def _writer(request: Request, subresource: str = "") -> Writer:
    agent = request.headers.get("user-agent", "unknown").split("/")[0]
    manager = request.query_params.get("fieldManager") or agent
    return Writer(manager, request.query_params.get("dryRun") == "All", subresource)


def _checked(
    document: Object, resource: Resource, validation: str, patch: Any = None
) -> tuple[Object, dict[str, str]]:
    """The object without unknown fields, and the headers that warn of them; Strict refuses
    them, as wrong types always are.

    With a patch it is what came of that.
    """
    found = findings(document, resource.schema)
    unknown = [f'unknown field "{p}"' for p in found.unknown]
    if unknown and validation == "Strict":
        why = "strict decoding error: " + ", ".join(unknown)
        if patch is None:
            raise ApiError(400, "BadRequest", why)
        cause = {
            "reason": "FieldValueInvalid",
            "message": f"Invalid value: {json.dumps(json.dumps(patch))}: {why}",
            "field": "patch",
        }
        raise ApiError(
            422,
            "Invalid",
            f' "" is invalid: patch: {cause["message"]}',
            [cause],
            kind=resource.plural,
            group=resource.group,
        )
    wrong = [f"{path}: {why}" for path, why in found.wrong] + [f"{p}: Required value" for p in found.missing]
    if wrong:
        name = document["metadata"].get("name", "")
        causes = [{"reason": "FieldValueInvalid", "message": why, "field": path} for path, why in found.wrong]
        raise ApiError(422, "Invalid", f'{resource.kind} "{name}" is invalid: ' + ", ".join(wrong), causes)
    quoted = ", ".join(unknown).replace('"', '\\"')
    return pruned(document, resource.schema), (
        {"Warning": f'299 - "{quoted}"'} if unknown and validation != "Ignore" else {}
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
