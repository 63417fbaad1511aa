"""Text that clusters and endpoints send: data for a person to read, and nothing that
a terminal would obey.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST = 500


def printable(text: str, longest: int = LONGEST) -> str:
    """`text` without control characters, escape sequences' beginnings and changes of
    direction, cut at `longest`.
    """
    return _CONTROL.sub("", text)[:longest]
