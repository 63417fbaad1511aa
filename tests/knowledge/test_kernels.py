"""The estimator's extra: what it gives is what is shipped. Skipped where the extra isn't installed."""

import pytest

from knowledge.catalogue import gpus, models
from knowledge.errors import CompassError
from knowledge.estimator import kernels
from knowledge.estimator.grids import shipped_grid
from knowledge.estimator.kernels import KernelsMissing, kernel_grid
from knowledge.estimator.measured import extract, measured_points

with_extra = pytest.mark.skipif(
    not kernels.available(), reason="the estimator's extra isn't installed (make estimator)"
)


@pytest.mark.slow
@with_extra
@pytest.mark.parametrize(
    ("model", "gpu", "count"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", "H100", 1),
        ("openai/gpt-oss-120b", "B200", 2),
        ("Qwen/Qwen2.5-14B-Instruct", "L40S", 2),
    ],
)
def test_grids_come_out_as_shipped(model: str, gpu: str, count: int) -> None:
    shipped = shipped_grid(model, gpu, count)
    assert shipped
    assert shipped.source == "kernels"
    fresh = kernel_grid(models()[model], gpus()[gpu], count)
    assert [float(f"{v:.4g}") for v in fresh.values()] == list(shipped.values())


@with_extra
def test_what_has_no_measurements_is_said() -> None:
    with pytest.raises(KernelsMissing, match="no kernel measurements of L4"):
        kernel_grid(models()["microsoft/phi-4"], gpus()["L4"], 1)
    with pytest.raises(KernelsMissing, match="int4_wo"):
        kernel_grid(models()["RedHatAI/phi-4-quantized.w4a16"], gpus()["H100"], 1)


@with_extra
def test_measured_points_come_out_as_shipped() -> None:
    points, left_out = extract()
    assert tuple(points) == measured_points()
    assert left_out["no date"] > 0


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "available", lambda: False)
    with pytest.raises(CompassError, match="make estimator"):
        kernel_grid(models()["microsoft/phi-4"], gpus()["H100"], 1)
