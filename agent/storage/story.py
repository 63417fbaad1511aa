"""The whole story of a conversation, beside its state: each message, and whole what
tools were given and returned.

The state holds the latest messages only, and what is long in short, with the digest under which the
whole of it is kept here once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AnyMessage, BaseMessage, message_to_dict, messages_from_dict
from langgraph.graph.message import add_messages

from knowledge.database import Database

LATEST = 60
"""Messages that a state holds: more than a turn makes, and than a chat model is shown."""
LONG = 1_000
"""Characters of JSON that a message holds as they are."""
_CLIPPED = 80


def latest(before: list[AnyMessage], new: list[AnyMessage]) -> list[AnyMessage]:
    """LangGraph's reducer of messages, for a list that doesn't grow; what leaves it
    is in the story by then.
    """
    return add_messages(before, new)[-LATEST:]  # type: ignore[arg-type, index, return-value]


@dataclass(frozen=True)
class Story:
    """Of one conversation. Everything raises CompassError where the database doesn't answer."""

    database: Database
    thread_id: str

    def kept(self, value: dict[str, Any], returned: bool) -> dict[str, Any]:
        """A tool's arguments or, `returned`, its result as a message may hold it: where
        it is long, in short, and kept here whole.
        """
        text = json.dumps(value)
        if len(text) <= LONG:
            return value
        digest = hashlib.sha256(text.encode()).hexdigest()
        with self.database.connect() as connection:
            connection.execute(
                "INSERT INTO story_values (thread_id, digest, returned, value) VALUES (%s, %s, %s, %s) ON"
                " CONFLICT DO NOTHING",
                [self.thread_id, digest, returned, text],
            )
        return {name: _in_short(item) for name, item in value.items()} | {"whole": f"sha256:{digest}"}

    def whole(self, reference: str) -> Any:
        """What `kept` put in short, by its `whole`. Raises KeyError for what isn't of this conversation."""
        with self.database.connect() as connection:
            row = connection.execute(
                "SELECT value FROM story_values WHERE (thread_id, digest) = (%s, %s)",
                [self.thread_id, reference.removeprefix("sha256:")],
            ).fetchone()
        if row is None:
            raise KeyError(reference)
        return json.loads(row["value"])

    def returned(self) -> Iterator[Any]:
        """All that tools have returned and that was too long for a message."""
        with self.database.connect() as connection:
            rows = connection.execute(
                "SELECT value FROM story_values WHERE thread_id = %s AND returned", [self.thread_id]
            ).fetchall()
        return (json.loads(row["value"]) for row in rows)

    def remember(self, messages: Sequence[BaseMessage]) -> None:
        """Add those messages that aren't in it yet, in their order."""
        with self.database.connect() as connection:
            row = connection.execute(
                "SELECT id FROM story WHERE thread_id = %s ORDER BY number DESC LIMIT 1", [self.thread_id]
            ).fetchone()
            known = next((n for n, m in enumerate(messages, start=1) if row and m.id == row["id"]), 0)
            new = {str(m.id): json.dumps(message_to_dict(m)) for m in messages[known:]}
            connection.execute(
                "INSERT INTO story (thread_id, id, message) SELECT %s, id, message FROM unnest(%s::text[],"
                " %s::text[]) WITH ORDINALITY AS m(id, message, n) ORDER BY n ON CONFLICT DO NOTHING",
                [self.thread_id, list(new), list(new.values())],
            )

    def messages(self) -> list[BaseMessage]:
        """All that `remember` was given, in order."""
        with self.database.connect() as connection:
            rows = connection.execute(
                "SELECT message FROM story WHERE thread_id = %s ORDER BY number", [self.thread_id]
            ).fetchall()
        return messages_from_dict([json.loads(row["message"]) for row in rows])

    def forget(self) -> None:
        """Delete it for good."""
        with self.database.connect() as connection, connection.transaction():
            for table in ("story", "story_values"):
                connection.execute(f"DELETE FROM {table} WHERE thread_id = %s", [self.thread_id])  # noqa: S608 - our own names


def _in_short(item: Any) -> Any:
    """Numbers and names as they are; of lists and mappings how much they hold."""
    if isinstance(item, list | dict):
        return f"{len(item)} {'items' if isinstance(item, list) else 'fields'}" if item else item
    if isinstance(item, str) and len(item) > _CLIPPED:
        return item[: _CLIPPED - 1] + "…"
    return item
