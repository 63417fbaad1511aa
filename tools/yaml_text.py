"""Documents as YAML that every reader reads alike."""

from __future__ import annotations

import re

import yaml


def as_yaml(document: object, *, sort_keys: bool = False, width: int = 80) -> str:
    """A document as YAML text, in which a string stays a string for kubectl too.

    PyYAML follows YAML 1.1, for which `12e4` is text, and leaves it without quotes; Go's readers, kubectl's
    and Helm's, follow YAML 1.2 in this (its core schema, section 10.3.2), and read a number.
    """
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=sort_keys, allow_unicode=True, width=width))


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML reads as a number."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?0o[0-7]+$"), list("-+0"))
