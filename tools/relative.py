"""Relative wishes, “20 ms less”, “half the budget”: the figure that comes of it, from what there is now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from knowledge.errors import CompassError

Figure = Literal[
    "requests_per_second",
    "concurrent_requests",
    "requests_per_day",
    "budget_usd_per_month",
    "min_context_tokens",
    "min_quality",
    "prompt_tokens",
    "output_tokens",
    "ttft_p95_ms",
    "itl_p95_ms",
    "e2e_p95_ms",
    "active_fraction",
    "requests_per_active_user_per_minute",
    "peak_factor",
    "burstiness",
    "busy_hours_per_day",
    "headroom",
    "spare_replicas",
]
"""Figures that can be told relative to what they are; users have `users_added` and
`load_factor` of their own.
"""
_CALLED: dict[str, tuple[str, str]] = {
    "requests_per_second": ("The request rate", "{} requests/s"),
    "concurrent_requests": ("The number of requests in flight", "{}"),
    "requests_per_day": ("The number of requests a day", "{}"),
    "budget_usd_per_month": ("The budget", "${} a month"),
    "min_context_tokens": ("The least context", "{} tokens"),
    "min_quality": ("The least quality", "{} %"),
    "prompt_tokens": ("The prompt", "{} tokens"),
    "output_tokens": ("The answer", "{} tokens"),
    "ttft_p95_ms": ("The TTFT target", "{} ms"),
    "itl_p95_ms": ("The ITL target", "{} ms"),
    "e2e_p95_ms": ("The E2E target", "{} ms"),
    "active_fraction": ("The active share of users", "{}"),
    "requests_per_active_user_per_minute": ("The rate of an active user", "{} requests/min"),
    "peak_factor": ("The peak factor", "{}"),
    "burstiness": ("The burstiness", "{}"),
    "busy_hours_per_day": ("The busy hours of a day", "{}"),
    "headroom": ("The headroom", "{}"),
    "spare_replicas": ("The number of spare replicas", "{}"),
}
_MAY_BE_NOTHING = ("headroom", "spare_replicas")


class NothingToStartFrom(CompassError):
    """A relative wish about a figure that isn't set: `figure` is its name, `added` what
    should be added to it, if it was told so.
    """

    def __init__(self, figure: str, added: float | None) -> None:
        super().__init__(
            f"{_CALLED[figure][0]} isn't set, so there is nothing to change it from. What should"
            f" {_lower(_CALLED[figure][0])} be?"
        )
        self.figure, self.added = figure, added


def reckoned(
    added: Mapping[Figure, float], factors: Mapping[Figure, float], now: Mapping[str, float | None]
) -> dict[str, float]:
    """The new figures, in the fields' own units. Raises CompassError where there is no
    old one, or where nothing would be left.
    """
    found: dict[str, float] = {}
    for name in get_args(Figure):
        if name not in added and name not in factors:
            continue
        old = now.get(name)
        if old is None:
            raise NothingToStartFrom(name, added.get(name))
        new = round(old * factors.get(name, 1.0) + added.get(name, 0.0), 6)
        if new < 0 or (new == 0 and name not in _MAY_BE_NOTHING):
            called, written = _CALLED[name]
            raise CompassError(
                f"{called} is {written.format(f'{old:,g}')}; less by so much would leave nothing. What should"
                f" {_lower(called)} be?"
            )
        found[name] = new
    return found


def _lower(called: str) -> str:
    return called[0].lower() + called[1:]
