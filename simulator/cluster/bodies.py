"""What clients send: read, set where the path says, and checked against the kind's schema."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import yaml
from starlette.requests import Request

from simulator.cluster.objects import ApiError, Object
from simulator.cluster.resources import Resource
from simulator.cluster.schema import findings, pruned
from simulator.cluster.store import Writer

MAX_BODY_BYTES = 3_000_000


@dataclass(frozen=True)
class Bodies:
    """`delay_s` slows each write down."""

    delay_s: float

    async def read(self, request: Request, content_type: str = "") -> Any:
        """A body as the object that it is. Raises ApiError 400, 413, 415."""
        raw = await request.body()
        if len(raw) > MAX_BODY_BYTES:
            raise ApiError(413, "RequestEntityTooLarge", f"the body is larger than {MAX_BODY_BYTES} bytes")
        if "protobuf" in request.headers.get("content-type", ""):
            raise ApiError(
                415,
                "UnsupportedMediaType",
                "the simulator reads JSON and YAML, for instance by kubectl apply -f FILE",
            )
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        try:
            return yaml.load(raw, Loader=yaml.CSafeLoader) if "yaml" in content_type else json.loads(raw)
        except (yaml.YAMLError, ValueError) as error:
            raise ApiError(400, "BadRequest", f"the object provided is unrecognized: {error}") from error


def placed(document: Any, request: Request, resource: Resource) -> Object:
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


def checked(
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


def writer_of(request: Request, subresource: str = "") -> Writer:
    agent = request.headers.get("user-agent", "unknown").split("/")[0]
    manager = request.query_params.get("fieldManager") or agent
    return Writer(manager, request.query_params.get("dryRun") == "All", subresource)
