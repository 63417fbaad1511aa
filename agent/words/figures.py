"""Figures in a text, and whether each stems from a tool's result, the plan, or what the person said.

A figure is a number with the unit beside it: “65 ms”, “$1,058”, “20 %”, “2.67 requests/s”. It is grounded if
a source holds the same quantity, to the digits that the text shows: 3,287 ms grounds “3.3 s” and “about 3 s”,
not “3.4 s”, and not “$3,287”.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from agent.models.builtin.quantities import find_quantities
from knowledge.catalogue import gpus, models

Unit = Literal["ms", "usd", "share", "per_second", "gb_per_second", "gb", "tokens", "users"]

_AFTER: list[tuple[str, Unit, float]] = [
    (r"\s?-?(?:ms|milliseconds?)\b", "ms", 1.0),
    (
        r"\s?(?:requests?|reqs?|queries)\s?(?:/|per|a)\s?(?:s|sec|second)\b|\s?(?:rps|qps)\b",
        "per_second",
        1.0,
    ),
    (r"\s?tokens?\s?(?:/|per|a)\s?(?:s|sec|second)\b", "per_second", 1.0),
    (r"\s?-?(?:s|secs?|seconds?)\b", "ms", 1e3),
    (r"\s?-?(?:min|minutes?)\b", "ms", 6e4),
    (r"\s?-?(?:h|hours?)\b", "ms", 3.6e6),
    (r"\s?(?:%|percent)", "share", 0.01),
    (r"\s?(?:usd|us dollars?|dollars?|bucks)\b", "usd", 1.0),
    (r"\s?(?:gb|gib)\s?(?:/|per)\s?s(?:ec|econd)?\b", "gb_per_second", 1.0),
    (r"\s?(?:gb|gib|gigabytes?)\b", "gb", 1.0),
    (r"\s?tokens?\b", "tokens", 1.0),
    (r"\s?(?:active |concurrent )?(?:users?|people)\b", "users", 1.0),
]
_KEYS: list[tuple[str, Unit, float]] = [
    (r"_ms$", "ms", 1.0),
    (r"gb_per_s$", "gb_per_second", 1.0),
    (r"per_second$", "per_second", 1.0),
    (r"(?:_s|_seconds|seconds_in_flight)$", "ms", 1e3),
    (r"(?:^|_)hours$", "ms", 3.6e6),
    (r"usd|cost|budget", "usd", 1.0),
    (r"fraction|share|headroom|usage|utilisation", "share", 1.0),
    (r"_gb$|_gib$", "gb", 1.0),
    (r"tokens$", "tokens", 1.0),
    (r"user_count|users$", "users", 1.0),
]
_HEDGE = re.compile(
    r"(?:about|around|roughly|approximately|nearly|almost|some|~|≈|circa|close to|just"
    r" (?:under|over))\s*\$?$",
    re.IGNORECASE,
)
_NAMES = re.compile(
    r"https?://\S+|sha256:\w+|\b[A-Za-z][\w.-]*/[\w.-]*\d[\w.-]*|\b[A-Za-z][\w.]*-[\w.-]*\d[\w.-]*|\b\d{4}-\d{2}-\d{2}\b"
    r"|\b\d+(?:\.\d+){2,}\b|\b[A-Za-z]+\d[\w.]*"
)
"""Names with digits in them are no figures: models, GPUs, addresses, digests, dates, versions."""


@dataclass(frozen=True)
class Figure:
    """`value` is in the unit's base: ms, USD, a share of 1, a second's requests.
    `tolerance` is half of the last digit shown.
    """

    value: float
    tolerance: float
    unit: Unit | None
    shown: float
    text: str
    start: int

    def is_about(self, value: float) -> bool:
        return abs(self.value - value) <= self.tolerance * (1 + 1e-9) + 1e-12


def find_figures(text: str) -> list[Figure]:
    """Every figure of `text`, in order; numbers inside names, addresses, dates and digests are none."""
    masked = _catalogued().sub(lambda name: "·" * len(name[0]), text)
    masked = _NAMES.sub(lambda name: "·" * len(name[0]), masked)
    found = []
    for quantity in find_quantities(masked.lower()):
        before, after = (
            masked[max(0, quantity.start - 20) : quantity.start],
            masked[quantity.end : quantity.end + 30].lower(),
        )
        said = masked[quantity.start : quantity.end]
        unit, factor = next(((u, f) for pattern, u, f in _AFTER if re.match(pattern, after)), (None, 1.0))
        if before.rstrip().endswith(("$", "USD")):
            unit, factor = "usd", 1.0
        step = _last_digit(said, quantity.value, hedged=_HEDGE.search(before) is not None)
        found.append(
            Figure(
                quantity.value * factor,
                step / 2 * factor,
                unit,
                quantity.value,
                f"{said.strip()}{after[:8]}".strip(),
                quantity.start,
            )
        )
    return found


@cache
def _catalogued() -> re.Pattern[str]:
    """Names of models and GPUs, which hold digits between spaces: “Llama 3.1 8B Instruct”."""
    names = {m.name for m in models().values()} | {m.name.replace(" Instruct", "") for m in models().values()}
    names |= {g.name for g in gpus().values()}
    return re.compile("|".join(re.escape(n) for n in sorted(names, key=len, reverse=True)), re.IGNORECASE)


def _last_digit(said: str, value: float, hedged: bool) -> float:
    """What one more in the last digit shown would be: 0.1 for “3.3”, 100 for “1.2k”, 1
    for “1,058”, or 1,000 for “about 1,000”.
    """
    digits = re.match(r"[-−]?([\d,_']*)(?:\.(\d+))?", said)
    whole, decimals = (re.sub(r"\D", "", digits[1]), digits[2] or "") if digits else ("", "")
    if not whole and not decimals:
        return 1.0
    plain = float(f"{whole or 0}.{decimals or 0}")
    scale = abs(value) / plain if plain else 1.0
    zeros = len(whole) - len(whole.rstrip("0")) if hedged and not decimals and plain else 0
    return float(10.0 ** (zeros - len(decimals)) * scale)


@dataclass
class Sources:
    """Quantities that a reply may show, and where they may come from: results, the plan, words."""

    by_unit: dict[Unit | None, list[float]] = field(default_factory=dict)

    def add(self, value: Any, key: str = "") -> Sources:
        """Whatever a JSON value holds. A number's unit is that of its field's name, or of
        the field around it; texts are read.
        """
        if isinstance(value, Mapping):
            for name, item in value.items():
                inner = str(name) if _unit_of(str(name))[0] or not _unit_of(key)[0] else key
                self.add(item, inner)
                self.add(str(name), "") if any(c.isdigit() for c in str(name)) else None
        elif isinstance(value, str):
            for figure in find_figures(value):
                self._put(figure.value, figure.unit)
        elif isinstance(value, bool) or value is None:
            pass
        elif isinstance(value, int | float):
            unit, factor = _unit_of(key)
            self._put(float(value) * factor, unit)
        elif isinstance(value, Iterable):
            items = list(value)
            self._put(float(len(items)), None)
            for item in items:
                self.add(item, key)
        return self

    def _put(self, value: float, unit: Unit | None) -> None:
        self.by_unit.setdefault(unit, []).append(value)

    def holds(self, figure: Figure) -> bool:
        """Whether some source is this quantity. A figure without a unit may be of any;
        one with a unit, of this or of none.
        """
        known = (
            self.by_unit.get(figure.unit, [])
            if figure.unit
            else [v for values in self.by_unit.values() for v in values]
        )
        if any(figure.is_about(value) for value in known):
            return True
        step = figure.tolerance * figure.shown / figure.value if figure.value else figure.tolerance
        if figure.unit and any(
            abs(figure.shown - value) <= abs(step) + 1e-9 for value in self.by_unit.get(None, [])
        ):
            return figure.unit not in ("usd", "ms")
        if figure.unit == "share":  # a share whose field's name doesn't say so
            return any(figure.is_about(value) for value in self.by_unit.get(None, []))
        shares = self.by_unit.get("share", []) if figure.unit is None else []
        return any(abs(figure.shown - value * 100) <= figure.tolerance for value in shares)


def _unit_of(key: str) -> tuple[Unit | None, float]:
    return next(((unit, factor) for pattern, unit, factor in _KEYS if re.search(pattern, key)), (None, 1.0))


def ungrounded(text: str, sources: Sources) -> list[Figure]:
    """The figures of `text` that no source holds."""
    return [figure for figure in find_figures(text) if not sources.holds(figure)]
