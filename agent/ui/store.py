"""Chainlit's data layer on our own database: users, threads, steps and cards as the browser shows them again.

Chainlit writes without waiting, so all goes through one thread in the order it came: an update
can't overtake what it updates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from chainlit.data.base import BaseDataLayer
from chainlit.data.utils import queue_until_user_message
from chainlit.element import Element, ElementDict
from chainlit.step import StepDict
from chainlit.types import Feedback, PageInfo, PaginatedResponse, Pagination, ThreadDict, ThreadFilter
from chainlit.user import PersistedUser, User
from psycopg import Connection
from psycopg.types.json import Json

from agent.runtime import Runtime
from agent.threads import runtime_thread
from agent.ui.cards import renewed

T = TypeVar("T")
Row = dict[str, Any]
MOST_PER_PAGE = 100


class Store(BaseDataLayer):
    """What a server keeps of its chats."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._in_order = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chat-store")

    async def _do(self, work: Callable[[Connection[Row]], T]) -> T:
        """Raises CompassError if the database is gone."""

        def run() -> T:
            with self._runtime.database.connect() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._in_order, run)

    async def get_user(self, identifier: str) -> PersistedUser | None:
        row = await self._do(
            lambda c: c.execute("SELECT * FROM chat_users WHERE identifier = %s", [identifier]).fetchone()
        )
        return _user(row) if row else None

    async def create_user(self, user: User) -> PersistedUser | None:
        row = await self._do(
            lambda c: c.execute(
                "INSERT INTO chat_users (identifier, metadata) VALUES (%s, %s)"
                " ON CONFLICT (identifier) DO UPDATE SET metadata = excluded.metadata RETURNING *",
                [user.identifier, Json(user.metadata)],
            ).fetchone()
        )
        return _user(row) if row else None

    async def upsert_feedback(self, feedback: Feedback) -> str:
        kept = {
            "forId": feedback.forId,
            "id": feedback.forId,
            "value": feedback.value,
            "comment": feedback.comment,
        }
        await self._do(
            lambda c: c.execute(
                "UPDATE chat_steps SET feedback = %s WHERE id = %s", [Json(kept), feedback.forId]
            )
        )
        return feedback.forId

    async def delete_feedback(self, feedback_id: str) -> bool:
        done = await self._do(
            lambda c: c.execute("UPDATE chat_steps SET feedback = NULL WHERE id = %s", [feedback_id]).rowcount
        )
        return bool(done)

    @queue_until_user_message()
    async def create_step(self, step_dict: StepDict) -> None:
        await self._do(lambda c: self._keep_step(step_dict, c))

    @queue_until_user_message()
    async def update_step(self, step_dict: StepDict) -> None:
        await self._do(lambda c: self._keep_step(step_dict, c))

    @staticmethod
    def _keep_step(step: StepDict, connection: Connection[Row]) -> None:
        _thread_exists(step["threadId"], connection)
        connection.execute(
            "INSERT INTO chat_steps (id, thread_id, step) VALUES (%s, %s, %s) ON CONFLICT (id) DO UPDATE SET"
            " step = excluded.step WHERE chat_steps.thread_id = excluded.thread_id",
            [step["id"], step["threadId"], Json({k: v for k, v in step.items() if k != "feedback"})],
        )

    @queue_until_user_message()
    async def delete_step(self, step_id: str) -> None:
        def work(connection: Connection[Row]) -> None:
            connection.execute("DELETE FROM chat_elements WHERE element->>'forId' = %s", [step_id])
            connection.execute("DELETE FROM chat_steps WHERE id = %s", [step_id])

        await self._do(work)

    @queue_until_user_message()
    async def create_element(self, element: Element) -> None:
        await self.keep_element(element.to_dict())

    async def keep_element(self, element: ElementDict) -> None:
        """Insert, or replace what has this id in the same thread."""

        def work(connection: Connection[Row]) -> None:
            thread_id = str(element["threadId"])
            _thread_exists(thread_id, connection)
            connection.execute(
                "INSERT INTO chat_elements (id, thread_id, element) VALUES (%s, %s, %s) ON CONFLICT (id) DO"
                " UPDATE SET element = excluded.element WHERE chat_elements.thread_id = excluded.thread_id",
                [element["id"], thread_id, Json(_without_server_parts(element))],
            )

        await self._do(work)

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        row = await self._do(
            lambda c: c.execute(
                "SELECT element FROM chat_elements WHERE (id, thread_id) = (%s, %s)", [element_id, thread_id]
            ).fetchone()
        )
        return cast(ElementDict, row["element"]) if row else None

    @queue_until_user_message()
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        await self._do(
            lambda c: c.execute(
                "DELETE FROM chat_elements WHERE id = %s AND thread_id = coalesce(%s, thread_id)",
                [element_id, thread_id],
            )
        )

    async def get_thread_author(self, thread_id: str) -> str:
        row = await self._do(
            lambda c: c.execute(
                "SELECT identifier FROM chat_threads t JOIN chat_users u ON u.id = t.user_id WHERE t.id = %s",
                [thread_id],
            ).fetchone()
        )
        return str(row["identifier"]) if row else ""

    async def get_step_author(self, step_id: str) -> str | None:
        """Whose conversation a message is of; None for one that there isn't."""
        row = await self._do(
            lambda c: c.execute(
                "SELECT identifier FROM chat_steps s JOIN chat_threads t ON t.id = s.thread_id JOIN"
                " chat_users u ON u.id = t.user_id WHERE s.id = %s",
                [step_id],
            ).fetchone()
        )
        return str(row["identifier"]) if row else None

    async def delete_thread(self, thread_id: str) -> None:
        """The picture and the conversation behind it; what was deployed stays, with its approvals."""
        author = await self.get_thread_author(thread_id)
        await self._do(lambda c: c.execute("DELETE FROM chat_threads WHERE id = %s", [thread_id]))
        if author:
            await asyncio.to_thread(self._runtime.forget, runtime_thread(author, thread_id))

    async def list_threads(
        self, pagination: Pagination, filters: ThreadFilter
    ) -> PaginatedResponse[ThreadDict]:
        """The newest first; the cursor is how many were shown already."""
        cursor = pagination.cursor or ""
        shown = int(cursor) if cursor.isdigit() else 0
        count = max(1, min(pagination.first, MOST_PER_PAGE))

        def work(connection: Connection[Row]) -> list[Row]:
            return connection.execute(
                "SELECT t.*, u.identifier FROM chat_threads t JOIN chat_users u ON u.id = t.user_id WHERE"
                " user_id = %(user)s AND (%(search)s = '' OR position(lower(%(search)s) IN"
                " lower(coalesce(t.name, ''))) > 0 OR EXISTS (SELECT FROM chat_steps s WHERE s.thread_id ="
                " t.id AND s.step->>'type' IN ('user_message', 'assistant_message') AND"
                " position(lower(%(search)s) IN lower(s.step->>'output')) > 0)) ORDER BY t.changed_at DESC,"
                " t.id LIMIT %(count)s + 1 OFFSET %(shown)s",
                {"user": filters.userId, "search": filters.search or "", "count": count, "shown": shown},
            ).fetchall()

        rows = await self._do(work)
        more = len(rows) > count
        page = PageInfo(
            hasNextPage=more, startCursor=str(shown), endCursor=str(shown + count) if more else None
        )
        return PaginatedResponse(pageInfo=page, data=[_thread(row, [], []) for row in rows[:count]])

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        def work(connection: Connection[Row]) -> ThreadDict | None:
            row = connection.execute(
                "SELECT t.*, u.identifier FROM chat_threads t LEFT JOIN chat_users u ON u.id = t.user_id"
                " WHERE t.id = %s",
                [thread_id],
            ).fetchone()
            if row is None:
                return None
            steps = connection.execute(
                "SELECT step, feedback FROM chat_steps WHERE thread_id = %s ORDER BY number", [thread_id]
            )
            elements = connection.execute(
                "SELECT element FROM chat_elements WHERE thread_id = %s ORDER BY number", [thread_id]
            )
            return _thread(
                row,
                [s["step"] | {"feedback": s["feedback"]} for s in steps],
                [renewed(e["element"]) for e in elements],
            )

        return await self._do(work)

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Make it, or set what is given. Keys of `metadata` that are None are removed.

        A name that comes with the user is Chainlit's idea of one, and the first of those stays.
        """
        values = [thread_id, name[:200] if name else None, user_id, tags]

        def work(connection: Connection[Row]) -> None:
            connection.execute(
                "INSERT INTO chat_threads AS t (id, name, user_id, tags) VALUES (%s, %s, %s, %s) ON CONFLICT"
                " (id) DO UPDATE SET name = CASE WHEN excluded.user_id IS NULL THEN coalesce(excluded.name,"
                " t.name) ELSE coalesce(t.name, excluded.name) END, user_id = coalesce(t.user_id,"
                " excluded.user_id), tags = coalesce(excluded.tags, t.tags), changed_at = now()",
                values,
            )
            if metadata is not None:
                row = connection.execute(
                    "SELECT metadata FROM chat_threads WHERE id = %s", [thread_id]
                ).fetchone()
                merged = {
                    k: v for k, v in (((row or {}).get("metadata") or {}) | metadata).items() if v is not None
                }
                connection.execute(
                    "UPDATE chat_threads SET metadata = %s WHERE id = %s", [Json(merged), thread_id]
                )

        await self._do(work)

    async def build_debug_url(self) -> str:
        return ""

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        return []

    async def close(self) -> None:
        """The database is the runtime's to close."""
        self._in_order.shutdown(wait=True)


def _thread_exists(thread_id: str, connection: Connection[Row]) -> None:
    """Its first step may come before Chainlit says whose it is."""
    connection.execute("INSERT INTO chat_threads (id) VALUES (%s) ON CONFLICT (id) DO NOTHING", [thread_id])


def _without_server_parts(element: ElementDict) -> dict[str, Any]:
    """`chainlitKey` names a file of the session that is over when the thread is opened again."""
    return dict(element) | {"chainlitKey": None, "path": None, "url": None}


def _user(row: Row) -> PersistedUser:
    return PersistedUser(
        id=str(row["id"]),
        identifier=row["identifier"],
        metadata=row["metadata"],
        createdAt=_time(row["created_at"]),
    )


def _thread(row: Row, steps: list[Row], elements: list[Row]) -> ThreadDict:
    return {
        "id": row["id"],
        "createdAt": _time(row["changed_at"]),
        "name": row["name"],
        "userId": str(row["user_id"]) if row["user_id"] else None,
        "userIdentifier": row["identifier"],
        "tags": row["tags"],
        "metadata": row["metadata"],
        "steps": cast(list[StepDict], steps),
        "elements": cast(list[ElementDict], elements),
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
