"""What is said of a field by its name alone: “quietest hour 30 %”, “no particular domain”."""

from __future__ import annotations

import re
from typing import Any, get_args

from agent.models.builtin import kept
from agent.models.builtin.quantities import NEAR, Quantity
from agent.models.builtin.units import TIME, TIME_UNIT
from agent.models.builtin.vocabulary import LIFTED, NO_LONGER
from tools.specification import FIELDS, TARGETS, Clearable, Declared

READ_OTHERWISE = {
    "user_count",
    "requests_per_second",
    "concurrent_requests",
    "requests_per_day",
    "budget_usd_per_month",
    "min_quality",
    "min_context_tokens",
    "prompt_tokens",
    "thinking_tokens",
    "output_tokens",
    *TARGETS,
    "active_fraction",
    "peak_factor",
    "burstiness",
    "busy_hours_per_day",
    "headroom",
    "spare_replicas",
}
"""Figures that are said in more ways than by their names: `amounts` reads those first."""
_FIGURES = [field for field in FIELDS.values() if field.is_figure]
_TELLS = (
    r"(?:[ ,]+(?:p95|of|to|at|is|are|was|were|be|must|should|shall|can|may|will|have|has|a|the|set|target"
    r"|limit|about|around|exactly|least|most|up|down|over|under|above|below|within|no|not|more|less|than|min(?:imum)?"
    r"|max(?:imum)?))*[ ,]*(?:=|:|≥|≤|>=?|<=?)?\s*$"
)
"""What may stand between a field's name and its figure."""
_UNITS = r"\s*-?(?:%|percent|x\b|times\b|tokens?\b|[$€£]|usd\b|dollars?\b|replicas?\b|gpus?\b|hours?\b)"
"""After a figure: it is of no field that is counted in something else."""
_BY_LABEL = sorted(
    (field for field in FIELDS.values() if field.shape in ("choice", "choices")),
    key=lambda field: -len(field.spec.label),
)
"""“Excluded GPUs” before “GPUs”, which stands within it."""
_ENDS = r"(?=\s*(?:[,.;!?]|$|and\b|please\b|but\b|with\b|for\b))"
_TEMPLATE = r"(?:default|usual|standard|normal|template(?:'s|s)?)"


def read_named(low: str, q: Quantity, fields: dict[str, Any], problems: list[str]) -> bool:
    """A figure beside the name of its field, before it or after, if there is no other way to say it."""
    return _read(low, q, fields, [field for field in _FIGURES if field.name not in READ_OTHERWISE])


def read_left(low: str, q: Quantity, fields: dict[str, Any]) -> bool:
    """A figure that nobody else knew, beside the name of its field."""
    named = [field for field in _FIGURES if field.name in READ_OTHERWISE and field.name not in fields]
    return _read(low, q, fields, named)


def _read(low: str, q: Quantity, fields: dict[str, Any], among: list[Declared]) -> bool:
    before, after = low[max(0, q.start - NEAR) : q.start], low[q.end : q.end + NEAR]
    found: list[tuple[int, float, Declared]] = []
    for field in among:
        unit = kept.match(_unit(field), after)
        if not unit and (kept.match(_UNITS, after) or TIME_UNIT.match(after)):
            continue
        name = kept.search(rf"\b(?:{field.pattern}){_TELLS}", before)
        counted = field.name in READ_OTHERWISE and not field.spec.unit  # “60 users”: `amounts` knows whose
        if not name and not counted:
            rest = after[unit.end() :] if unit else after
            name = kept.match(rf"\s*(?:of |for )?(?:the )?(?:{field.pattern})\b", rest)
        if name:
            found.append((len(name[0]), q.value * _factor(field, low, q, bool(unit)), field))
    if found:
        _, value, field = max(found, key=lambda each: each[0])  # “active share of users” is none of users
        fields[field.name] = round(value, 9)
    return bool(found)


def _unit(field: Declared) -> str:
    if field.spec.unit[:1] == "%":
        return rf"\s*(?:%|percent)(?:{re.escape(field.spec.unit[1:])})?"
    if field.spec.unit in TIME:
        return TIME_UNIT.pattern
    return rf"\s*{re.escape(field.spec.unit.lower())}(?!\w)"


def _factor(field: Declared, low: str, q: Quantity, has_unit: bool) -> float:
    """Of a figure as it is said, in the field's own unit; a share above 1 is in percent even where it
    doesn't say so.
    """
    if field.spec.unit in TIME and (unit := TIME_UNIT.match(low, q.end)):
        return TIME[unit[1]] / TIME[field.spec.unit]
    return 1 / field.scale if has_unit or q.value > 1 else 1.0


def read_choices(low: str, fields: dict[str, Any]) -> None:
    """What stands beside the label of a choice is what is chosen, whatever the words are taken for elsewhere:
    “cost matters: low”.
    """
    for field in _BY_LABEL:
        label = field.spec.label.lower()
        if label not in low or not field.spec.names:
            continue
        if field.shape == "choice" or field.name not in fields:  # lists of names have readers of their own
            calls = {
                said.lower(): key for key, called in field.spec.names().items() for said in (called, key)
            }
            one = "|".join(map(re.escape, sorted(calls, key=len, reverse=True)))
            several = rf"(?:{one})(?:(?:,| and|, and) (?:{one}))*"
            chosen = kept.search(rf"\b{label}(?:\s*[:=]\s*| )(?:is |to |at )?({several}){_ENDS}", low)
            keys = [calls[said] for said in kept.findall(one, chosen[1])] if chosen else []
            if keys:
                fields[field.name] = keys if field.shape == "choices" else keys[-1]
        low = low.replace(label, " " * len(label))


def lifted(low: str) -> list[str]:
    """The constraints that a text takes back, and the figures that it leaves to the template again."""
    return [name for name, pattern in _LIFTED.items() if kept.search(pattern, low)]


def _taken_back(field: Declared) -> str:
    called = rf"(?:{field.pattern})"
    if field.spec.group == "constraints":
        return rf"\b{NO_LONGER} (?:\w+ )?{called}\b"
    return (
        rf"\b{_TEMPLATE} (?:value (?:of|for) )?(?:the )?{called}\b|\breset (?:the |our )?{called}\b"
        rf"|\b{called} (?:back |again )?to (?:the |its )?{_TEMPLATE}\b"
    )


_LIFTED = {
    name: (
        rf"{LIFTED[name]}|\b{NO_LONGER} {FIELDS[name].spec.label.lower()}\b"
        if name in LIFTED and " " in FIELDS[name].spec.label
        else LIFTED.get(name) or _taken_back(FIELDS[name])
    )
    for name in get_args(Clearable)
}
