"""Texts on a terminal, or into a pipe, whose encoding lacks some of our characters:
others that say the same, never an error.
"""

from __future__ import annotations

import codecs
import sys
import unicodedata

INSTEAD = {
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("–—‑−─━╌", "-"),
    **dict.fromkeys("•·∙", "*"),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
    **dict(zip("▁▂▃▄▅▆▇█", "_.:-=+*#", strict=True)),
    **{
        "→": "->",
        "←": "<-",
        "≤": "<=",
        "≥": ">=",
        "≈": "~",
        "×": "x",
        "÷": "/",
        "±": "+-",
        "…": "...",
        "›": ">",
        "‹": "<",
        "✓": "ok",
        "✗": "x",
        "€": "EUR",
    },
}


def plain_where_needed() -> None:
    """What the output can't hold is written with what it can."""
    codecs.register_error("plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and not (stream.encoding or "").lower().startswith("utf"):
            stream.reconfigure(errors="plain")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    said = "".join(
        INSTEAD.get(character) or _without_marks(character)
        for character in error.object[error.start : error.end]
    )
    try:
        said.encode(error.encoding)
    except UnicodeEncodeError:
        said = said.encode("ascii", "replace").decode()
    return said, error.end


def _without_marks(character: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", character) if not unicodedata.combining(c))
