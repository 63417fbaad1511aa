"""Latencies over request rate of many configurations at once, in columns: read
monotonically, never beyond the last row.

Rows lie behind one another, a configuration's by rising rate; `starts[c]` is the first row of configuration
`c`. Every operation is over all configurations, so that a plan takes milliseconds however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge.catalogue import STATISTICS, Statistic
from knowledge.workload import Workload

KEPT = 32
ROOFLINE = "roofline"
"""How the source of such an estimate begins."""
T = TypeVar("T")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Curves:
    """`starts` (configurations,), `rates` (rows,) in requests/s, `p95_ms` (3 metrics,
    rows), which never fall within a configuration.
    """

    starts: Ints
    rates: Floats
    p95_ms: Floats

    @classmethod
    def of(cls, starts: Ints, rates: Floats, p95_ms: Floats) -> Curves:
        """From values as measured: a dip with rising load is noise, and is read as
        the higher value before it.
        """
        return cls(starts, rates, rising(p95_ms, starts))

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def counts(self) -> Ints:
        """Rows of each configuration."""
        return np.diff(self.starts, append=len(self.rates))

    @cached_property
    def highest_rate(self) -> Floats:
        found: Floats = self.rates[self.starts + self.counts - 1]
        return found

    def capacities(self, targets_ms: Floats) -> Floats:
        """(3, configurations): the highest rate at which each metric's p95 holds, interpolated; 0
        where it fails at the lowest row.

        Where even the last row holds, its rate: what lies beyond is unknown and not assumed.
        """
        if not len(self):
            return np.zeros((3, 0))
        holds = self.p95_ms <= targets_ms[:, None]
        holding = np.add.reduceat(
            holds, self.starts, axis=1, dtype=np.int64
        )  # they never fall: the first so many rows
        right = self.starts + np.minimum(holding, self.counts - 1)
        left = np.maximum(right - 1, self.starts)
        shift = np.arange(3)[:, None] * self.p95_ms.shape[1]
        low, high = self.p95_ms.take(left + shift), self.p95_ms.take(right + shift)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.clip(np.where(high > low, (targets_ms[:, None] - low) / (high - low), 1.0), 0.0, 1.0)
        slower, faster = self.rates.take(left), self.rates.take(right)
        crossing = slower + share * (faster - slower)
        return np.where(holding == 0, 0.0, np.where(holding == self.counts, self.highest_rate, crossing))

    def capacity(self, targets_ms: Floats) -> Floats:
        """(configurations,): the highest rate at which all three p95s hold."""
        found: Floats = self.capacities(targets_ms).min(axis=0)
        return found

    def p95_at(self, rates: Floats) -> Floats:
        """(3, configurations) in ms, at one rate for each; below the first row that row's
        values, beyond the last row NaN.
        """
        return self.read(self.p95_ms, rates)

    def read(self, series: Floats, rates: Floats) -> Floats:
        """Any series over the rows (last axis), interpolated at one rate for each configuration."""
        if not len(self):
            return np.zeros((*series.shape[:-1], 0))
        below = np.add.reduceat(self.rates < np.repeat(rates, self.counts), self.starts, dtype=np.int64)
        right = self.starts + np.minimum(below, self.counts - 1)
        left = np.maximum(right - 1, self.starts)
        low, high = self.rates.take(left), self.rates.take(right)
        share = np.divide(rates - low, high - low, out=np.ones_like(low), where=high > low)
        np.clip(share, 0.0, 1.0, out=share)
        share[below == 0] = 1.0  # both are the first row then
        before, after = series.take(left, axis=-1), series.take(right, axis=-1)
        with np.errstate(invalid="ignore"):  # what holds no target at any rate is infinite
            found: Floats = before + share * (after - before)
        found[..., rates > high * (1 + 1e-9)] = np.nan
        return found

    def rows_of(self, configurations: Ints) -> Ints:
        """Positions of all their rows, one configuration after the other."""
        counts = self.counts[configurations]
        offsets = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.asarray(np.repeat(self.starts[configurations], counts) + offsets)

    def select(self, configurations: Ints) -> Curves:
        """Of some configurations, in their order."""
        rows, counts = self.rows_of(configurations), self.counts[configurations]
        return Curves(np.cumsum(counts) - counts, self.rates[rows], self.p95_ms[:, rows])


def rising(series: Floats, starts: Ints) -> Floats:
    """Running maxima along the last axis, begun anew at each of `starts`."""
    found = np.array(series, dtype=np.float64)
    counts = np.diff(starts, append=found.shape[-1])
    for count in np.unique(counts):
        rows = starts[counts == count][:, None] + np.arange(count)
        found[..., rows] = np.maximum.accumulate(found[..., rows], axis=-1)
    return found


@dataclass(frozen=True)
class Origin:
    """Where rows are from: `provenance` is measured, observed or estimated."""

    provenance: str
    source: str
    engine: str
    date: str

    def __str__(self) -> str:
        return f"{self.provenance}: {self.source}, {self.engine}, {self.date}"


@dataclass(frozen=True)
class CurveTable:
    """All configurations with rows of one traffic profile; one entry each in the
    lists, one row each in the arrays.
    """

    model_ids: list[str]
    gpu_types: list[str]
    gpu_counts: Ints
    curves: Curves
    p50_ms: Floats
    """(3, rows) like p95; NaN where a source doesn't state it."""
    p99_ms: Floats
    origin_codes: Ints
    origins: list[Origin]
    mean_ms: Floats | None = None
    p90_ms: Floats | None = None
    """Like the others; None in a table that is kept without them."""
    workload: Workload | None = None
    """What it was simulated under while a person waited; None where it is from the benchmark table."""

    def __len__(self) -> int:
        return len(self.model_ids)

    @property
    def statistics(self) -> Floats:
        """(statistics in the order of STATISTICS, 3, rows) in ms; NaN where one isn't known."""
        unknown = np.full_like(self.curves.p95_ms, np.nan)
        of: dict[Statistic, Floats | None] = {
            "mean": self.mean_ms,
            "p50": self.p50_ms,
            "p90": self.p90_ms,
            "p95": self.curves.p95_ms,
            "p99": self.p99_ms,
        }
        each = (of[statistic] for statistic in STATISTICS)
        return np.stack([unknown if series is None else series for series in each])

    def origins_of(self, configuration: int) -> list[Origin]:
        """The distinct ones of its rows, by rising rate."""
        first = int(self.curves.starts[configuration])
        codes = self.origin_codes[first : first + int(self.curves.counts[configuration])]
        return [self.origins[code] for code in dict.fromkeys(codes.tolist())]

    @cached_property
    def estimated(self) -> Bools:
        """(configurations,): whether all of its rows are estimates of ours, so that a
        simulation may stand for them.
        """
        ours = np.array([o.provenance == "estimated" for o in self.origins], dtype=bool)
        return (
            np.logical_and.reduceat(ours[self.origin_codes], self.curves.starts)
            if len(self)
            else np.zeros(0, dtype=bool)
        )

    @cached_property
    def by_roofline(self) -> Bools:
        """(configurations,): whether any of its rows is an estimate from the roofline
        alone, with no kernel measured.
        """
        theirs = np.array(
            [o.provenance == "estimated" and o.source.startswith(ROOFLINE) for o in self.origins], dtype=bool
        )
        return (
            np.logical_or.reduceat(theirs[self.origin_codes], self.curves.starts)
            if len(self)
            else np.zeros(0, dtype=bool)
        )

    @cached_property
    def memo(self) -> dict[Any, Any]:
        """What others derived from this table and the catalogue, kept as long as the table."""
        return {}

    def kept(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What `make` makes, kept with the table; of keys that begin alike the latest KEPT."""
        found: T | None = self.memo.get(key)
        if found is None:
            alike = [k for k in list(self.memo) if k[0] == key[0]]  # a copy: other threads plan as well
            for old in alike[: max(0, len(alike) + 1 - KEPT)]:
                self.memo.pop(old, None)
            found = self.memo[key] = make()
        return found

    def select(self, configurations: Ints) -> CurveTable:
        """Of some configurations, in their order."""
        rows = self.curves.rows_of(configurations)
        return CurveTable(
            model_ids=[self.model_ids[n] for n in configurations.tolist()],
            gpu_types=[self.gpu_types[n] for n in configurations.tolist()],
            gpu_counts=self.gpu_counts[configurations],
            curves=self.curves.select(configurations),
            p50_ms=self.p50_ms[:, rows],
            p99_ms=self.p99_ms[:, rows],
            mean_ms=None if self.mean_ms is None else self.mean_ms[:, rows],
            p90_ms=None if self.p90_ms is None else self.p90_ms[:, rows],
            origin_codes=self.origin_codes[rows],
            origins=self.origins,
            workload=self.workload,
        )

    def codes(self, names: Sequence[str], of: Literal["model_ids", "gpu_types"]) -> Ints:
        """For each configuration the position of its model or GPU type in `names`, or −1."""

        def numbered() -> tuple[list[str], Ints]:
            distinct = list(dict.fromkeys(getattr(self, of)))
            at = {name: n for n, name in enumerate(distinct)}
            return distinct, np.array([at[name] for name in getattr(self, of)], dtype=np.int64)

        distinct, positions = self.kept(("numbered", of), numbered)
        wanted = {name: n for n, name in enumerate(names)}
        lookup = np.array([wanted.get(name, -1) for name in distinct], dtype=np.int64)
        return lookup[positions] if len(distinct) else np.zeros(0, dtype=np.int64)


def table_of(rows: Sequence[Sequence[Any]]) -> CurveTable:
    """From rows with the columns `benchmarks.CURVE_COLUMNS`, sorted by configuration and rate."""
    if not rows:
        nothing = np.zeros((3, 0))
        return CurveTable(
            [],
            [],
            np.zeros(0, np.int64),
            Curves(np.zeros(0, np.int64), np.zeros(0), nothing),
            nothing,
            nothing,
            np.zeros(0, np.int64),
            [],
        )
    columns = list(zip(*rows, strict=True))
    keys = list(zip(*columns[:3], strict=True))
    starts = np.array([0, *(n for n in range(1, len(keys)) if keys[n] != keys[n - 1])], dtype=np.int64)
    figures = np.array(columns[3:13], dtype=np.float64)  # None becomes NaN
    codes: dict[tuple[Any, ...], int] = {}
    origin_codes = np.array(
        [codes.setdefault(origin, len(codes)) for origin in zip(*columns[13:17], strict=True)], dtype=np.int64
    )
    firsts = [keys[n] for n in starts.tolist()]
    return CurveTable(
        model_ids=[k[0] for k in firsts],
        gpu_types=[k[1] for k in firsts],
        gpu_counts=np.array([k[2] for k in firsts], dtype=np.int64),
        curves=Curves.of(starts, figures[0], figures[4:7]),
        p50_ms=rising(figures[1:4], starts),
        p99_ms=rising(figures[7:10], starts),
        origin_codes=origin_codes,
        origins=[Origin(*origin) for origin in codes],
    )
