"""How requests of a trace arrive: rates, the highest minute, burstiness, the hours of a day.

Each is what was counted. What the trace is too short, or its times too coarse, to tell is None, with why.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.traffic.trace import Floats, Ints, Trace

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
FEWEST_MINUTES = 10
"""For the highest of them to say something."""
FEWEST_A_MINUTE = 10
FEWEST_A_DAY = 24 * 20
FEWEST_GAPS = 100
"""For a coefficient of variation: with 100 its square is known to about a quarter."""
MOST_TIES = 0.2
"""Of the times between arrivals: with more that are zero, the clock is coarser than they are."""
TICKS = 10
"""Of a coarse clock in a window, so that their jitter doesn't count."""
FEWEST_WINDOWS = 30


@dataclass(frozen=True)
class Burstiness:
    """The squared coefficient of variation of the times between arrivals, and how it was found."""

    value: float
    told: str


@dataclass(frozen=True)
class Daily:
    """Requests/s by the hour of the day, 24 of them, from midnight or from the trace's first request on."""

    requests_per_second: Floats

    @property
    def trough_share(self) -> float:
        """The quietest hour's rate over the busiest's."""
        return float(self.requests_per_second.min() / self.requests_per_second.max())


class Arrivals:
    """Of one trace; minutes are counted from its first request on."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.minutes: Ints = np.bincount((trace.at_s // MINUTE_S).astype(np.int64))
        """Requests of each minute, from which all but burstiness follows."""
        self._hour = self._busiest_hour()

    @property
    def mean_requests_per_second(self) -> float:
        return len(self._trace) / self._trace.span_s

    @property
    def peak_requests_per_second(self) -> float:
        """Of the busiest 60 minutes on end; of the whole where it is shorter than an hour."""
        if self._trace.span_s < HOUR_S:
            return self.mean_requests_per_second
        return float(self.minutes[self._hour].sum() / HOUR_S)

    @property
    def peak_minute_requests_per_second(self) -> float | None:
        """The highest minute's; None where the trace is shorter than a minute."""
        return float(self.minutes.max() / MINUTE_S) if self._trace.span_s >= MINUTE_S else None

    @property
    def minute_peak(self) -> float | None:
        """The highest minute over the mean, in the busiest hour. None for a trace of under 10 minutes, and
        where an average minute has under 10 requests: there it is mostly chance, as of any arrivals.
        """
        a_minute = self.peak_requests_per_second * MINUTE_S
        if self._trace.span_s < FEWEST_MINUTES * MINUTE_S or a_minute < FEWEST_A_MINUTE:
            return None
        return float(self.minutes[self._hour].max() / MINUTE_S / self.peak_requests_per_second)

    def _busiest_hour(self) -> slice:
        sums = np.concatenate([[0], np.cumsum(self.minutes)])
        if len(self.minutes) <= 60:
            return slice(0, len(self.minutes))
        begins = int(np.argmax(sums[60:] - sums[:-60]))
        return slice(begins, begins + 60)

    def over_time(self, most: int) -> tuple[float, Floats]:
        """Seconds of a bin, and requests/s of each: at most so many of the same length, over the trace."""
        bins = min(most, max(1, len(self._trace) // 10))
        width_s = self._trace.span_s / bins
        counts, _ = np.histogram(self._trace.at_s, bins=bins, range=(0.0, self._trace.span_s))
        return width_s, counts / width_s

    @cached_property
    def burstiness(self) -> Burstiness | None:
        """Within hours, each by its requests, since the hours' own rise and fall is the daily curve and not a
        burst; of the whole where no hour has enough. None for fewer than 100 gaps.

        Where the clock is coarser than the gaps, which it makes zero, their variation is the clock's own; the
        variance over the mean of counts in windows tends to the same figure for independent gaps
        (Cox & Lewis, The Statistical Analysis of Series of Events, 1966, section 4.5).
        """
        gaps = np.diff(self._trace.at_s)
        if len(gaps) < FEWEST_GAPS:
            return None
        if np.count_nonzero(gaps == 0) > MOST_TIES * len(gaps):
            return self._by_counts(gaps)
        hours = (self._trace.at_s // HOUR_S).astype(np.int64)
        within = hours[1:] == hours[:-1]
        own, of = gaps[within], hours[1:][within]
        counts, sums, squares = np.bincount(of), np.bincount(of, own), np.bincount(of, own**2)
        enough = counts >= FEWEST_GAPS
        if not enough.any():
            return Burstiness(float(gaps.var(ddof=1) / gaps.mean() ** 2), "over the whole trace")
        n, means = counts[enough], sums[enough] / counts[enough]
        variances = (squares[enough] - n * means**2) / (n - 1)
        return Burstiness(float(np.average(variances / means**2, weights=n)), "within hours")

    def _by_counts(self, gaps: Floats) -> Burstiness | None:
        tick_s = float(np.percentile(gaps[gaps > 0], 5))
        width_s = TICKS * tick_s
        windows = int(self._trace.span_s // width_s)
        if windows < FEWEST_WINDOWS:
            return None
        counts = np.bincount((self._trace.at_s // width_s).astype(np.int64))[:windows]
        value = float(counts.var(ddof=1) / counts.mean())
        told = f"by counts in windows of {width_s:.3g} s, since times are in steps of {tick_s:.3g} s"
        return Burstiness(value, told)

    @cached_property
    def daily(self) -> Daily | None:
        """None where the trace is shorter than a day, or has too few requests for one."""
        if self._trace.span_s < DAY_S or len(self._trace) < FEWEST_A_DAY:
            return None
        begins = self._trace.clock.begins_at
        offset_s = begins.timestamp() % DAY_S if begins else 0.0
        # A minute belongs to the hour that its middle lies in.
        middles = offset_s + (np.arange(len(self.minutes)) + 0.5) * MINUTE_S
        hours = (middles // HOUR_S).astype(np.int64) % 24
        counted = np.bincount(hours, weights=self.minutes, minlength=24)
        return Daily(counted / (np.bincount(hours, minlength=24) * MINUTE_S))
