"""Driving one turn: words or a reply in, a stream of typed events out. Every interface,
and the evaluation, comes through here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.types import Command
from psycopg_pool import PoolTimeout

from agent.events import CheckpointEvent, ErrorEvent, Event, MessageEvent, StateEvent
from agent.graph import build_graph
from agent.models.builtin.interpreter import interpret
from agent.models.choose import ChosenModel, choose_model
from agent.moves import Cancel, StartOver
from agent.replies import Reply
from agent.services import Caller, Services, Stopped
from agent.state import TAGS, ConversationState, fresh
from agent.storage.serializer import StateSerializer
from agent.storage.story import Story
from agent.storage.tags import Unreadable
from agent.telemetry import serve_metrics
from agent.telemetry import turn as measured_turn
from agent.tracing import in_words
from agent.turns import RunningTurn, TakenOver, Turns
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.postgres.outages import UNAVAILABLE
from knowledge.settings import Settings
from tools.clusters.cluster import Cluster
from tools.clusters.writer import Writer
from tools.deploying.approvals import approved_by

log = logging.getLogger(__name__)
THREAD_ID = re.compile(r"[\w.:@-]{1,100}", re.ASCII)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that no person types and that PostgreSQL or a terminal can't hold."""
MAX_TEXT = 200_000
STOPS = re.compile(r"\W*(please\W+)?stop(\W+(watching|waiting|it|that|this))?(\W+please)?\W*", re.IGNORECASE)
RECURSION_LIMIT = 60
Said = str | Reply | None
"""Words, a reply to a pause, or nothing where a turn is resumed."""


@dataclass(frozen=True)
class Position:
    """Where a conversation is: new, paused at `checkpoint`, cut off in the middle of
    `interrupted_at`, or waiting for words.
    """

    exists: bool
    state: str | None
    checkpoint: CheckpointEvent | None
    interrupted_at: str | None
    messages: list[AnyMessage]
    """The latest."""

    @property
    def last_words(self) -> list[tuple[str, str]]:
        """What was said last, by whom."""
        spoken = [m for m in self.messages if isinstance(m, HumanMessage | AIMessage) and m.content]
        return [(m.type, str(m.text)) for m in spoken[-4:]]


class Runtime:
    """One per process. Turns of different threads may run side by side; turns of one
    thread take turns, across processes too.
    """

    def __init__(
        self, settings: Settings, beside: Runtime | None = None, chosen: ChosenModel | None = None
    ) -> None:
        """Open the database, choose the model. Raises CompassError with a remedy if
        one of them can't be used.

        One `beside` another shares its database and its turns, and differs in the cluster, the model or the
        prices. A model that was `chosen` already is not chosen, and not checked, again.
        """
        self.settings = settings
        self.cluster = Cluster(settings)
        self.writer = None if settings.read_only else Writer(self.cluster)
        self.chosen: ChosenModel = chosen or choose_model(settings)
        self.database: Database = beside.database if beside else Database(settings)
        self.turns: Turns = beside.turns if beside else Turns(self.database.locks)
        self._saver = PostgresSaver(self.database.pool, serde=StateSerializer(TAGS))
        self._graph = build_graph(self._saver)
        if beside is None:
            with self._connection_errors_in_words(), self.database.alone():
                self._saver.setup()
            serve_metrics(settings)

    def close(self) -> None:
        self.database.close()

    def position(self, thread_id: str) -> Position:
        """Where the conversation stands. Raises CompassError for an id that can't be one,
        or a database that doesn't answer.
        """
        _check_thread_id(thread_id)
        with self._connection_errors_in_words():
            snapshot = self._graph.get_state(_config(thread_id))
        pause = next(iter(snapshot.interrupts), None)
        # A node whose writes are kept, but not yet the checkpoint after it, is no longer `next`:
        # it is still what was cut off.
        node = next(iter(snapshot.next), None) or next((task.name for task in snapshot.tasks), None)
        return Position(
            exists=bool(snapshot.values),
            state=node or snapshot.values.get("ended"),
            checkpoint=_checkpoint(pause) if pause else None,
            interrupted_at=node if node and not pause else None,
            messages=snapshot.values.get("messages", []),
        )

    def state(self, thread_id: str) -> ConversationState:
        """All that the conversation's last checkpoint holds; empty for a new one. Raises
        CompassError as `position` does.
        """
        _check_thread_id(thread_id)
        with self._connection_errors_in_words():
            return cast(ConversationState, self._graph.get_state(_config(thread_id)).values)

    def say(
        self, thread_id: str, text: str, interrupt_id: str | None = None, caller: Caller | None = None
    ) -> Iterator[Event]:
        """One turn with typed words. `interrupt_id` is the pause the person saw; if it is
        no longer open, they are told.

        Without a caller it is the actor of the settings.
        """
        words = _clean(text)
        said = Reply(interrupt_id=interrupt_id, text=words) if interrupt_id else words
        yield from self._turn(thread_id, said, caller)

    def reply(self, thread_id: str, reply: Reply, caller: Caller | None = None) -> Iterator[Event]:
        """One turn with a button's reply to a pause."""
        words = None if reply.text is None else _clean(reply.text)
        yield from self._turn(thread_id, reply.model_copy(update={"text": words}), caller)

    def resume(self, thread_id: str, caller: Caller | None = None) -> Iterator[Event]:
        """Finish a turn that was cut off when its process died; nothing if there is none."""
        yield from self._turn(thread_id, None, caller)

    def forget(self, thread_id: str) -> None:
        """Delete a conversation for good; what it deployed stays, and so do its
        approvals. Raises CompassError without a database.
        """
        _check_thread_id(thread_id)
        with self._connection_errors_in_words():
            self._saver.delete_thread(thread_id)
        Story(self.database, thread_id).forget()

    def _turn(self, thread_id: str, said: Said, caller: Caller | None) -> Iterator[Event]:
        """Events until the conversation waits again. Errors become events: the
        stream never raises one to a person.
        """
        with measured_turn(thread_id) as seen:
            for event in self._events(thread_id, said, caller or Caller(self.settings.actor)):
                if isinstance(event, ErrorEvent):
                    seen["outcome"] = "error"
                yield event

    def _events(self, thread_id: str, said: Said, caller: Caller) -> Iterator[Event]:
        try:
            _check_thread_id(thread_id)
            if STOPS.fullmatch(_words(said)) and self.turns.stop(thread_id):
                yield MessageEvent(
                    text=(
                        "Stopped. What was begun goes on in the cluster; say anything, and I go on from here."
                    )
                )
                return
            self.database.revive()
            with self.turns.only(thread_id, caller) as turn:
                yield from self._run(turn, said)
                self._prune(thread_id)
        except TakenOver:
            yield ErrorEvent(
                text=(
                    "The database was away for a moment, and another window went on with this conversation."
                    " Say anything to see where it is."
                )
            )
        except Stopped:
            yield MessageEvent(
                text=(
                    "Stopped watching. What was begun goes on in the cluster; say anything, and I go on from"
                    " here."
                )
            )
        except CompassError as error:
            yield ErrorEvent(text=str(error))
        except UNAVAILABLE as error:
            yield ErrorEvent(text=str(self.database.unreachable(error)))
        except Exception as error:  # ours to mend; the person gets a sentence and a way on
            log.exception("turn of %s failed", thread_id)
            yield ErrorEvent(text=f"{in_words(error)} “start over” always works.")

    def _run(self, turn: RunningTurn, said: Said) -> Iterator[Event]:
        """What was said, by where the conversation stands: cut off, at a pause, or waiting for words."""
        try:
            here, begun = self.position(turn.thread_id), fresh()
        except Unreadable:
            said = _without_pause(said)
            if not _gives_up(said):
                raise
            # What it deployed is known from the approvals as well, and must not be forgotten.
            begun = {**fresh(), "deployed": approved_by(turn.thread_id, self.database)}
            self._saver.delete_thread(turn.thread_id)
            here = Position(exists=False, state=None, checkpoint=None, interrupted_at=None, messages=[])
            yield MessageEvent(text="What was planned before can't be read, and is gone.")
        Story(self.database, turn.thread_id).remember(here.messages)
        match here.interrupted_at or here.checkpoint, said:
            case str(), None:
                yield from self._stream(turn, None)
            case str() as node, _ if node == "context_collection" or _gives_up(said):
                # What was cut off is replaced by these words; and whatever always fails there can be left.
                begin = fresh() if _gives_up(said) else ConversationState()
                yield from self._stream(turn, _taken_up(said, begin))
            case str(), _:
                # Finish it first. What was said now wasn't said to what that leads to, so it isn't
                # taken as its answer.
                yield from self._stream(turn, None)
                yield MessageEvent(
                    text="A turn that had been cut off was finished first. Please say it again if it still"
                    " holds."
                )
            case CheckpointEvent() as pause, None:
                yield pause
            case CheckpointEvent() as pause, Reply() as reply if reply.interrupt_id != pause.interrupt_id:
                yield ErrorEvent(
                    text=(
                        "That question was answered already, perhaps in another window. Here is where the"
                        " conversation is now."
                    )
                )
                yield pause
            case CheckpointEvent(), Reply() as reply:
                yield from self._stream(turn, Command(resume=True), reply)
            case CheckpointEvent() as pause, str() as words:
                blind = Reply(interrupt_id=pause.interrupt_id, shown=False, text=words)
                yield from self._stream(turn, Command(resume=True), blind)
            case None, Reply(text=None):
                yield ErrorEvent(text="There is no open question to answer that way. Say what you need.")
            case None, Reply():
                yield ErrorEvent(text="That question is no longer open. Say what you need now.")
            case None, str():
                yield from self._stream(turn, _taken_up(said, ConversationState() if here.exists else begun))

    def _stream(self, turn: RunningTurn, run: Any, reply: Reply | None = None) -> Iterator[Event]:
        services = Services(
            self.settings,
            self.database,
            self.cluster,
            self.writer,
            self.chosen.reader,
            turn.thread_id,
            turn.caller,
            turn.wait,
            reply,
        )
        last_state: str | None = None
        stream = self._graph.stream(
            run,
            _config(turn.thread_id),
            context=services,
            stream_mode=["custom", "updates"],
            durability="sync",
        )
        for mode, chunk in stream:
            if mode == "custom" and isinstance(chunk, Event):
                if isinstance(chunk, StateEvent):
                    if chunk.state == last_state:
                        continue
                    last_state = chunk.state
                yield chunk
            elif mode == "updates" and isinstance(chunk, dict) and "__interrupt__" in chunk:
                yield _checkpoint(chunk["__interrupt__"][0])
            elif mode == "updates":  # before the next step
                turn.check()

    def _prune(self, thread_id: str) -> None:
        """Delete all checkpoints but the last, which is all that is ever gone on from.
        Where that fails, the next turn does it.
        """
        try:
            # A saver of its own: what takes long with a thread of an earlier release must not
            # hold up the other conversations.
            PostgresSaver(self.database.pool).prune([thread_id])
        except (psycopg.Error, PoolTimeout) as error:
            log.warning("checkpoints of %s can't be pruned: %s", thread_id, error)

    @contextmanager
    def _connection_errors_in_words(self) -> Iterator[None]:
        try:
            yield
        except UNAVAILABLE as error:
            raise self.database.unreachable(error) from error


def _config(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}, "recursion_limit": RECURSION_LIMIT}


def _words(said: Said) -> str:
    return (said.text if isinstance(said, Reply) else said) or ""


def _gives_up(said: Said) -> bool:
    return isinstance(interpret(_words(said), {"StartOver", "Cancel", "Unclear"}), StartOver | Cancel)


def _without_pause(said: Said) -> str | None:
    """The words alone, where nothing that a reply could answer is left."""
    if isinstance(said, Reply):
        return "start over" if said.move == StartOver.__name__ else said.text
    return said


def _taken_up(said: Said, begin: ConversationState) -> dict[str, Any]:
    """What a run begins with."""
    words = _words(said)
    return {**begin, "incoming": words, "messages": [HumanMessage(content=words)]}


def _clean(text: str) -> str:
    return CONTROL.sub("", text[:MAX_TEXT])


def _check_thread_id(thread_id: str) -> None:
    if not THREAD_ID.fullmatch(thread_id):
        raise CompassError(
            "A conversation's name has 1 to 100 letters, digits or . _ : @ - and nothing else."
        )


def _checkpoint(pause: Any) -> CheckpointEvent:
    return CheckpointEvent(interrupt_id=pause.id, **pause.value)
