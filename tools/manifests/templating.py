"""The templates of the files: which there are, and how they are filled in."""

from __future__ import annotations

from functools import cache

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

TEMPLATES = {
    "01-service-account.yaml": "service-account.yaml.j2",
    "02-network-policy.yaml": "network-policy.yaml.j2",
    "03-pod-disruption-budget.yaml": "pod-disruption-budget.yaml.j2",
    "04-pod-monitor.yaml": "pod-monitor.yaml.j2",
    "05-inference-service.yaml": "inference-service.yaml.j2",
}
"""File to template, in the order of applying: what takes GPUs comes last, when all else went well."""


def rendered(template: str, values: dict[str, object]) -> str:
    """The text of one file. Raises jinja2's UndefinedError for a value that is missing."""
    return environment().get_template(template).render(values).rstrip() + "\n"


@cache
def environment() -> Environment:
    # autoescape is for HTML; this is YAML, and every value is validated before it comes here
    loader = PackageLoader("templates", package_path="")
    made = Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701
    made.filters["quoted"] = _quoted
    return made


def _quoted(text: str) -> str:
    """Any text as one YAML string on one line."""
    return str(yaml.safe_dump(text, default_style='"', width=2**31)).removesuffix("\n")
