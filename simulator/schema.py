"""The fields of the kinds that may be written, for strict validation: as much of the real schemas as a bundle can touch."""

from __future__ import annotations

from typing import Any

from simulator.store import ApiError

ANY: dict[str, Any] = {}
"""Below this, everything is accepted."""
STRINGS = {"*": str}
LIST = [ANY]
METADATA = {"name": str, "namespace": str, "labels": STRINGS, "annotations": STRINGS, "finalizers": LIST, "ownerReferences": LIST}
ENV = {"name": str, "value": str, "valueFrom": ANY}
CONTAINER: dict[str, Any] = {
    "name": str,
    "image": str,
    "command": LIST,
    "args": LIST,
    "env": [ENV],
    "ports": LIST,
    "resources": {"limits": ANY, "requests": ANY, "claims": LIST},
    "volumeMounts": LIST,
    "startupProbe": ANY,
    "readinessProbe": ANY,
    "livenessProbe": ANY,
    "securityContext": ANY,
    "imagePullPolicy": str,
}
MODEL = CONTAINER | {
    "modelFormat": {"name": str, "version": str},
    "runtime": str,
    "runtimeVersion": str,
    "storageUri": str,
    "storage": ANY,
    "protocolVersion": str,
}
PREDICTOR: dict[str, Any] = {
    "minReplicas": int,
    "maxReplicas": int,
    "scaleTarget": int,
    "scaleMetric": str,
    "autoScaling": ANY,
    "containerConcurrency": int,
    "timeout": int,
    "canaryTrafficPercent": int,
    "deploymentStrategy": ANY,
    "labels": STRINGS,
    "annotations": STRINGS,
    "serviceAccountName": str,
    "automountServiceAccountToken": bool,
    "nodeSelector": STRINGS,
    "tolerations": LIST,
    "affinity": ANY,
    "volumes": LIST,
    "containers": [CONTAINER],
    "imagePullSecrets": LIST,
    "securityContext": ANY,
    "hostNetwork": bool,
    "model": MODEL,
}
HEAD: dict[str, Any] = {"apiVersion": str, "kind": str, "metadata": METADATA}
SCHEMAS: dict[str, dict[str, Any]] = {
    "InferenceService": HEAD | {"spec": {"predictor": PREDICTOR, "transformer": ANY, "explainer": ANY}, "status": ANY},
    "ServiceAccount": HEAD | {"automountServiceAccountToken": bool, "secrets": LIST, "imagePullSecrets": LIST},
}


def check_strictly(document: dict[str, Any]) -> None:
    """Raise the API server's 400 for unknown fields, its 422 for values of a wrong type."""
    unknown, wrong = problems(document)
    if unknown:
        raise ApiError(400, "BadRequest", "strict decoding error: " + ", ".join(f'unknown field "{p}"' for p in unknown))
    if wrong:
        name = document["metadata"].get("name", "")
        raise ApiError(422, "Invalid", f'{document["kind"]} "{name}" is invalid: ' + ", ".join(wrong))


def problems(document: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Paths of unknown fields, and what is wrong with the types of others."""
    unknown: list[str] = []
    wrong: list[str] = []
    schema = SCHEMAS.get(document.get("kind", ""))
    if schema is not None:
        _walk(document, schema, "", unknown, wrong)
    return unknown, wrong


def _walk(value: Any, schema: Any, path: str, unknown: list[str], wrong: list[str]) -> None:
    if schema == ANY:
        return
    kind: Any = dict if isinstance(schema, dict) else list if isinstance(schema, list) else schema
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        names = {str: "string", int: "integer", bool: "boolean", dict: "object", list: "array"}
        wrong.append(f'{path}: Invalid value: "{type(value).__name__}": must be of type {names[kind]}')
    elif isinstance(schema, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            if "*" in schema:
                _walk(inner, schema["*"], here, unknown, wrong)
            elif key in schema:
                _walk(inner, schema[key], here, unknown, wrong)
            else:
                unknown.append(here)
    elif isinstance(schema, list):
        for index, inner in enumerate(value):
            _walk(inner, schema[0], f"{path}[{index}]", unknown, wrong)
