"""Targets as they are typed: `ttft_p90=500ms`, `itl_mean=40 ms`, `tokens_per_s_per_user=20`, `e2e=none`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from knowledge.catalogue import METRICS, STATISTICS
from knowledge.errors import CompassError
from tools.specification.change import SpecificationChange
from tools.specification.overrides import MOST_MS, TARGETS
from tools.wording import exact_time

TOKENS_PER_S = "tokens_per_s_per_user"
NONE = "none"
UNITS_MS = {"": 1.0, "ms": 1.0, "s": 1000.0, "min": 60_000.0}
_TYPED = re.compile(r"\s*(?P<name>[a-z0-9_]+)\s*=\s*(?P<value>.+?)\s*", re.IGNORECASE)
_FIGURE = re.compile(r"(?P<figure>[0-9]*\.?[0-9]+)\s*(?P<unit>[a-z/]*)", re.IGNORECASE)
FASTEST = 100_000.0
"""Tokens/s of one user; nothing that serves is so fast."""
_PER_S = ("", "/s", "tokens/s", "tok/s")


def targets_asked(typed: Iterable[str]) -> SpecificationChange:
    """The change that they make, the last word on each. Raises CompassError that names the field, its unit
    and its range.
    """
    fields: dict[str, Any] = {}
    without: list[str] = []
    for one in typed:
        parts = _TYPED.fullmatch(one)
        if parts is None:
            raise CompassError(f"“{one}” is no target: write it as ttft_p90=500ms.")
        name, value = parts["name"].lower(), parts["value"].lower()
        if value == NONE and name in METRICS:
            without.append(name)
        else:
            field, ms = _target(name, value)
            fields[field] = ms
    return SpecificationChange.model_validate(fields | {"no_target": without})


def _target(name: str, value: str) -> tuple[str, float]:
    """A field of TARGETS and its figure in ms."""
    if name == TOKENS_PER_S:
        return "itl_p95_ms", 1000 / _figure(name, value)
    field = f"{name}_p95_ms" if name in METRICS else f"{name.removesuffix('_ms')}_ms"
    if field not in TARGETS:
        raise CompassError(
            f"There is no target “{name}”. Name one of {', '.join(METRICS)}, at one of"
            f" {', '.join(STATISTICS)} (p95 where none is named), as in ttft_p90; or {TOKENS_PER_S}."
        )
    return field, _figure(field.removesuffix("_ms"), value)


def _figure(name: str, value: str) -> float:
    """In ms, or in tokens/s, within what is possible."""
    speed = name == TOKENS_PER_S
    most = MOST_MS[TARGETS[f"{name}_ms"][0]] if not speed else 0.0
    found = _FIGURE.fullmatch(value)
    units = dict.fromkeys(_PER_S, 1.0) if speed else UNITS_MS
    if found and found["unit"].lower() in units:
        figure = float(found["figure"]) * units[found["unit"].lower()]
        if (1000 / MOST_MS["itl"] <= figure <= FASTEST) if speed else (0 < figure <= most):
            return figure
    if speed:
        may = f"a figure in tokens/s, from {1000 / MOST_MS['itl']:.2g} to {FASTEST:,.0f}, as in {name}=20"
    else:
        may = f"a time in ms, s or min, above 0 and at most {exact_time(most)}"
    raise CompassError(f"{name} must be {may}; it is “{value}”.")
