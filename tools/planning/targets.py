"""Each target with what it is called, and with what an option makes of it."""

from __future__ import annotations

from typing import NamedTuple

from knowledge.catalogue import METRICS, Metric, SloTargets, Statistic
from tools.planning.plan import Predicted
from tools.wording import METRIC_NAMES, exact_time, latency


class Target(NamedTuple):
    """Of a metric at a statistic; `ms` is None where the metric has none, and its p95 is only shown."""

    metric: Metric
    statistic: Statistic
    ms: float | None

    @property
    def name(self) -> str:
        return f"{METRIC_NAMES[self.metric]} {self.statistic}"

    @property
    def note(self) -> str:
        """Beside the name: “≤150 ms”."""
        return "no target" if self.ms is None else f"≤{latency(self.ms)}"

    @property
    def field(self) -> str:
        """Of the specification."""
        return f"{self.metric}_{self.statistic}_ms"

    def of(self, predicted: Predicted) -> float | None:
        """In ms; None where it isn't known."""
        return predicted.of(self.metric).at(self.statistic)

    def loosened(self, factor: float) -> Target:
        """So many times as loose, to four digits upwards."""
        ms = (self.ms or 0.0) * factor
        rounded = float(f"{ms:.4g}")
        return self._replace(ms=rounded if rounded >= ms else float(f"{ms * 1.0005:.4g}"))

    def told(self, instead_of: Target) -> str:
        return f"{self.name} {exact_time(self.ms or 0.0)} instead of {exact_time(instead_of.ms or 0.0)}"


def targets_of(targets: SloTargets, metric: Metric) -> list[Target]:
    """One at least."""
    return [Target(metric, s, ms) for s, ms in targets.of(metric).items()] or [Target(metric, "p95", None)]


def every_target(targets: SloTargets) -> list[Target]:
    """In the order of METRICS; plainly three p95s."""
    return [target for metric in METRICS for target in targets_of(targets, metric)]
