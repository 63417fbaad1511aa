"""`Table` answers: what `kubectl get` prints, and what a watch of it streams."""

from __future__ import annotations

import re
from typing import Any

from simulator.cluster.objects import Object
from simulator.cluster.resources import Resource

_TABLE = re.compile(r"as=Table;(?:[^,]*;)?v=(v1(?:beta1)?)|v=(v1(?:beta1)?);[^,]*as=Table")


def wanted(accept: str) -> str | None:
    """The version of `meta.k8s.io` that the client wants a Table of, None if it wants objects."""
    found = _TABLE.search(accept)
    return (found[1] or found[2]) if found else None


def table(
    resource: Resource,
    documents: list[Object],
    version: str,
    include: str,
    metadata: dict[str, Any] | None = None,
) -> Object:
    """`include` is the query's `includeObject`: None, Metadata (the default) or Object."""
    definitions = [
        {
            "name": c.name,
            "type": c.type,
            "format": "name" if c.name == "Name" else "",
            "description": c.name,
            "priority": int(c.wide),
        }
        for c in resource.columns
    ]
    rows = [
        {"cells": [c.value(d) for c in resource.columns], "object": _object(d, include)} for d in documents
    ]
    head = {"kind": "Table", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata or {}}
    return head | {"columnDefinitions": definitions, "rows": rows}


def _object(document: Object, include: str) -> Object | None:
    if include == "None":
        return None
    if include == "Object":
        return document
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": document["metadata"]}
