"""Machines by the names that their providers give them: “g5.12xlarge”, “ml.p5.48xlarge”, “ND H100 v5”."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.polarity import Mention, sorted_by_polarity
from knowledge.prices import instance_types, prices

_PREFIX = r"(?<![\w.-])(?:ml\.|standard_)?"
_LIKE_ONE = (
    rf"{_PREFIX}(?:[a-z]+\d+[a-z]*\.(?:\d*x?large|metal)|a\d-\w+gpu-\d+g|g\d-standard-\d+|n[cdv]\d+\w*_\w+)"
    r"(?![\w-])"
)
"""What is called like a machine, though the price list may lack it."""


def read_machines(low: str, fields: dict[str, Any], problems: list[str]) -> str:
    """What is left to read of the text: a machine's name holds what looks like a GPU's."""
    found: list[Mention[str]] = []
    for name, pattern in _machines():
        for match in pattern.finditer(low):
            found.append((*match.span(), name))
            low = low[: match.start()] + "_" * len(match[0]) + low[match.end() :]
    for match in kept.finditer(_LIKE_ONE, low):
        problems.append(
            f"“{match[0]}” isn't in my price list. The machines in it are"
            f" {', '.join(instance_types(prices()))}; COMPASS_PRICES adds yours."
        )
    polarity = sorted_by_polarity(low, found)
    wanted = [name for name, _ in _machines() if name in polarity["wanted"]]
    if wanted:
        fields["instance_types"] = sorted(wanted)
    if polarity["unwanted"]:
        problems.append(
            f"I can't leave out {' and '.join(sorted(set(polarity['unwanted'])))} alone. Which machines, or"
            " which GPUs, do you want instead?"
        )
    for start, end, _ in found:
        low = low[:start] + " " * (end - start) + low[end:]
    return kept.sub(_LIKE_ONE, lambda match: " " * len(match[0]), low)


@cache
def _machines() -> list[tuple[str, re.Pattern[str]]]:
    """The longest first; Azure's also without their sizes."""
    found = []
    for name in sorted(instance_types(prices()), key=lambda name: -len(name)):
        called = [re.escape(name.lower())]
        size = kept.fullmatch(r"([a-z]+)\d+[a-z]*_(.+)", name.lower())
        if size:
            called.append(rf"{size[1]}[ _-]{size[2].replace('_', '[ _-]')}")
        found.append((name, re.compile(rf"{_PREFIX}(?:{'|'.join(called)})(?![\w-])")))
    return found
