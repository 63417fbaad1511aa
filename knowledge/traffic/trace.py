"""The requests of a trace by the time of their arrival, as arrays: what everything else is computed from."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import CompassError
from knowledge.traffic.lines import Limits
from knowledge.traffic.rows import Row
from knowledge.traffic.values import Unusable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
AFTER_1998_S, BEFORE_2100_S = 9e8, 4.1e9
SINCE_1970 = tuple((AFTER_1998_S / unit_s, unit_s) for unit_s in (1e-9, 1e-6, 1e-3, 1.0))
"""Bare numbers from here on are times since 1970, of this unit."""


@dataclass(frozen=True)
class Blocks:
    """Ids of the blocks of each prompt, from its beginning: request n has `ids[starts[n] : starts[n + 1]]`.
    Equal ids are equal prefixes up to there.
    """

    ids: Ints
    starts: Ints


@dataclass(frozen=True)
class Clock:
    """What times are: `begins_at` is the first request's, where the file has dates or times since 1970."""

    told: str
    begins_at: datetime | None
    zoned: bool
    """Whether it is UTC; else a date as it is written."""


@dataclass(frozen=True)
class Trace:
    """In the order of arrival; those of one moment in that of the file. What the file doesn't tell is None;
    what it doesn't tell of a request is -1, of a time NaN.
    """

    clock: Clock
    at_s: Floats
    """Since the first."""
    prompt_tokens: Ints
    output_tokens: Ints
    cached_tokens: Ints | None
    blocks: Blocks | None
    prefixes: Ints | None
    """Which of the shared prefixes a prompt begins with."""
    prefix_tokens: Ints | None
    """How long each of these is."""
    sessions: Ints | None
    ended_s: Floats | None
    """When the answer was whole, on the clock of `at_s`."""

    def __len__(self) -> int:
        return len(self.at_s)

    @property
    def span_s(self) -> float:
        return float(self.at_s[-1])


class Collected:
    """Requests as they are read; some 50 bytes each, and 4 for each block."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        self._times, self._ended, self._lasted = array("d"), array("d"), array("d")
        self._prompts, self._outputs, self._cached = array("i"), array("i"), array("i")
        self._blocks, self._starts = array("I"), array("q", [0])
        self._ids: dict[Any, int] = {}
        self._prefixes, self._prefix_ids = array("i"), dict[str, int]()
        self._sessions, self._session_ids = array("i"), dict[str, int]()
        self.dated: bool | None = None
        self.zoned = True
        self.unit_s: float | None = None

    def __len__(self) -> int:
        return len(self._times)

    def add(self, row: Row) -> None:
        """Raises Unusable for a date among bare numbers or the other way round, CompassError for too many."""
        dated = row.zoned is not None
        if self.dated is None:
            self.dated, self.unit_s = dated, row.unit_s
        elif dated != self.dated:
            raise Unusable("a date among bare numbers, or a bare number among dates")
        if len(self) >= self._limits.requests:
            raise self._too_much(f"{self._limits.requests:,} requests")
        self.zoned = self.zoned and row.zoned is not False
        self._times.append(row.time)
        self._prompts.append(row.prompt_tokens)
        self._outputs.append(row.output_tokens)
        self._cached.append(-1 if row.cached_tokens is None else row.cached_tokens)
        for each in row.blocks or ():
            self._blocks.append(self._ids.setdefault(each, len(self._ids)))
        if len(self._blocks) > self._limits.blocks:
            raise self._too_much(f"{self._limits.blocks:,} blocks of prompts")
        self._starts.append(len(self._blocks))
        self._prefixes.append(_id(row.prefix, self._prefix_ids))
        self._sessions.append(_id(row.session, self._session_ids))
        self._ended.append(np.nan if row.ended is None else row.ended)
        self._lasted.append(np.nan if row.lasted_s is None else row.lasted_s)

    def _too_much(self, what: str) -> CompassError:
        return CompassError(
            f"{self._name} has more than {what}, the most that is read at once. Cut it, for instance to its"
            " busiest day."
        )

    def trace(self, stated_unit_s: float | None, bare_unit_s: float) -> Trace:
        """Bare numbers count `stated_unit_s`, which a person says; else what their size or their name says;
        else `bare_unit_s`.
        """
        times = np.asarray(self._times, dtype=np.float64)
        unit_s, clock = self._clock(times, stated_unit_s, bare_unit_s)
        order = np.argsort(times, kind="stable")
        begin = times[order[0]]
        at_s = (times[order] - begin) * unit_s
        ended_s = (np.asarray(self._ended)[order] - begin) * unit_s
        ended_s = np.where(np.isnan(ended_s), at_s + np.asarray(self._lasted)[order], ended_s)
        cached, prefixes, sessions = (
            np.asarray(values, dtype=np.int64)[order]
            for values in (self._cached, self._prefixes, self._sessions)
        )
        return Trace(
            clock=clock,
            at_s=at_s,
            prompt_tokens=np.asarray(self._prompts, dtype=np.int64)[order],
            output_tokens=np.asarray(self._outputs, dtype=np.int64)[order],
            cached_tokens=cached if (cached >= 0).any() else None,
            blocks=self._in_order(order) if self._blocks else None,
            prefixes=prefixes if self._prefix_ids else None,
            prefix_tokens=_lengths(self._prefix_ids),
            sessions=sessions if self._session_ids else None,
            ended_s=ended_s if np.isfinite(ended_s).any() else None,
        )

    def _clock(self, times: Floats, stated_unit_s: float | None, bare_unit_s: float) -> tuple[float, Clock]:
        """Seconds of a unit of `times`, and what is told of them."""
        least = float(times.min())
        if self.dated:
            told = "dates in UTC" if self.zoned else "dates without a time zone"
            return 1.0, Clock(told, datetime.fromtimestamp(least, UTC), self.zoned)
        by_size = next((unit_s for bound, unit_s in SINCE_1970 if least >= bound), None)
        unit_s = stated_unit_s or by_size or self.unit_s or bare_unit_s
        unit, begins_s = {1.0: "s", 1e-3: "ms", 1e-6: "µs", 1e-9: "ns"}[unit_s], least * unit_s
        if AFTER_1998_S <= begins_s < BEFORE_2100_S:
            return unit_s, Clock(f"{unit} since 1970", datetime.fromtimestamp(begins_s, UTC), zoned=True)
        return unit_s, Clock(f"{unit} since the beginning", None, zoned=False)

    def _in_order(self, order: NDArray[np.intp]) -> Blocks:
        starts = np.asarray(self._starts, dtype=np.int64)
        counts = np.diff(starts)[order]
        begins = np.concatenate([[0], np.cumsum(counts)])
        within = np.arange(begins[-1]) - np.repeat(begins[:-1], counts)
        ids = np.asarray(self._blocks, dtype=np.int64)[np.repeat(starts[:-1][order], counts) + within]
        return Blocks(ids, begins)


def _id(name: str | None, known: dict[str, int]) -> int:
    return -1 if name is None else known.setdefault(name, len(known))


def _lengths(prefixes: dict[str, int]) -> Ints | None:
    """Of “tokens id”; None where no prefix says how long it is."""
    said = [each.split(" ", 1)[0] if " " in each else "" for each in prefixes]
    known = [int(each) if each.isdigit() else -1 for each in said]
    return np.array(known, dtype=np.int64) if known and max(known) >= 0 else None
