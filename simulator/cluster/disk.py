"""The cluster's objects on disk, so that they survive a restart: one SQLite file, in
which a change costs what it changes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from simulator.cluster.objects import Key, Object

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    resource TEXT,
    namespace TEXT,
    name TEXT,
    document TEXT NOT NULL,
    PRIMARY KEY (resource, namespace, name)
);
CREATE TABLE IF NOT EXISTS version (only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL);
"""


class Disk:
    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing; only a power cut may take the last moments
        # of what is simulated anyway.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)

    def version(self) -> int:
        """The last resource version; 1 of an empty cluster."""
        found = self._connection.execute("SELECT version FROM version").fetchone()
        return int(found[0]) if found else 1

    def objects(self) -> Iterable[Object]:
        """In the order of their making."""
        for (document,) in self._connection.execute("SELECT document FROM objects ORDER BY rowid"):
            yield json.loads(document)

    def save(self, version: int, changed: Mapping[Key, Object | None]) -> None:
        """All of it or nothing; None is an object that is gone."""
        with self._connection as transaction:
            transaction.execute(
                "INSERT INTO version VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET version ="
                " excluded.version",
                (version,),
            )
            gone = [key for key, document in changed.items() if document is None]
            transaction.executemany(
                "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?", gone
            )
            transaction.executemany(
                "INSERT INTO objects VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET document ="
                " excluded.document",
                [(*key, json.dumps(document)) for key, document in changed.items() if document is not None],
            )
