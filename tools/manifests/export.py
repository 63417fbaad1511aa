"""A bundle as files for others to apply: plain YAML, a Kustomize base, or a Helm chart
with the values that people change.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, get_args

import yaml

from knowledge.errors import CompassError
from tools.manifests.bundle import ManifestBundle
from tools.manifests.form import PATH
from tools.yaml_text import as_yaml

NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
Form = Literal["yaml", "kustomize", "helm"]
VALUES = {
    "replicas": r"(?m)^(?P<before>    (?:min|max)Replicas: )(?P<value>\d+)$",
    "image": r"(?m)^(?P<before> +image: )(?P<value>\S+)$",
    "cpu": r"(?m)^(?P<before> +cpu: )(?P<value>\"\d+\")$",
    "memory": r"(?m)^(?P<before> +memory: )(?P<value>\d+Gi)$",
    "maxModelLen": r"(?m)(?P<before>--max-model-len=)(?P<value>\d+)",
}
"""What a Helm user sets, and where it stands in the InferenceService."""


def as_form(text: str) -> Form:
    """Raises CompassError for a form that there isn't."""
    if text in get_args(Form):
        return text  # type: ignore[return-value]
    raise CompassError(f"There is no form {text!r}; there are {', '.join(get_args(Form))}.")


def exported(bundle: ManifestBundle, form: Form) -> dict[str, str]:
    """Path to content, relative to one folder."""
    plain = {f.path: f.content for f in bundle.files}
    if form == "yaml":
        return plain
    if form == "kustomize":
        head = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": bundle.namespace,
        }
        return {"kustomization.yaml": as_yaml(head | {"resources": list(plain)})} | plain
    return _chart(bundle, plain)


def write(bundle: ManifestBundle, folder: Path, form: Form) -> list[Path]:
    """Write an export; files of an earlier one are replaced, and nothing outside of `folder` is touched.

    Raises CompassError where it can't be written, for a file whose name isn't one of a bundle, and for
    a link that stands in its way.
    """
    for file in bundle.files:
        if not PATH.fullmatch(file.path):
            raise CompassError(
                f"{file.path[:80]!r} can't be the name of a manifest (small letters, digits, “-”, then"
                " .yaml). Nothing was written."
            )
    contents = {folder / name: content for name, content in exported(bundle, form).items()}
    try:
        for path in contents:
            if link := next((p for p in (path, path.parent) if p != folder and p.is_symlink()), None):
                raise CompassError(
                    f"{link} is a link to somewhere else, and isn't followed. Nothing was written; remove it,"
                    " or name another folder."
                )
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | NO_LINKS, 0o666)
            with os.fdopen(made, "w", encoding="utf-8", newline="") as out:
                out.write(content)
    except OSError as error:
        raise CompassError(f"{folder} can't be written: {error.strerror}. Name another folder.") from error
    return list(contents)


def _chart(bundle: ManifestBundle, plain: dict[str, str]) -> dict[str, str]:
    """The templates give the approved manifests back byte for byte as long as nobody changes the values."""
    values: dict[str, object] = {}
    files = {}
    for path, content in plain.items():
        templated = content.replace("{{", "{{ `{{` }}")
        if "kind: InferenceService" in content:
            for name, pattern in VALUES.items():
                found = re.search(pattern, templated)
                if found and (
                    name != "replicas" or len(set(re.findall(r"(?:min|max)Replicas: (\d+)", content))) == 1
                ):
                    values[name] = yaml.safe_load(found["value"])
                    quote = " | quote" if found["value"].startswith('"') else ""
                    templated = re.sub(pattern, rf"\g<before>{{{{ .Values.{name}{quote} }}}}", templated)
        files[f"templates/{path}"] = templated
    chart = {
        "apiVersion": "v2",
        "name": bundle.name,
        "description": f"{bundle.model_id} on KServe and vLLM",
        "version": "0.1.0",
        "type": "application",
    }
    return {
        "Chart.yaml": as_yaml(chart),
        "values.yaml": as_yaml(values),
    } | files
