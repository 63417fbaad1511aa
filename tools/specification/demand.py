"""The peak load of a specification, from whichever way it was given."""

from __future__ import annotations

from typing import Any

from pydantic import computed_field, model_validator

from tools.contract import Contract

BUSY_HOURS_PER_DAY = 8.0
"""A working day: what a daily volume is spread over where nothing else is said."""
MIN_RATE = 1e-6
"""A request in eleven days: with less there would be nothing to simulate."""


class Demand(Contract):
    """Peak load, of whichever way it was given: `peak_requests_per_second` is

    users               x active x requests per active user and minute / 60 x peak factor
    a rate at peak      itself
    requests in flight  / seconds that one may take (the E2E target), by Little's law
    requests a day      / busy hours / 3600 x peak factor
    """

    user_count: int | None
    active_fraction: float
    requests_per_active_user_per_minute: float
    peak_factor: float
    arrivals: str
    burstiness: float = 1.0
    """Squared coefficient of variation of the times between arrivals: 1 is Poisson, more is bursts."""
    trough_fraction: float = 1.0
    """The quietest hour's rate as a share of the peak."""
    minute_peak: float = 1.0
    """The highest minute's rate over the hour's."""
    busy_hours_per_day: float = BUSY_HOURS_PER_DAY
    given_requests_per_second: float | None = None
    given_concurrent_requests: float | None = None
    given_requests_per_day: float | None = None
    seconds_in_flight: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_derived(cls, values: Any) -> Any:
        """A dump holds the peak rate; reading it back derives it again."""
        return (
            {k: v for k, v in values.items() if k != "peak_requests_per_second"}
            if isinstance(values, dict)
            else values
        )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def peak_requests_per_second(self) -> float:
        return max(MIN_RATE, self._peak)

    @property
    def _peak(self) -> float:
        if self.given_requests_per_second is not None:
            return self.given_requests_per_second
        if self.given_concurrent_requests is not None and self.seconds_in_flight is not None:
            return round(self.given_concurrent_requests / self.seconds_in_flight, 6)
        if self.given_requests_per_day is not None:
            return round(self.given_requests_per_day / self.busy_hours_per_day / 3600 * self.peak_factor, 9)
        per_minute = (self.user_count or 0) * self.active_fraction * self.requests_per_active_user_per_minute
        return round(per_minute / 60 * self.peak_factor, 6)
