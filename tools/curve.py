"""One configuration's latencies over request rate, read monotonically and never beyond the last row."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal

from knowledge.benchmarks import Benchmark
from knowledge.catalogue import SloTargets

Metric = Literal["ttft", "itl", "e2e"]
METRICS: tuple[Metric, ...] = ("ttft", "itl", "e2e")


def target_of(targets: SloTargets, metric: Metric) -> float:
    return float(getattr(targets, f"{metric}_p95_ms"))


@dataclass(frozen=True)
class Curve:
    """Rows of one (model, GPU, count, traffic profile), by rising request rate."""

    rows: tuple[Benchmark, ...]

    @property
    def model_id(self) -> str:
        return self.rows[0].model_id

    @property
    def gpu_type(self) -> str:
        return self.rows[0].gpu_type

    @property
    def gpu_count(self) -> int:
        return self.rows[0].gpu_count

    @property
    def provenance(self) -> str:
        """`measured`, `observed` or `estimated`; a mixture is named as one."""
        return " and ".join(sorted({row.provenance for row in self.rows}))

    @cached_property
    def _rates(self) -> list[float]:
        return [row.requests_per_second for row in self.rows]

    @property
    def lowest_rate(self) -> float:
        return self._rates[0]

    @property
    def highest_rate(self) -> float:
        return self._rates[-1]

    def _series(self, metric: Metric, percentile: str) -> list[float] | None:
        """Values over rate, each at least the one before: a dip with rising load is noise, and is read as the higher value.

        None where a row doesn't state this percentile.
        """
        values = [getattr(getattr(row, f"{metric}_ms"), percentile) for row in self.rows]
        return None if None in values else list(accumulate(values, max))

    @cached_property
    def _p95(self) -> dict[Metric, list[float]]:
        return {metric: self._series(metric, "p95") or [] for metric in METRICS}

    def capacity(self, targets: SloTargets, metrics: Sequence[Metric] = METRICS) -> float:
        """The highest rate (requests/s) at which the p95 of all `metrics` hold, interpolated; 0 if they fail at the lowest row.

        Where even the last row holds, its rate: what lies beyond is unknown and not assumed.
        """
        return min((self._crossing(m, target_of(targets, m)) for m in metrics), default=self.highest_rate)

    def _crossing(self, metric: Metric, target: float) -> float:
        values = self._p95[metric]
        if values[0] > target:
            return 0.0
        for i in range(1, len(values)):
            if values[i] > target:
                share = (target - values[i - 1]) / (values[i] - values[i - 1])
                return self._rates[i - 1] + share * (self._rates[i] - self._rates[i - 1])
        return self.highest_rate

    def p95(self, metric: Metric, rate: float) -> float:
        """Interpolated at `rate`; below the first row, the first row's value. Raises ValueError beyond the last row."""
        return self._read(self._p95[metric], rate)

    def latency(self, metric: Metric, percentile: str, rate: float) -> float | None:
        """The same for `p50`, `p90` or `p99`, which a measurement may not state."""
        values = self._series(metric, percentile)
        return None if values is None else self._read(values, rate)

    def _read(self, values: list[float], rate: float) -> float:
        if rate > self.highest_rate * (1 + 1e-9):
            raise ValueError(f"{rate} requests/s is beyond the table's last row at {self.highest_rate}.")
        at = bisect_left(self._rates, rate)
        if at == 0:
            return values[0]
        at = min(at, len(values) - 1)
        share = min(1.0, (rate - self._rates[at - 1]) / (self._rates[at] - self._rates[at - 1]))
        return values[at - 1] + share * (values[at] - values[at - 1])

    def failing(self, targets: SloTargets) -> list[Metric]:
        """Metrics whose p95 target is missed even at the lowest rate."""
        return [m for m in METRICS if self._p95[m][0] > target_of(targets, m)]
