"""Many turns at once: a rollout that waits holds up nobody, one person's turns don't take
all places, a conversation has one turn.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.events import ErrorEvent, Event, MessageEvent
from agent.runtime import Runtime
from agent.services import Caller, Stopped
from agent.turns import TakenOver, Turns
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tests.knowledge.test_locks import cut
from tests.pace import patient, until
from tests.present import present
from tests.talking import converse

TO_APPROVAL = ["a chatbot for 1000 users", "looks good", "deploy the cheapest"]


@pytest.fixture
def slow(settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """On a cluster where models load for minutes."""
    monkeypatch.setenv("COMPASS_SIMULATOR_TIME_SCALE", "5")
    runtime = Runtime(settings.model_copy(update={"home": home, "ready_timeout_s": patient(600)}))
    yield runtime
    runtime.close()


class Watch:
    """A conversation whose rollout is waited for, in a thread of its own."""

    def __init__(self, runtime: Runtime, thread: str, actor: str) -> None:
        self.caller = Caller(actor)
        self.heard: list[Event] = []
        converse(runtime, thread, *TO_APPROVAL)
        pause = present(runtime.position(thread).checkpoint)

        def follow() -> None:
            self.heard.extend(runtime.say(thread, "yes, approve", pause.interrupt_id, self.caller))

        self._worker = threading.Thread(target=follow)
        self._worker.start()
        until(lambda: runtime.position(thread).interrupted_at == "post_deployment_validation")

    def end(self) -> str:
        self.caller.stopped.set()
        self._worker.join(60)
        assert not self._worker.is_alive()
        return "\n".join(e.text for e in self.heard if isinstance(e, MessageEvent | ErrorEvent))


def connections(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row["n"])


def test_rollouts_that_wait_hold_neither_places_nor_connections(
    slow: Runtime, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.turns.MAX_TURNS", 2)
    monkeypatch.setattr("agent.turns.MAX_OF_ONE", 1)
    watches = [Watch(slow, f"{thread}-{n}", "ann") for n in range(5)]
    assert connections(slow.database) <= 10  # the pool's eight, the one for locks, and one to spare
    for actor in ("ann", "ben"):
        heard = list(slow.say(f"{thread}-{actor}", "a chatbot for 1000 users", caller=Caller(actor)))
        assert not any(isinstance(e, ErrorEvent) for e in heard), heard
    for watch in watches:
        assert "Stopped watching" in watch.end()


def test_a_conversation_that_waits_takes_no_second_turn_but_a_stop(
    slow: Runtime, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(slow, thread, "ann")
    monkeypatch.setattr("agent.turns.LOCK_WAIT_S", 0.3)
    beside = Runtime(slow.settings, beside=slow)  # another choice of cluster or model, in the same process
    for runtime in (slow, beside):
        assert "Another window" in converse(runtime, thread, "status").errors[0]
    assert "Stopped." in converse(beside, thread, "Stop, please!").text
    assert "Stopped watching" in watch.end()
    assert slow.position(thread).interrupted_at == "post_deployment_validation"


@pytest.fixture
def turns(database: Database) -> Turns:
    return Turns(database.locks)


def test_one_person_leaves_places_to_others_and_all_are_served_in_order(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.turns.MAX_TURNS", 4)
    monkeypatch.setattr("agent.turns.MAX_OF_ONE", 3)
    at_work: Counter[str] = Counter()
    most: Counter[str] = Counter()
    ended: list[str] = []
    guard = threading.Lock()

    def work(actor: str, number: int) -> None:
        with turns.only(f"{actor}-{number}", Caller(actor)) as turn:
            for _ in range(3):
                with guard:
                    at_work.update([actor, "all"])
                    most[actor], most["all"] = (
                        max(most[actor], at_work[actor]),
                        max(most["all"], at_work["all"]),
                    )
                time.sleep(0.01)
                with guard:
                    at_work.subtract([actor, "all"])
                turn.wait(0.01)
        with guard:
            ended.append(actor)

    workers = [threading.Thread(target=work, args=["ann", n]) for n in range(20)]
    workers += [threading.Thread(target=work, args=["ben", n]) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert Counter(ended) == {"ann": 20, "ben": 4}
    assert most["ann"] <= 3
    assert most["all"] <= 4
    assert at_work.total() == 0


def test_more_of_one_person_than_may_be_open_are_refused_in_a_sentence(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.turns.MAX_OPEN_OF_ONE", 1)
    with turns.only("one", Caller("ann")):
        with (
            pytest.raises(CompassError, match="1 of your conversations are in the middle"),
            turns.only("two", Caller("ann")),
        ):
            pass
        with turns.only("three", Caller("ben")):
            pass
    with turns.only("two", Caller("ann")):
        pass


def test_whoever_queues_too_long_is_told_whose_turns_are_in_the_way(
    turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.turns.LOCK_WAIT_S", 0.2)
    monkeypatch.setattr("agent.turns.MAX_OF_ONE", 1)
    monkeypatch.setattr("agent.turns.MAX_TURNS", 2)

    def refused(thread_id: str, actor: str) -> str:
        with pytest.raises(CompassError) as error, turns.only(thread_id, Caller(actor)):
            pass
        return str(error.value)

    with turns.only("one", Caller("ann")):
        assert "1 other turns of yours are at work. Nothing was begun" in refused("two", "ann")
        with turns.only("two", Caller("ben")):
            assert "in the middle of 2 other turns. Nothing was begun" in refused("three", "cem")
            assert "Another window" in refused("two", "cem")
    with turns.only("two", Caller("ann")):
        pass


def test_a_stop_ends_a_wait_in_the_queue_too(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.turns.MAX_TURNS", 1)
    ended = threading.Event()
    caller = Caller("ann")

    def watch() -> None:
        with suppress(Stopped), turns.only("one", caller) as turn:
            while True:
                turn.wait(0.01)
        ended.set()

    worker = threading.Thread(target=watch)
    worker.start()
    with turns.only("two", Caller("ben")):
        assert turns.stop("one")
        assert ended.wait(60)
    worker.join(60)
    assert not turns.stop("one")


@pytest.mark.parametrize("faster", [True, False])
def test_when_the_server_was_started_anew_a_turn_goes_on_unless_another_process_has_its_conversation(
    faster: bool, turns: Turns, settings: Settings
) -> None:
    other = Database(settings)
    try:
        with turns.only("one", Caller("ann")) as turn:
            cut(other)
            if faster:
                assert other.locks.take(turn.key)
                with pytest.raises(TakenOver):
                    turn.wait(0.01)
            else:
                turn.wait(0.01)
                assert not other.locks.take(turn.key)
    finally:
        other.close()


def test_nothing_is_kept_of_turns_that_ended(turns: Turns) -> None:
    for n in range(50):
        with turns.only(f"conversation-{n}", Caller(f"person-{n}")):
            pass
    assert (turns._open, turns._queue, turns._working, turns.locks._held) == ({}, [], [], {})


def test_words_that_stop_are_only_those() -> None:
    from agent.runtime import STOPS

    said: Callable[[str], bool] = lambda words: bool(STOPS.fullmatch(words))  # noqa: E731
    assert all(map(said, ("stop", "Stop!", "please stop watching", "stop it, please", "stop waiting.")))
    assert not any(
        map(said, ("", "don't stop", "stop at 3 replicas", "unstoppable", "stop using H100s", "nonstop"))
    )
