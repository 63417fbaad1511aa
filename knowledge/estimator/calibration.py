"""What an engine takes beyond its kernels, and how far estimates were off: both from
measured rows, in `data/calibration.json`.
"""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from knowledge.entries import Entry, data_text
from knowledge.estimator.steps import Overheads


class ErrorRange(BaseModel):
    """Absolute relative errors of estimates on unseen rows: half of them, and nine
    in ten, are within these.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: int = Field(ge=0)
    median: float = Field(ge=0)
    p90: float = Field(ge=0)


class Calibration(Entry):
    """Overheads by GPU architecture, and the errors found, by metric (`ttft`, `itl`)
    and source of the steps.
    """

    kernel_factor: float = Field(gt=0)
    step_ms: float = Field(ge=0)
    sequence_ms: float = Field(ge=0)
    request_ms: float = Field(ge=0)
    prompt_factor: dict[str, float]
    """By architecture; `other` where nothing was measured: the mean of those that were."""
    errors: dict[str, dict[str, ErrorRange]]

    def overheads(self, architecture: str) -> Overheads:
        return Overheads(
            kernel_factor=self.kernel_factor,
            prompt_factor=self.prompt_factor.get(architecture, self.prompt_factor["other"]),
            step_ms=self.step_ms,
            sequence_ms=self.sequence_ms,
            request_ms=self.request_ms,
        )


@cache
def calibration() -> Calibration:
    """The shipped one."""
    return Calibration.model_validate_json(data_text("calibration.json"))
