"""Servers that somebody has, by how many there are and what is in each: “two nodes with 8 H100 each”, “a box
with 8x H200”, “16 H100 on 2 servers”, “2x8xH100”, “dual RTX PRO 6000”.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.names import gpu_aliases
from agent.models.builtin.quantities import WORDS

_NUMBERS = {word: int(value) for word, value in WORDS.items() if value} | {
    "a": 1,
    "an": 1,
    "single": 1,
    "dual": 2,
    "twin": 2,
    "pair of": 2,
    "quad": 4,
}
_N = rf"(?:\d+(?![\d.])|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_SERVER = r"(?:gpu )?(?:servers?|nodes?|machines?|box(?:es)?|hosts?|rigs?|workstations?)\b"
_ONE_SERVER = r"(?:gpu )?(?:server|node|machine|box|host|rig|workstation)\b"
_HAVING = r"with|of|having|ha[sd]|have|contain(?:s|ing)|holding|that ha(?:s|ve)|:"
_WITH = rf"(?:,? ?\(?(?:each )?(?:{_HAVING}) ?(?:each )?)"
_EACH = r"(?:,? (?:per|each|(?:in|on) (?:each|every)(?: one)?(?: of)?) (?:our |the )?)"
_OVER = r"(?:,? (?:spread |split |distributed )?(?:in|on|over|across|among) (?:our |the )?)"
_COST = r",? ?(?:at|for|@|costing|(?:which|that) costs?(?: us)?) ?"
_USD = r"\$?(?P<usd>\d+(?:\.\d+)?) ?(?:\$|usd|us dollars?|dollars?)? ?(?:/|per|an?) ?(?:gpu[ -]?)?hour"
_THEIRS = r"\b(?:own|owns|have|has|got|had)(?: (?:only|just|exactly))?:? "
_NOT = r"(?:n't|\bnot|\bno longer|\bnever)\b[^,.;]{0,25}$"
_AFTER_ANOTHER = "\N{FULL BLOCK}"
"""Stands in the place of what was read: “…, and one with 4 L40S” follows other servers."""


@cache
def _shapes() -> list[re.Pattern[str]]:
    """In each: s servers, one where it isn't said, with g GPUs in each or t in all."""
    names = "|".join(re.escape(alias) for alias, _ in gpu_aliases())
    gpu = rf" ?(?:x ?)?(?:nvidia |amd )?(?P<gpu>{names})s?(?![\w-])(?: ?\d+ ?gb)?(?: (?:gpus?|cards?)\b)?"
    s, g, t = (rf"(?<![\w.])(?P<{each}>{_N})" for each in "sgt")
    servers = rf"{s}(?: (?!with|of)[a-z][\w-]*){{0,2}}? {_SERVER}"
    price = rf"(?:,? (?:each|apiece)\b)?(?:{_COST}{_USD})?"
    return [
        re.compile(pattern)
        for pattern in (
            rf"{servers}{_WITH}{g}{gpu}{price}",
            rf"\b(?:our|my|the) {_ONE_SERVER}{_WITH}{g}{gpu}{price}",
            rf"{s}{gpu} {_SERVER}{_WITH}{g} (?:gpus?|cards?)\b{price}",
            rf"{s} ?x? ?(?P<g>{_N}) ?-? ?(?:gpu)?{gpu} {_SERVER}{price}",
            rf"{s} ?[x×*] ?(?P<g>{_N}){gpu}{price}",
            rf"{g}{gpu}{_EACH}(?:{_SERVER}[, ]*(?:(?:and|on|in|with|for) )?)?{servers}{price}",
            rf"{t}{gpu}{_OVER}{servers}{price}",
            rf"\b(?P<g>single|dual|twin|quad|pair of){gpu}",
            rf"own servers:? {g}{gpu}{price}",
            rf"{_THEIRS}{g}{gpu}{_COST}{_USD}",
            rf"{_AFTER_ANOTHER}(?:,|,? and|,? plus) (?:another |{s}(?: more| other)? )?with {g}{gpu}{price}",
        )
    ]


def read_servers(low: str, fields: dict[str, Any]) -> str:
    """What is left to read of the text. One server at no price is so many GPUs that there are."""
    found: list[dict[str, Any]] = []
    for shape in _shapes():
        while (match := shape.search(low)) is not None:
            said = match.groupdict()
            servers, each = _number(said.get("s")), _number(said.get("g"))
            total = _number(said.get("t")) if said.get("t") else each * servers
            there = not kept.search(_NOT, low[: match.start()])
            low = low[: match.start()] + _AFTER_ANOTHER * len(match[0]) + low[match.end() :]
            if not there or not servers or total % servers:
                continue
            usd = said.get("usd")
            price = {"usd_per_gpu_hour": float(usd)} if usd else {}
            found += [
                {"servers": servers, "gpus_per_server": total // servers, "gpu_type": gpu, **price}
                for gpu in dict(gpu_aliases())[said["gpu"]]
            ]
    low = low.replace(_AFTER_ANOTHER, " ")
    if not found:
        return low
    if any(one["servers"] > 1 or "usd_per_gpu_hour" in one for one in found):
        fields["owned"] = found
    else:
        fields["available_gpus"] = {one["gpu_type"]: one["gpus_per_server"] for one in found}
    theirs = {one["gpu_type"] for one in found}
    wanted = [gpu for gpu in fields.pop("preferred_gpu_types", []) if gpu not in theirs]
    if wanted:
        fields["preferred_gpu_types"] = wanted
    return low


def _number(said: str | None) -> int:
    return 1 if said is None else _NUMBERS[said] if said in _NUMBERS else int(said)
