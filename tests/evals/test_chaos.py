"""A few people at once over the API, and kills of the serving process: `make chaos` plays it with many."""

from pathlib import Path

import pytest

from evals.chaos import chaos
from knowledge.settings import Settings


def test_nothing_is_lost_doubled_unapproved_or_torn_when_the_process_is_killed(
    settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPASS_SIMULATOR_WRITE_DELAY_S", "0.1")  # so that kills meet applies half way
    report = chaos(settings.model_copy(update={"home": home}), people=6, kills=3, seed=3)
    assert report.wrong == [], str(report)
    assert report.kills >= 1
    assert report.applies >= 6
