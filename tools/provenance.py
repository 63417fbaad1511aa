"""Where a prediction is from, and how far such predictions were off."""

from __future__ import annotations

from functools import cache

from knowledge.estimator.calibration import calibration
from knowledge.estimator.measured import measured_points
from tools.curve import Curve
from tools.recommendation import EstimateError


def provenance_of(curve: Curve) -> str:
    """Kind, source, engine and date."""
    row = curve.rows[0]
    return f"{curve.provenance}: {row.source}, {row.engine}, {row.date}"


def estimate_error_of(curve: Curve) -> EstimateError | None:
    """Of an estimate, the error range that the accuracy report supports."""
    if "estimated" not in curve.provenance:
        return None
    return _error(any(row.source.startswith("roofline") for row in curve.rows), curve.gpu_type)


@cache
def _error(by_roofline: bool, gpu_type: str) -> EstimateError:
    found = calibration().errors["roofline" if by_roofline else "kernels"]
    measured = sorted({point.gpu_type for point in measured_points()})
    return EstimateError(
        steps="the roofline" if by_roofline else "kernel measurements",
        itl_median=found["itl"].median,
        itl_p90=found["itl"].p90,
        ttft_median=found["ttft"].median,
        ttft_p90=found["ttft"].p90,
        measured_on=None if gpu_type in measured else ", ".join(measured),
    )
