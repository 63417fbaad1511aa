"""`compass doctor`: which parts are in use and whether each answers, with a remedy where it doesn't."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.postgres import PostgresSaver
from pydantic import BaseModel

from agent.models.choose import choose_model
from agent.tracing import in_words
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.deploying.cut import cut_off


class Finding(BaseModel):
    part: str
    ok: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """One finding for each part; a failing part doesn't keep the others from being looked at."""
    parts = (("model", _model), ("database", _database), ("cluster", _cluster))
    return [*(_found(part, look, settings) for part, look in parts), *_cut_off(settings)]


def _found(part: str, look: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(part=part, ok=True, text=look(settings))
    except Exception as error:
        return Finding(part=part, ok=False, text=in_words(error))


def _model(settings: Settings) -> str:
    return choose_model(settings).label


def _database(settings: Settings) -> str:
    database = Database(settings)
    try:
        with database.in_words(), database.connect() as connection:
            row = connection.execute(
                "SELECT count(*) AS rows, current_setting('server_version') AS version FROM benchmarks"
            ).fetchone()
            _as_a_turn_does(database)
        count, version = (row["rows"], row["version"]) if row else (0, "?")
        return f"{database.description}, version {version}, {count:,} benchmark rows"
    finally:
        database.close()


def _as_a_turn_does(database: Database) -> None:
    """Keep, read and delete a checkpoint, more than once: what a pooler or a right
    that is missing would break.
    """
    saver = PostgresSaver(database.pool)
    with database.alone():
        saver.setup()
    thread = f"doctor-{secrets.token_hex(8)}"
    begin: RunnableConfig = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    try:
        for _ in range(3):
            config = saver.put(begin, empty_checkpoint(), {}, {})
            saver.put_writes(config, [("messages", "“→” 日本")], "doctor")
            saver.get_tuple(config)
    finally:
        saver.delete_thread(thread)


def _cluster(settings: Settings) -> str:
    cluster = Cluster(settings)
    version = cluster.version()
    services = cluster.list(*INFERENCE_SERVICE)
    return (
        f"{cluster.description}, {version}, namespace {settings.namespace}, {len(services)} InferenceServices"
    )


def _cut_off(settings: Settings) -> list[Finding]:
    """What was left half applied; of a database that can't be asked its own finding tells."""
    try:
        database = Database(settings)
    except CompassError:
        return []
    try:
        return [Finding(part="apply", ok=False, text=str(cut)) for cut in cut_off(database)]
    except CompassError:
        return []
    finally:
        database.close()
