"""Label and field selectors, as they stand in a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from simulator.cluster.objects import ApiError, Object, labels

_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)?(?P<name>[\w./-]+)"
    r"(?:\s*(?P<op>==|=|!=)\s*(?P<value>[\w.-]*)|\s+(?P<set>in|notin)\s+\((?P<values>[^)]*)\))?)\s*(?:,|$)"
)
FIELDS: dict[str, set[str]] = {
    "pods": {
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
    },
    "events": {
        *(
            f"involvedObject.{f}"
            for f in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
        ),
        *("reason", "reportingComponent", "source", "type"),
    },
    "nodes": {"spec.unschedulable"},
    "namespaces": {"status.phase"},
    "secrets": {"type"},
}
"""Beside `metadata.name` and `metadata.namespace`, which every kind has."""


def matches(document: Object, resource: str, query: Mapping[str, str]) -> bool:
    """Raises ApiError 400 for a selector that can't be read, or a field that the kind has no index for."""
    return _labels_match(labels(document), query.get("labelSelector", "")) and _fields_match(
        document, resource, query.get("fieldSelector", "")
    )


def _labels_match(found: dict[str, str], selector: str) -> bool:
    position = 0
    while position < len(selector):
        part = _REQUIREMENT.match(selector, position)
        if part is None or part.end() == position:
            raise ApiError(400, "BadRequest", f"unable to parse requirement: {selector!r}")
        position = part.end()
        value = found.get(part["name"])
        if part["set"]:
            values = {v.strip() for v in part["values"].split(",")}
            fits = value in values if part["set"] == "in" else value not in values
        elif part["op"]:
            fits = value != part["value"] if part["op"] == "!=" else value == part["value"]
        else:
            fits = (value is None) == bool(part["absent"])
        if not fits:
            return False
    return True


def _fields_match(document: Object, resource: str, selector: str) -> bool:
    for part in filter(None, selector.split(",")):
        name, op, value = re.split(r"(!=|==|=)", part, maxsplit=1) if re.search("=", part) else (part, "", "")
        if not op:
            raise ApiError(400, "BadRequest", f"invalid field selector: {part!r}")
        if name not in {"metadata.name", "metadata.namespace"} | FIELDS.get(resource, set()):
            raise ApiError(400, "BadRequest", f"field label not supported: {name}")
        found: Any = document
        for key in name.split("."):
            found = found.get(key, "") if isinstance(found, dict) else ""
        if (str(found) == value) == (op == "!="):
            return False
    return True
