"""Which turns run: one of a conversation at a time, so many at once in a process, and no more
than a part of them one person's.

A turn that only waits for a cluster lets others work meanwhile: it keeps its conversation, but neither one of
the places nor a connection of its own, and takes its place in the queue again for each look.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from agent.services import Caller, Stopped
from knowledge.errors import CompassError
from knowledge.postgres.locks import Key, Locks

TURN_LOCK = 0x7475726E
LOCK_WAIT_S = 30.0
MAX_TURNS = 32
"""At work at once in one process."""
MAX_OF_ONE = 16
"""Of one person at work at once; more of theirs queue while others' go ahead."""
MAX_OPEN_OF_ONE = 64
"""Of one person begun and not ended, those that wait for a cluster among them: each
keeps a thread of the process.
"""
BUSY = "Another window is in the middle of a turn of this conversation. Try again when it is finished."


class TakenOver(Stopped):
    """While the database was away, another process went on with the conversation: nothing
    more may be written to it here.
    """


class RunningTurn:
    """One turn that was begun, with the lock of its conversation."""

    def __init__(self, turns: Turns, thread_id: str, caller: Caller) -> None:
        self.thread_id = thread_id
        self.caller = caller
        self.key = Key(TURN_LOCK, thread_id)
        self._turns = turns

    def wait(self, seconds: float) -> None:
        """Sleep while others work. Raises Stopped if the person stops it, TakenOver."""
        self._turns.rest(self)
        self.caller.wait(seconds)
        self._turns.work(self)
        self.check()

    def check(self) -> None:
        """Raises TakenOver if the conversation is another process' now."""
        if not self._turns.locks.holds(self.key):
            raise TakenOver


class Turns:
    """Shared by all runtimes of a process that share a database. What waits is served
    in the order in which it came.
    """

    def __init__(self, locks: Locks) -> None:
        self.locks = locks
        self._changed = threading.Condition()
        self._open: dict[str, list[RunningTurn]] = {}
        """Begun and not ended, by person."""
        self._queue: list[RunningTurn] = []
        self._working: list[RunningTurn] = []

    @contextmanager
    def only(self, thread_id: str, caller: Caller) -> Iterator[RunningTurn]:
        """The one turn of a conversation, in any process. Raises CompassError if it can't
        begin in time; nothing was begun then.
        """
        turn = RunningTurn(self, thread_id, caller)
        # The conversation first: turns that wait for theirs keep nobody else's from working.
        with self._opened(turn), self.locks.holding(turn.key, LOCK_WAIT_S, BUSY):
            try:
                self._begin(turn)
                yield turn
            finally:
                self.rest(turn)

    def stop(self, thread_id: str) -> bool:
        """Let the turn of a conversation that runs here end at its next step; whether there is one."""
        with self._changed:
            found = [t for turns in self._open.values() for t in turns if t.thread_id == thread_id]
        for turn in found:
            turn.caller.stopped.set()
        return bool(found)

    def rest(self, turn: RunningTurn) -> None:
        """Others may work in its place."""
        with self._changed:
            if turn in self._working:
                self._working.remove(turn)
                self._changed.notify_all()

    def work(self, turn: RunningTurn, until: float | None = None) -> bool:
        """Queue for a place; False if none was free until then, by the monotonic clock. Raises Stopped."""
        with self._changed:
            self._queue.append(turn)
            try:
                while self._next() is not turn:
                    left = 1.0 if until is None else until - time.monotonic()
                    if left <= 0:
                        return False
                    self._changed.wait(min(left, 1.0))
                    turn.caller.unless_stopped()
                self._working.append(turn)
                return True
            finally:
                self._queue.remove(turn)
                self._changed.notify_all()

    def _begin(self, turn: RunningTurn) -> None:
        if self.work(turn, time.monotonic() + LOCK_WAIT_S):
            return
        with self._changed:
            theirs = sum(t.caller.actor == turn.caller.actor for t in self._working)
        if theirs >= MAX_OF_ONE:
            raise CompassError(
                f"{theirs} other turns of yours are at work. Nothing was begun; try again in a moment."
            )
        raise CompassError(
            f"Compass is in the middle of {MAX_TURNS} other turns. Nothing was begun; try again in a moment."
        )

    def _next(self) -> RunningTurn | None:
        """Who may work now: the first in the queue whose person doesn't have their part already."""
        if len(self._working) >= MAX_TURNS:
            return None
        of = Counter(t.caller.actor for t in self._working)
        return next((t for t in self._queue if of[t.caller.actor] < MAX_OF_ONE), None)

    @contextmanager
    def _opened(self, turn: RunningTurn) -> Iterator[None]:
        actor = turn.caller.actor
        with self._changed:
            theirs = self._open.setdefault(actor, [])
            if len(theirs) >= MAX_OPEN_OF_ONE:
                raise CompassError(
                    f"{len(theirs)} of your conversations are in the middle of something, which is as many as"
                    " one person may have. Nothing was begun; try again when one is finished, or stop"
                    " watching one."
                )
            theirs.append(turn)
        try:
            yield
        finally:
            with self._changed:
                theirs.remove(turn)
                if not theirs:
                    self._open.pop(actor, None)
