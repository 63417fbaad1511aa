"""A few people at once over the API, and kills of the serving process: `make chaos` plays it with many."""

from pathlib import Path

import pytest
import yaml

from evals.aftermath import aftermath
from evals.chaos import chaos
from knowledge.database import Database
from knowledge.settings import Settings
from tests.tools.test_manifests import request
from tools.clusters.cluster import Cluster
from tools.clusters.writer import Writer
from tools.render_manifest import render_manifest


def test_nothing_is_lost_doubled_unapproved_or_torn_when_the_process_is_killed(
    settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPASS_SIMULATOR_WRITE_DELAY_S", "0.1")  # so that kills meet applies half way
    report = chaos(settings.model_copy(update={"home": home}), people=6, kills=3, seed=3)
    assert report.wrong == [], str(report)
    assert report.kills >= 1
    assert report.applies >= 6


def test_what_is_lost_unapproved_or_torn_is_seen(
    settings: Settings, home: Path, database: Database, thread: str
) -> None:
    cluster = Cluster(settings.model_copy(update={"home": home}))
    assert aftermath(set(), cluster, database) == (0, [])
    assert aftermath({"mine"}, cluster, database) == (0, ["mine is lost"])
    bundle = render_manifest(request("openai/gpt-oss-20b", "L40S", 1, 1, thread))
    documents = [yaml.safe_load(f.content) for f in bundle.files]
    for document in documents[:2]:
        Writer(cluster).apply(document)
    _, wrong = aftermath(set(), cluster, database)
    assert [text.split(": ")[0] for text in wrong] == [
        f"{bundle.name} is there, though nobody kept it",
        f"{bundle.name} is torn",
    ]
    for document in documents:
        Writer(cluster).apply(document)
    assert aftermath({bundle.name}, cluster, database) == (0, [f"{bundle.name} was applied 0 times"])
