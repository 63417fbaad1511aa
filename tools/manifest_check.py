"""What must hold of a bundle before a person is asked to approve it; the schema itself is checked by the server's strict dry run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import yaml

from tools.specification import Contract

KSERVE_NAME = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
ALLOWED_KINDS = {"InferenceService", "ServiceAccount"}
TOKEN_LIKE = re.compile(r"hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}")
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


class Problem(Contract):
    """Where a bundle is wrong, and what would be accepted."""

    file: str
    field: str
    text: str


def check_bundle(files: Sequence[tuple[str, str]]) -> list[Problem]:
    """The problems of (path, YAML text) pairs; empty when a person may be asked."""
    problems: list[Problem] = []
    for path, text in files:
        problems.extend(Problem(file=path, field=field, text=why) for field, why in _check_file(text))
    return problems


def _check_file(text: str) -> Iterable[tuple[str, str]]:
    if TOKEN_LIKE.search(text):
        yield "(whole file)", "looks as if it held a token: name a Secret instead"
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        yield "(whole file)", f"is not YAML: {str(error).splitlines()[0]}"
        return
    if not isinstance(document, dict) or document.get("kind") not in ALLOWED_KINDS:
        yield "kind", f"must be one of {', '.join(sorted(ALLOWED_KINDS))}"
        return
    metadata = document.get("metadata") or {}
    if not KSERVE_NAME.match(str(metadata.get("name", ""))) or len(str(metadata.get("name"))) > 40:
        yield "metadata.name", "must match [a-z]([-a-z0-9]*[a-z0-9])? with 40 characters at most"
    if not metadata.get("namespace"):
        yield "metadata.namespace", "must be set: a bundle is for one namespace"
    for group in ("labels", "annotations"):
        for key, value in (metadata.get(group) or {}).items():
            if not isinstance(value, str):
                yield f"metadata.{group}.{key}", f"must be a string, and YAML reads {value!r} as something else: put it in quotes"
    if document["kind"] == "InferenceService":
        yield from _check_inference_service(document.get("spec", {}).get("predictor", {}))


def _check_inference_service(predictor: dict[str, Any]) -> Iterable[tuple[str, str]]:
    if not 1 <= int(predictor.get("minReplicas", 0)) <= int(predictor.get("maxReplicas", 0)):
        yield "spec.predictor.minReplicas", "must be at least 1 and at most maxReplicas"
    model = predictor.get("model") or {}
    resources = model.get("resources") or {}
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for name in ("cpu", "memory"):
        if name not in limits:
            yield f"resources.limits.{name}", "must be set"
        elif name in requests and _quantity(requests[name]) > _quantity(limits[name]):
            yield f"resources.requests.{name}", "must not be above the limit"
    gpus = [int(v) for k, v in limits.items() if k.endswith("/gpu")]
    parallel = [a.split("=", 1)[1] for a in model.get("args", []) if a.startswith("--tensor-parallel-size=")]
    if len(gpus) != 1 or [str(g) for g in gpus] != parallel:
        yield "spec.predictor.model.args", "tensor parallel size must equal the GPUs in resources.limits"
    for entry in model.get("env", []):
        if "valueFrom" not in entry and "TOKEN" in entry.get("name", ""):
            yield f"env.{entry['name']}", "must come from a Secret"
    if predictor.get("hostNetwork") or (model.get("securityContext") or {}).get("privileged"):
        yield "spec.predictor", "must be neither privileged nor on the host's network"
    if "image" in model and (":" not in str(model["image"]) or str(model["image"]).endswith(":latest")):
        yield "spec.predictor.model.image", "must be pinned to a version"


def _quantity(value: Any) -> float:
    text = str(value)
    for suffix, factor in UNITS.items():
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text.removesuffix("m")) / 1000 if text.endswith("m") else float(text)
