"""A file's text as one YAML document, whoever wrote it: what can't be read so is a
sentence, and nothing small grows large.
"""

from __future__ import annotations

from typing import Any

import yaml

from knowledge.errors import CompassError

DEEPEST = 50
"""Levels of nesting, far more than a manifest has: very many use up the stack of PyYAML's
parser in C, and the process ends with it.
"""


def read_yaml(text: str) -> Any:
    """The document. Raises CompassError with the rest of a sentence about the file: “is not YAML: …”."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise CompassError("has an alias (*name): write out what it stands for")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise CompassError(f"is nested more than {DEEPEST} levels deep")
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except CompassError:
        raise
    # a date such as 2024-13-45, or a tag on what isn't such: PyYAML passes on whatever its conversions raise
    except Exception as error:
        raise CompassError(
            f"is not YAML: {(str(error).splitlines() or [type(error).__name__])[0]}"
        ) from error
