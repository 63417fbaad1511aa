"""GPUs that there are: “we have 8 H100s”, “4x L40S own”, “on 2 H100 or 4 L40S”, and no wish for some."""

from __future__ import annotations

import re
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.names import gpu_aliases
from agent.models.builtin.quantities import NEAR, Quantity

_OWNS = (
    r"\b(?:we(?:'ve| have)?(?: got)?|i have|i've got|have|had|own|owns|our|there (?:are|were)|got|limited"
    r" to|available:?)"
    r"(?: (?:only|just|exactly|about))?:?\s*$"
)
_AT_HAND = (
    r"\b(?:own(?:s|ed|ing)?|have|has|got|had|there(?:'s| is| are)|ours?|mine|bought|purchased|acquired"
    r"|inherited|donated|existing|available|idle|free|left|installed|on[- ]?prem\w*|in[- ]house"
    r"|(?:at|on) hand|in stock"
    r"|in (?:the|our|my|a) (?:rack|basement|data ?cent(?:er|re)|server room|lab|cluster|office))\b"
)
"""In the same clause as so many GPUs: they are there."""
_WISHED = r"\b(?:needs?|wants?|would|could|should|might|buy|rent|order|lease|add|if|like|than|no|not)\b|n't\b"
_CLAUSE = r"[.,;:!?|\n]"
_AND = rf"{_CLAUSE}|\b(?:and|but)\b"
_RUNS_ON = r"\b(?:on|onto|using|across)(?: (?:just|only|exactly|at most|up to|the|our|my|these|those))*\s*$"


def read_stock(low: str, q: Quantity, fields: dict[str, Any], problems: list[str]) -> bool:
    """“We have 8 H100s”: not a wish but a limit."""
    match = kept.match(
        r"\s*(?:x\s*)?(?:nvidia |amd |of (?:our |the )?)?([a-z][\w -]{0,14})", low[q.end : q.end + NEAR]
    )
    if not match or in_a_name(low, q):
        return False
    before = low[max(0, q.start - NEAR) : q.start]
    goes_on = (
        "available_gpus" in fields and kept.search(r"(?:,|\band|\bor)\s*$", before) is not None
    )  # “4 H100s and 8 L40S”
    owned = goes_on or kept.search(_OWNS, before) or kept.search(_RUNS_ON, before)
    for alias, ids in gpu_aliases():
        found = kept.match(rf"{re.escape(alias)}s?(?![\w-])", match[1])
        if found and (owned or _at_hand(low, q.start, q.end + match.start(1) + found.end())):
            fields.setdefault("available_gpus", {}).update({i: int(q.value) for i in ids})
            wanted = [g for g in fields.pop("preferred_gpu_types", []) if g not in ids]
            if wanted:
                fields["preferred_gpu_types"] = wanted
            return True
    return False


def in_a_name(low: str, q: Quantity) -> bool:
    """Whether a number is part of a GPU's name: the 6000 of “two RTX PRO 6000 Blackwell”."""
    at = max(0, q.start - NEAR)
    near = low[at : q.end + NEAR]
    return any(
        found.start() < q.start - at < found.end()
        for alias, _ in gpu_aliases()
        for found in kept.finditer(re.escape(alias), near)
    )


def _at_hand(low: str, start: int, end: int) -> bool:
    """Whether the clause around these places says of GPUs that they are there, and not that they are wished
    for.
    """
    clause = " ".join((kept.split(_CLAUSE, low[:start])[-1], kept.split(_CLAUSE, low[end:])[0]))
    beside = " ".join((kept.split(_AND, low[:start])[-1], kept.split(_AND, low[end:])[0]))
    return kept.search(_AT_HAND, clause) is not None and kept.search(_WISHED, beside) is None
