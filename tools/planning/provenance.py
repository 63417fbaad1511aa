"""Where a prediction is from, and how far such predictions were off."""

from __future__ import annotations

from functools import cache

from knowledge.curves import CurveTable
from knowledge.estimator.calibration import calibration
from knowledge.estimator.measured import measured_points
from tools.planning.plan import THE_ROOFLINE, EstimateError


def provenance_of(table: CurveTable, configuration: int) -> str:
    """Kind, source, engine and date; of each, where a configuration's rows have several."""
    return "; ".join(map(str, table.origins_of(configuration)))


def estimate_error_of(table: CurveTable, configuration: int) -> EstimateError | None:
    """Of an estimate, the error range that the accuracy report supports."""
    if all(o.provenance != "estimated" for o in table.origins_of(configuration)):
        return None
    return _error(bool(table.by_roofline[configuration]), table.gpu_types[configuration])


@cache
def _error(by_roofline: bool, gpu_type: str) -> EstimateError:
    found = calibration().errors["roofline" if by_roofline else "kernels"]
    measured = sorted({point.gpu_type for point in measured_points()})
    return EstimateError(
        steps=THE_ROOFLINE if by_roofline else "kernel measurements",
        itl_median=found["itl"].median,
        itl_p90=found["itl"].p90,
        ttft_median=found["ttft"].median,
        ttft_p90=found["ttft"].p90,
        measured_on=None if gpu_type in measured else ", ".join(measured),
    )
