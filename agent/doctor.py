"""`compass doctor`: which parts are in use and whether each answers, with a remedy where it doesn't."""

from __future__ import annotations

from pydantic import BaseModel

from agent.models.choose import choose_model
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster


class Finding(BaseModel):
    part: str
    ok: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """One finding for each part; a failing part doesn't keep the others from being looked at."""
    return [_model(settings), _database(settings), _cluster(settings)]


def _model(settings: Settings) -> Finding:
    try:
        return Finding(part="model", ok=True, text=choose_model(settings).label)
    except CompassError as error:
        return Finding(part="model", ok=False, text=str(error))


def _database(settings: Settings) -> Finding:
    try:
        database = Database(settings)
    except CompassError as error:
        return Finding(part="database", ok=False, text=str(error))
    try:
        with database.connect() as connection:
            row = connection.execute("SELECT count(*) AS rows, current_setting('server_version') AS version FROM benchmarks").fetchone()
        count, version = (row["rows"], row["version"]) if row else (0, "?")
        return Finding(part="database", ok=True, text=f"{database.description}, version {version}, {count:,} benchmark rows")
    except CompassError as error:
        return Finding(part="database", ok=False, text=str(error))
    finally:
        database.close()


def _cluster(settings: Settings) -> Finding:
    try:
        cluster = Cluster(settings)
        version = cluster.version()
        services = cluster.list(*INFERENCE_SERVICE)
    except CompassError as error:
        return Finding(part="cluster", ok=False, text=str(error))
    text = f"{cluster.description}, {version}, namespace {settings.namespace}, {len(services)} InferenceServices"
    return Finding(part="cluster", ok=True, text=text)
