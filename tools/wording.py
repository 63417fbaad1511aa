"""Figures as people read them, spelt once for sentences, tables and reports."""

from __future__ import annotations

from typing import Protocol


class Setup(Protocol):
    """What is rented: replicas, each on so many GPUs of a type."""

    @property
    def replicas(self) -> int: ...
    @property
    def gpu_count(self) -> int: ...
    @property
    def gpu_type(self) -> str: ...


def setup(o: Setup) -> str:
    return f"{o.replicas} × {o.gpu_count} {o.gpu_type}"


def rate(per_second: float) -> str:
    """A request rate as people write it: three significant digits, two below 1."""
    if per_second >= 10:
        return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.1f}"
    return f"{per_second:.2f}" if per_second >= 1 else f"{per_second:.2g}"


NO_PRICE = "no price"


def a_month(usd: float, cents: bool = False) -> str:
    """Nothing is what one's own hardware costs where it has no price."""
    return f"{dollars(usd, cents)} a month" if usd else NO_PRICE


def cost(usd: float) -> str:
    """A month's, where the words before say so."""
    return dollars(usd) if usd else NO_PRICE


def dollars(usd: float, cents: bool = False) -> str:
    return f"${usd:,.2f}" if cents else f"${usd:,.0f}"


def an_hour(usd: float) -> str:
    """With cents, and what there is below them."""
    return dollars(usd, cents=True) if round(usd, 2) == usd else f"${usd:,.6g}"


def figure(value: float) -> str:
    """A figure that somebody set: six digits, thousands apart; all of those before the point."""
    return f"{value:,.6g}" if abs(value) < 999_999.5 else f"{value:,.0f}"


def exact_time(ms: float) -> str:
    """A time that somebody set, or is to set: `latency` is for what was measured or predicted."""
    return f"{figure(ms)} ms" if ms < 1000 else f"{figure(ms / 1000)} s"


def percent(share: float) -> str:
    return f"{share:.0%}"


METRIC_NAMES = {"ttft": "TTFT", "itl": "ITL", "e2e": "E2E"}
"""By `knowledge.catalogue.Metric`, in its order."""


def latency(value_ms: float | None) -> str:
    """As tables show it: in ms with a decimal below 100, from a second on in s; a question mark where it
    isn't known.
    """
    if value_ms is None:
        return "?"
    if value_ms >= 1000:
        return f"{_up_to_a_decimal(value_ms / 1000)} s"
    return f"{_up_to_a_decimal(value_ms)} ms" if value_ms < 100 else f"{value_ms:,.0f} ms"


def _up_to_a_decimal(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def age(value_s: float) -> str:
    """How long something has been, in the unit that it fills twice at least."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if value_s >= 2 * length:
            return f"{value_s / length:,.0f} {unit}"
    return f"{value_s:,.0f} seconds"


def short_name(model_id: str) -> str:
    """A model's name without its publisher's."""
    return model_id.split("/", 1)[-1]


def lower(label: str) -> str:
    """A label within a sentence; names in capitals stay so."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
