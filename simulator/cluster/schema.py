"""The fields that each kind has: those of Kubernetes as the official client's models list
them, those of KServe by hand.

They serve strict validation, the merging of lists by key, and the OpenAPI document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Kind = str  # object, map, list, string, integer, number, boolean, int-or-string, any

# Lists that merge by key, as `x-kubernetes-list-map-keys` has them: (type of the
# client's model, field) to keys.
LIST_KEYS: dict[tuple[str, str], tuple[str, ...]] = {
    ("*", "conditions"): ("type",),
    ("*", "ownerReferences"): ("uid",),
    ("V1PodSpec", "imagePullSecrets"): (
        "name",
    ),  # of a ServiceAccount they are one value, replaced as a whole
    ("V1PodSpec", "containers"): ("name",),
    ("V1PodSpec", "initContainers"): ("name",),
    ("V1PodSpec", "volumes"): ("name",),
    ("V1Container", "env"): ("name",),
    ("V1Container", "ports"): ("containerPort", "protocol"),
    ("V1Container", "volumeMounts"): ("mountPath",),
    ("V1ServiceSpec", "ports"): ("port", "protocol"),
    ("V1ServiceAccount", "secrets"): ("name",),
}
SETS = {"finalizers"}
QUANTITIES = {"limits", "requests", "sizeLimit", "hard", "used", "capacity", "allocatable"}
KEY_DEFAULTS = {"protocol": "TCP"}
"""What a server fills in before it compares keys."""


@dataclass(frozen=True)
class Schema:
    kind: Kind
    fields: Callable[[], dict[str, Schema]] = field(default=dict)
    item: Schema | None = None
    """Of lists and maps."""
    keys: tuple[str, ...] = ()
    """Of lists that merge by key."""
    is_set: bool = False
    required: frozenset[str] = frozenset()


ANY = Schema("any")
STRING, INTEGER, BOOLEAN, NUMBER, INT_OR_STRING = (
    Schema(k) for k in ("string", "integer", "boolean", "number", "int-or-string")
)
STRINGS = Schema("map", item=STRING)
QUANTITY = INT_OR_STRING
SCALARS = {
    "str": STRING,
    "int": INTEGER,
    "bool": BOOLEAN,
    "float": NUMBER,
    "datetime": STRING,
    "bytes": STRING,
    "object": ANY,
}


def structure(required: tuple[str, ...] = (), **fields: Schema) -> Schema:
    return Schema("object", fields=lambda: fields, required=frozenset(required))


def listing(item: Schema, *keys: str) -> Schema:
    return Schema("list", item=item, keys=keys)


@cache
def of_client_model(name: str) -> Schema:
    """The schema of a type of the official client, for instance `V1PodSpec`."""
    from kubernetes.client import models

    model: Any = getattr(models, name)
    needed = (name for name, info in model.model_fields.items() if info.is_required())
    required = frozenset(model.attribute_map[name] for name in needed if name in model.attribute_map)

    @cache
    def fields() -> dict[str, Schema]:
        return {
            json: _typed(name, json, model.openapi_types[attribute])
            for attribute, json in model.attribute_map.items()
        }

    return Schema("object", fields=fields, required=required)


def _typed(model: str, name: str, written: str) -> Schema:
    inner = re.fullmatch(r"(List|Dict)\[(?:str, )?(.*)\]", written)
    if name in QUANTITIES and not written.startswith("V1"):
        return Schema("map", item=QUANTITY) if inner else QUANTITY
    if inner and inner[1] == "List":
        keys = LIST_KEYS.get((model, name)) or LIST_KEYS.get(("*", name)) or ()
        return Schema("list", item=_typed(model, "", inner[2]), keys=keys, is_set=name in SETS)
    if inner:
        return Schema("map", item=_typed(model, "", inner[2]))
    return SCALARS.get(written) or of_client_model(written)


def custom_kind(spec: Schema) -> Schema:
    """Of a custom resource: its own specification between the head that all kinds have and a free status."""
    return structure(
        ("spec",),
        apiVersion=STRING,
        kind=STRING,
        metadata=of_client_model("V1ObjectMeta"),
        spec=spec,
        status=ANY,
    )


@cache
def inference_service() -> Schema:
    """`serving.kserve.io/v1beta1`, as KServe 0.20 has it: a pod's fields beside the component's own."""
    component = {
        "minReplicas": INTEGER,
        "maxReplicas": INTEGER,
        "scaleTarget": INTEGER,
        "scaleMetric": STRING,
        "scaleMetricType": STRING,
        "autoScaling": ANY,
        "containerConcurrency": INTEGER,
        "timeout": INTEGER,
        "canaryTrafficPercent": INTEGER,
        "deploymentStrategy": of_client_model("V1DeploymentStrategy"),
        "labels": STRINGS,
        "annotations": STRINGS,
        "logger": ANY,
        "batcher": ANY,
    }
    container = of_client_model("V1Container")
    model = {
        "modelFormat": structure(("name",), name=STRING, version=STRING),
        "runtime": STRING,
        "runtimeVersion": STRING,
        "storageUri": STRING,
        "storage": ANY,
        "protocolVersion": STRING,
    }
    pod = of_client_model("V1PodSpec")

    @cache
    def predictor() -> dict[str, Schema]:
        in_model = Schema("object", fields=lambda: container.fields() | model)
        return pod.fields() | component | {"model": in_model, "workerSpec": ANY}

    spec = structure(
        ("predictor",), predictor=Schema("object", fields=predictor), transformer=ANY, explainer=ANY
    )
    return custom_kind(spec)


def pod_monitor() -> Schema:
    """`monitoring.coreos.com/v1`, of the Prometheus operator."""
    endpoint = structure(
        port=STRING, path=STRING, interval=STRING, scheme=STRING, portNumber=INTEGER, relabelings=listing(ANY)
    )
    spec = structure(
        ("selector",),
        selector=of_client_model("V1LabelSelector"),
        namespaceSelector=ANY,
        podMetricsEndpoints=listing(endpoint),
        podTargetLabels=listing(STRING),
        jobLabel=STRING,
    )
    return custom_kind(spec)


@dataclass(frozen=True)
class Findings:
    """What strict validation finds: paths of unknown fields, values of a wrong type, fields that lack."""

    unknown: list[str]
    wrong: list[tuple[str, str]]
    missing: list[str]


def findings(value: Any, schema: Schema) -> Findings:
    found = Findings([], [], [])
    _walk(value, schema, "", found)
    return found


TYPES: dict[Kind, tuple[type, ...]] = {
    "object": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "int-or-string": (int, str, float),
}


def _walk(value: Any, schema: Schema, path: str, found: Findings) -> None:
    if schema.kind == "any" or value is None:
        return
    if not isinstance(value, TYPES[schema.kind]) or (isinstance(value, bool) and schema.kind != "boolean"):
        got = {
            dict: "object",
            list: "array",
            str: "string",
            bool: "boolean",
            int: "integer",
            float: "number",
        }[type(value)]
        kind = {"list": "array", "map": "object"}.get(schema.kind, schema.kind)
        found.wrong.append((path, f'Invalid value: "{got}": {path} in body must be of type {kind}: "{got}"'))
    elif isinstance(value, dict):
        fields = schema.fields()
        for key, inner in value.items():
            here = f"{path}.{key}" if path else str(key)
            known = fields.get(key) if schema.kind == "object" else schema.item
            if known is None:
                found.unknown.append(here)
            else:
                _walk(inner, known, here, found)
        found.missing.extend(
            f"{path}.{key}" if path else key for key in sorted(schema.required) if value.get(key) is None
        )
    elif isinstance(value, list) and schema.item is not None:
        for index, inner in enumerate(value):
            _walk(inner, schema.item, f"{path}[{index}]", found)


def pruned(value: Any, schema: Schema) -> Any:
    """`value` without the fields that the schema doesn't know, as a server keeps it."""
    if schema.kind == "any" or value is None or schema.kind not in ("object", "map", "list"):
        return value
    if isinstance(value, dict):
        fields = schema.fields()
        known: Iterator[tuple[str, Schema | None]] = (
            (k, fields.get(k) if schema.kind == "object" else schema.item) for k in value
        )
        return {k: pruned(value[k], s) for k, s in known if s is not None and value[k] is not None}
    if isinstance(value, list) and schema.item is not None:
        return [pruned(inner, schema.item) for inner in value]
    return value


def openapi(schema: Schema, depth: int = 0) -> dict[str, Any]:
    """As an OpenAPI v3 schema, to the depth that clients look at."""
    if schema.kind == "any" or depth > 12:
        return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    if schema.kind == "int-or-string":
        return {"x-kubernetes-int-or-string": True, "oneOf": [{"type": "integer"}, {"type": "string"}]}
    if schema.kind == "list":
        merging: dict[str, Any] = (
            {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(schema.keys)}
            if schema.keys
            else {}
        )
        return {"type": "array", "items": openapi(schema.item or ANY, depth + 1)} | merging
    if schema.kind == "map":
        return {"type": "object", "additionalProperties": openapi(schema.item or ANY, depth + 1)}
    if schema.kind == "object":
        properties = {name: openapi(inner, depth + 1) for name, inner in schema.fields().items()}
        return {"type": "object", "properties": properties} | (
            {"required": sorted(schema.required)} if schema.required else {}
        )
    return {"type": schema.kind}
