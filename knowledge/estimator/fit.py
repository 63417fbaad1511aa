"""Fits `data/calibration.json` to the seen measured rows, and takes the errors from the
unseen ones. Run by `make calibration`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from statistics import fmean

from knowledge.estimator.accuracy import Priced, error_ranges, price, priced_rows
from knowledge.estimator.calibration import Calibration
from knowledge.estimator.steps import Overheads


def fit() -> Calibration:
    """Line searches over the seen rows: the overheads of a step on ITL, then the prompt
    factors and the request's on TTFT.
    """
    seen = [row for row in priced_rows() if row.seen]
    sample = seen[:: max(1, len(seen) // 90)]
    current = Overheads(kernel_factor=1.0, prompt_factor=1.3, step_ms=0.3, sequence_ms=0.005, request_ms=12.0)
    factors = {"hopper": 1.3, "blackwell": 1.3}

    def loss(rows: Sequence[Priced], overheads: Callable[[str], Overheads], metric: str) -> float:
        """Mean of the logarithm's distance, each row's capped: a row whose engine ran
        out of memory must not decide.
        """
        logs = []
        for row in rows:
            estimate = price(row, overheads(row.architecture))
            logs.append(min(1.2, abs(math.log(getattr(estimate, metric) / getattr(row.point, metric)))))
        return fmean(logs)

    def with_factors(base: Overheads) -> Callable[[str], Overheads]:
        return lambda architecture: replace(base, prompt_factor=factors[architecture])

    searches: list[tuple[str, tuple[float, ...], str]] = [
        ("kernel_factor", (0.88, 0.92, 0.96, 1.0, 1.04), "itl_mean_ms"),
        ("step_ms", (0.0, 0.2, 0.4, 0.6, 0.8), "itl_mean_ms"),
        ("sequence_ms", (0.0, 0.004, 0.008, 0.012, 0.016), "itl_mean_ms"),
        ("request_ms", (4.0, 8.0, 12.0, 16.0, 20.0, 25.0), "ttft_mean_ms"),
    ]
    for _ in range(2):
        for name, values, metric in searches:
            tried = {v: loss(sample, with_factors(replace(current, **{name: v})), metric) for v in values}
            current = replace(current, **{name: min(tried, key=lambda v: (tried[v], v))})
            for architecture in factors if name == "sequence_ms" else ():
                rows = [row for row in seen if row.architecture == architecture]
                rows = rows[:: max(1, len(rows) // 60)]
                found = {}
                for value in (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8):
                    factors[architecture] = value
                    found[value] = loss(rows, with_factors(current), "ttft_mean_ms")
                factors[architecture] = min(found, key=lambda v: (found[v], v))
    return Calibration(
        kernel_factor=current.kernel_factor,
        step_ms=current.step_ms,
        sequence_ms=current.sequence_ms,
        request_ms=current.request_ms,
        prompt_factor=factors | {"other": round(fmean(factors.values()), 3)},
        errors=error_ranges(with_factors(current)),
        source="fitted on the seen rows of data/measured.csv.gz; errors on the unseen ones",
        date="2026-11-23",
    )


if __name__ == "__main__":
    text = json.dumps(fit().model_dump(), indent=2) + "\n"
    Path(str(files("knowledge").joinpath("data", "calibration.json"))).write_text(text, encoding="utf-8")
