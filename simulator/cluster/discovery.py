"""What the server says of itself: version, groups, resources, and the OpenAPI
documents that clients validate with.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from simulator.cluster.kinds import KINDS
from simulator.cluster.objects import Object
from simulator.cluster.resources import Resource
from simulator.cluster.schema import openapi

VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.0+compass.simulator",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}
REVIEWS = "authorization.k8s.io/v1"
"""The group of SelfSubjectAccessReview, which is answered and never stored."""


def versions(hidden: frozenset[str]) -> list[str]:
    """Group versions, without those of hidden groups, in the order of their first kind."""
    found = dict.fromkeys(r.api_version for r in KINDS if r.group not in hidden)
    return [*found, REVIEWS]


def groups(hidden: frozenset[str]) -> Object:
    found: dict[str, list[dict[str, str]]] = {}
    for version in versions(hidden):
        if "/" in version:
            found.setdefault(version.split("/")[0], []).append(
                {"groupVersion": version, "version": version.split("/")[1]}
            )
    listed = [
        {"name": name, "versions": known, "preferredVersion": known[0]} for name, known in found.items()
    ]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}


def resource_list(version: str) -> Object:
    found: list[dict[str, Any]] = []
    for resource in KINDS:
        if resource.api_version != version:
            continue
        entry: dict[str, Any] = {
            "name": resource.plural,
            "singularName": resource.kind.lower(),
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": resource.verbs,
        }
        if resource.short_names:
            entry["shortNames"] = list(resource.short_names)
        if resource.categories:
            entry["categories"] = list(resource.categories)
        found.append(entry)
        part = {"singularName": "", "namespaced": resource.namespaced, "kind": resource.kind}
        if resource.status:
            found.append(part | {"name": f"{resource.plural}/status", "verbs": ["get", "patch", "update"]})
        if resource.kind == "Pod":
            found.append(part | {"name": "pods/log", "verbs": ["get"]})
            found.append(part | {"name": "pods/proxy", "kind": "PodProxyOptions", "verbs": ["get"]})
    if version == REVIEWS:
        kind = "SelfSubjectAccessReview"
        found.append(
            {
                "name": "selfsubjectaccessreviews",
                "singularName": "",
                "namespaced": False,
                "kind": kind,
                "verbs": ["create"],
            }
        )
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found}


def openapi_index(hidden: frozenset[str]) -> Object:
    paths = {
        _path(v): {"serverRelativeURL": f"/openapi/v3/{_path(v)}?hash=1"}
        for v in versions(hidden)
        if v != REVIEWS
    }
    return {"paths": paths}


@cache
def openapi_v3(path: str) -> Object | None:
    """The document of one group version, by its path in the index; None if there is none."""
    found = [r for r in KINDS if _path(r.api_version) == path]
    if not found:
        return None
    schemas = {
        _schema_name(r): openapi(r.schema) | {"x-kubernetes-group-version-kind": [_kind(r)]} for r in found
    }
    operations = {}
    for resource in found:
        where = (
            f"{resource.root}/namespaces/{{namespace}}/{resource.plural}"
            if resource.namespaced
            else f"{resource.root}/{resource.plural}"
        )
        parameters = [
            {"name": n, "in": "query", "schema": {"type": "string"}}
            for n in ("dryRun", "fieldManager", "fieldValidation", "force")
        ]
        operation = {
            "x-kubernetes-group-version-kind": _kind(resource),
            "parameters": parameters,
            "responses": {"200": {"description": "OK"}},
        }
        operations[f"{where}/{{name}}"] = {
            "patch": operation | {"x-kubernetes-action": "patch"},
            "put": operation | {"x-kubernetes-action": "put"},
        }
        operations[where] = {"post": operation | {"x-kubernetes-action": "post"}}
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": info, "paths": operations, "components": {"schemas": schemas}}


def _path(version: str) -> str:
    return f"apis/{version}" if "/" in version else f"api/{version}"


def _kind(resource: Resource) -> dict[str, str]:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _schema_name(resource: Resource) -> str:
    group = ".".join(reversed((resource.group or "core.api.k8s.io").split(".")))
    return f"{group}.{resource.version}.{resource.kind}"
