"""Live objects against what we want of them: what differs, who else owns it, what was ours before."""

from __future__ import annotations

import difflib
import hashlib
import json
from typing import Any

from tools.clusters.cluster import FIELD_MANAGER
from tools.clusters.objects import Object, labels, notes_of, uid_of
from tools.manifests.annotations import DIGEST, PREDICTED, TARGETS
from tools.untrusted import printable
from tools.yaml_text import as_yaml

SERVERS_OWN = {
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
}
GITOPS = {
    "argocd.argoproj.io/instance": "Argo CD",
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
    "meta.helm.sh/release-name": "Helm",
}
"""Labels and annotations by which these tools mark what they manage, and would change back."""
OUR_NOTES = {DIGEST, PREDICTED, TARGETS}
"""Annotations that change with every plan and say nothing to whoever reads a difference."""
MANAGERS = {"argocd": "Argo CD", "kustomize-controller": "Flux", "helm-controller": "Flux", "helm": "Helm"}


def stripped(document: Object) -> Object:
    """What people write of an object: no status, nothing that the server fills in."""
    metadata = {k: v for k, v in document["metadata"].items() if k not in SERVERS_OWN}
    return {k: v for k, v in document.items() if k != "status"} | {"metadata": metadata}


def fingerprint(found: list[Object | None]) -> str:
    """Of live objects, in order: changes when anything that a person could have looked at changes."""
    shown = [None if o is None else stripped(o) | {"uid": uid_of(o)} for o in found]
    return hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()


def difference(before: Object | None, after: Object | None) -> str:
    """As a unified diff of YAML, empty if nothing changes."""
    return "\n".join(list(difflib.unified_diff(_lines(before), _lines(after), lineterm="", n=2))[2:])


def owner_of(document: Object) -> str | None:
    """The tool that manages a live object and would change it back: Argo CD, Flux or Helm."""
    marks = labels(document) | notes_of(document)
    for mark, tool in GITOPS.items():
        if mark in marks:
            return tool
    return "Helm" if marks.get("app.kubernetes.io/managed-by") == "Helm" else None


def tool_of(manager: str) -> str:
    """A field manager by the name that people know it by."""
    for prefix, tool in MANAGERS.items():
        if manager.startswith(prefix):
            return f"{tool} ({printable(manager)})"
    return printable(manager)


def ours(document: Object) -> Object | None:
    """The fields that we applied, taken out of a live object by its managed fields;
    None if there are none.
    """
    entry = next(
        (
            m
            for m in document["metadata"].get("managedFields") or []
            if m["manager"] == FIELD_MANAGER and m["operation"] == "Apply"
        ),
        None,
    )
    if entry is None:
        return None
    found: Object = _owned(document, entry.get("fieldsV1") or {})
    head = {"apiVersion": document["apiVersion"], "kind": document["kind"]}
    names = {k: document["metadata"][k] for k in ("name", "namespace") if k in document["metadata"]}
    return head | found | {"metadata": names | (found.get("metadata") or {})}


def drift(approved: Object, live: Object, path: str = "") -> list[str]:
    """Paths of what was approved and is otherwise now."""
    found: list[str] = []
    for key, wanted in approved.items():
        here = f"{path}.{key}" if path else key
        got = live.get(key)
        if isinstance(wanted, dict) and isinstance(got, dict):
            found += drift(wanted, got, here)
        elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
            for index, (one, other) in enumerate(zip(wanted, got, strict=True)):
                if isinstance(one, dict) and isinstance(other, dict):
                    found += drift(one, other, f"{here}[{index}]")
                elif one != other:
                    found.append(f"{here}[{index}]")
        elif str(wanted) != str(got):  # a server may answer 2 for "2"
            found.append(here)
    return found


def _owned(value: Any, tree: Object) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        result = []
        for key, inner in tree.items():
            kind, _, text = key.partition(":")
            wanted: Any = json.loads(text) if text else None
            if kind == "k":
                item = next(
                    (
                        e
                        for e in value
                        if isinstance(e, dict) and all(e.get(k) == v for k, v in wanted.items())
                    ),
                    None,
                )
                if item is not None:
                    result.append(_owned(item, {k: v for k, v in inner.items() if k != "."}) | wanted)
            elif kind == "v" and wanted in value:
                result.append(wanted)
        return result
    found = {}
    for key, inner in tree.items():
        name = key.removeprefix("f:")
        if key.startswith("f:") and isinstance(value, dict) and name in value:
            found[name] = _owned(value[name], inner)
    return found


def _lines(document: Object | None) -> list[str]:
    if document is None:
        return []
    shown = stripped(document)
    told = {k: v for k, v in notes_of(document).items() if k not in OUR_NOTES}
    shown["metadata"].pop("annotations", None)
    if told:
        shown["metadata"]["annotations"] = told
    text = as_yaml(shown, sort_keys=True, width=1000)
    return [printable(line, 300) for line in text.splitlines()]
