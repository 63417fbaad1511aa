"""Questions about what hardware takes: how many users, how to split it, how long a batch would take."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.names import gpu_aliases, without_models
from agent.models.builtin.phrases import any_of
from agent.models.builtin.quantities import find_quantities
from agent.models.builtin.reading import read_change
from agent.models.builtin.units import EACH_PERIOD
from agent.models.builtin.vocabulary import PEOPLE
from agent.moves import Topic

_TAKES = (
    r"(?:handle|take|carry|serve|support|manage|sustain|cope with|hold|host|accommodate|use it|do|give"
    r"|deliver|work at once|fit)"
)
_COUNTED = (
    rf"(?:{PEOPLE}|requests?|queries|sessions|conversations|chats|sequences|streams|tokens?|rps|qps|devs?)"
)
_CAN = r"(?:can|could|will|would|do|does|may|might)"
_HARDWARE = (
    r"(?:gpus?|cards?|servers?|machines?|hardware|nodes?|cluster|it|this|that|they|these|those|\d[\w-]*)"
)
_CAPACITY = any_of(
    rf"\bhow (?:many|much) (?:[\w/-]+ ){{0,3}}?{_COUNTED}\b[^.?]*\b{_CAN}\b[^.?]*\b{_TAKES}\b(?! i\b)",
    rf"\b{_CAN}\b[^.?]{{0,50}}\b{_HARDWARE}\b[^.?]{{0,20}} (?:handle|carry|take|serve|support|manage|cope)\b",
    r"\b(?:is|are|was|would|will)\b[^.?]{0,60}\b(?:gpus?|cards?|servers?|machines?|nodes?|hardware)\b[^.?]{0,20}"
    r"\b(?:enough|sufficient)\b",
    r"\b(?:max(?:imum|imal)?|highest|most|peak) (?:possible )?(?:throughput|load|request rate|number of"
    r" users)\b[^.?]*\b(?:of|on|with|for|from)\b",
)
_ENOUGH = r"\b(?:is|are|was|were|would|will)\b[^.?]*\b(?:enough|sufficient)\b"
_TP = r"(?:tensor[- ]parallel\w*|\btp\b ?=?-?\d*|\btp-?\d+)"
_REPLICAS = r"(?:replicas?|instances?|copies)"
_OR = r"\b(?:or|than|against|versus|vs|instead|compared|better)\b"
_SIZED = r"(?:one|two|three|four|six|eight|\d+)"
_SPLITS = any_of(
    rf"{_TP}.*{_OR}.*(?:{_TP}|{_REPLICAS})",
    rf"{_REPLICAS}.*{_OR}.*{_TP}",
    rf"\b{_SIZED} {_REPLICAS}\b.*{_OR}.*\b{_SIZED}\b.*\b(?:on|with|of|each)\b",
    rf"\bsplit\b[^.?]*\b(?:gpus?|model)\b.*{_OR}",
    r"\bhow (?:should|shall|would|do|can) (?:i|we|you)? ?(?:best )?split\b[^.?]*\b(?:gpus?|cards?|hardware"
    r"|them)\b",
)
_ITEMS = (
    r"(?:items?|requests?|prompts?|documents?|docs|rows?|records?|texts?|examples?|samples?|summaries|answers?|pages?"
    r"|tickets?|e-?mails?|messages|articles|reviews|files|entries|images|translations|questions)"
)
_ASKS_OF_A_BATCH = any_of(
    r"\bhow (?:long|fast|many hours|much)\b", r"\bwhen\b", r"\bcosts?\b", r"\bby when\b", r"\bprice\b"
)
_ITS_TIME = r"\bhow (?:long|many hours)\b[^.?]*(?:\b(?:batch|job)\b|\b(?:take|need)\b[^.?]*\bon\b)"
_SERVERS = r"(?:servers?|nodes?|machines?|hosts?|boxes)"
LEAST_ITEMS = 50
"""Fewer are no batch."""
_PERIODS = {"minute": 1 / 60, "min": 1 / 60, "hour": 1.0, "h": 1.0, "day": 24.0, "week": 168.0}


@dataclass(frozen=True)
class Servers:
    """So many GPUs of any of these types, in each of so many servers."""

    gpu_types: list[str]
    """Empty where only “GPUs” was said."""
    gpus: int
    servers: int = 1


@dataclass(frozen=True)
class Supposed:
    """What a question supposes: hardware, a batch, and values of the specification, unvalidated."""

    servers: list[Servers]
    items: int | None
    deadline_hours: float | None
    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def carrying_topic(low: str) -> Topic | None:
    """Which of these questions a text in lower case is, if it is one."""
    if kept.search(_SPLITS, low):
        return "splits"
    if (_items(low)[0] is not None and kept.search(_ASKS_OF_A_BATCH, low)) or kept.search(_ITS_TIME, low):
        return "batch"
    enough = kept.search(_ENOUGH, low) is not None and bool(_servers(low)[0])
    return "capacity" if enough or kept.search(_CAPACITY, low) else None


def supposed(low: str) -> Supposed:
    """What is read of such a question."""
    servers, rest = _servers(low)
    items, rest = _items(rest)
    hours, rest = _deadline(rest) if items is not None or "batch" in low or "job" in low else (None, rest)
    reading = read_change(kept.sub(rf"\b\d+\s*(?:x\s*)?{_REPLICAS}|{_TP}(?:\s*(?:of\s*)?\d+)?", " ", rest))
    of_hardware = ("available_gpus", "preferred_gpu_types", "excluded_gpu_types", "owned", "clear")
    fields = {name: value for name, value in reading.fields.items() if name not in of_hardware}
    return Supposed(servers, items, hours, fields, reading.problems)


def _servers(low: str) -> tuple[list[Servers], str]:
    """“8 H100”, “2x8xH100”, “two servers with 4 L40S each”, “4 GPUs”; and the text without them."""
    rest, found = without_models(low)[0], []
    out = low
    names = "|".join(re.escape(alias) for alias, _ in gpu_aliases())
    counted = re.compile(rf"\s*(?:x|×)?\s*(?:nvidia |amd )?({names}|gpus?|cards?)s?(?![\w-])")
    by_name = dict(gpu_aliases())
    text = kept.sub(r"(?<=\d)\s?[x×]\s?(?=[a-z\d])", " x ", rest)
    text = kept.sub(r"\b(?:a single|only one|just one|one)\b(?= )", "1", text)
    for q in find_quantities(text):
        match = counted.match(text, q.end)
        if match is None or q.value != int(q.value) or not 1 <= q.value <= 10_000:
            continue
        before = text[: q.start]
        many = kept.search(rf"(\S+)\s+(?:x\s*|{_SERVERS}\s+(?:with|of|each with)\s+)$", before)
        servers = [s.value for s in find_quantities(many[1])] if many else []
        found.append(Servers(by_name.get(match[1], []), int(q.value), int(servers[0]) if servers else 1))
        said = re.escape(text[q.start : match.end()].strip()).replace(r"\ x\ ", r"\s?[x×]\s?")
        out = kept.sub(said, lambda m: " " * len(m[0]), out, count=1)
    each = kept.search(r"\b(\d+|two|three|four|five|six|eight|ten) (?:servers?|nodes?|machines?)\b", out)
    return found, out.replace(each[0], " ") if each else out


def _items(low: str) -> tuple[int | None, str]:
    for q in find_quantities(low):
        noun = kept.match(
            rf"\s*(?:[\w-]+ )?{_ITEMS}\b(?!\s*{EACH_PERIOD}|\s*(?:in flight|at once))", low[q.end :]
        )
        if noun and q.value >= LEAST_ITEMS and q.value == int(q.value):
            return int(q.value), f"{low[: q.start]} {low[q.end + noun.end() :]}"
    return None, low


def _deadline(low: str) -> tuple[float | None, str]:
    for q in find_quantities(low):
        unit = kept.match(r"\s*-?(minute|min|hour|h|day|week)s?\b", low[q.end :])
        before = kept.search(r"\b(?:in|within|under|less than)\s+(?:about )?$", low[: q.start])
        if unit and before and q.value > 0:
            return q.value * _PERIODS[unit[1]], low[: before.start()] + low[q.end + unit.end() :]
    return None, low
