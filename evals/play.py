"""Playing a scenario: each turn as a person would make it, and all that came of it."""

from __future__ import annotations

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from agent.cards.facts import ApprovalFacts
from agent.events import (
    CheckpointEvent,
    ErrorEvent,
    Event,
    MessageEvent,
    ModelEvent,
    StateEvent,
    ToolCallEvent,
)
from agent.models.choose import ChosenModel
from agent.replies import Reply
from agent.runtime import Runtime
from agent.words.by_model import ModelReader
from evals.bad_models import model_for
from evals.musts import Seen
from evals.scenario import Press, Scenario, Turn
from evals.stage import Stage
from evals.written import planned, stated
from tools.clusters.cluster import INFERENCE_SERVICE
from tools.clusters.objects import name_of, uid_of
from tools.clusters.writer import Writer
from tools.deploying.audit import Audited, audited
from tools.manifests.annotations import CONVERSATION
from tools.manifests.values import conversation_label

LONGEST_AUDIT = 1000


@dataclass
class Played:
    """One turn, as it went. `fields` is what the specification holds that stems from
    the person, after the turn.
    """

    turn: Turn
    said: str
    approves: bool
    """Whether the person approves with it: by the word, or by the button."""
    events: list[Event]
    seconds: float
    state: str | None
    checkpoint: CheckpointEvent | None
    fields: dict[str, Any]

    @property
    def states(self) -> list[str]:
        return states_of(self.events)

    @property
    def calls(self) -> list[ToolCallEvent]:
        return [e for e in self.events if isinstance(e, ToolCallEvent)]

    @property
    def model(self) -> list[ModelEvent]:
        return [e for e in self.events if isinstance(e, ModelEvent)]

    @property
    def text(self) -> str:
        return "\n".join(e.text for e in self.events if isinstance(e, MessageEvent | ErrorEvent))


@dataclass
class Conversation:
    """A scenario, as it went; `crashed` says what ended it early."""

    scenario: Scenario
    trial: int
    thread: str
    turns: list[Played] = field(default_factory=list)
    deployments: list[str] = field(default_factory=list)
    """Names of the InferenceServices that it left in the cluster."""
    audit: list[Audited] = field(default_factory=list)
    """The oldest first."""
    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the specifications that are written down in lines show, by `name_of_written`."""
    crashed: str | None = None


def states_of(events: list[Event]) -> list[str]:
    """The states that a turn goes through, without the repetition of a pause that a reply re-enters."""
    found: list[str] = []
    for event in events:
        if isinstance(event, StateEvent) and (not found or found[-1] != event.state):
            found.append(event.state)
    return found


def play(scenario: Scenario, trial: int, stage: Stage) -> Conversation:
    """The whole conversation, and what it left in the cluster and the audit log; its
    deployments are taken away afterwards.
    """
    conversation = Conversation(
        scenario, trial, f"eval-{scenario.name}"[:80] + f"-{trial}-{secrets.token_hex(3)}"
    )
    player = _Player(conversation, stage)
    try:
        for turn in scenario.turns:
            player.make(turn)
        player.take_stock()
        player.plan_written()
    except Exception as error:  # what the product lets through is the finding
        conversation.crashed = f"{type(error).__name__}: {error}"
    finally:
        player.clean_up()
    return conversation


class _Player:
    def __init__(self, conversation: Conversation, stage: Stage) -> None:
        self._conversation = conversation
        self._stage = stage
        scenario = conversation.scenario
        own = scenario.model and ChosenModel(
            ModelReader(model_for(scenario.model, conversation.trial)), "scripted", "a scripted model"
        )
        self._model: ChosenModel | None = own or None
        self._runtime = self._new_runtime()
        self._first_pause: str | None = None

    def _new_runtime(self) -> Runtime:
        scenario = self._conversation.scenario
        return self._stage.runtime(scenario.read_only, scenario.probe_s, self._model)

    def make(self, turn: Turn) -> None:
        """Play one turn and keep what came of it."""
        thread = self._conversation.thread
        if turn.restart:
            self._runtime = self._new_runtime()
        if turn.heal:
            self._stage.heal()
        if turn.fault:
            bundle = self._runtime.state(thread).get("bundle")
            self._stage.strike(turn.fault, f"{bundle.name}*" if bundle else "*")
        for _ in range(turn.again):
            pause = self._runtime.position(thread).checkpoint
            self._first_pause = self._first_pause or (pause.interrupt_id if pause else None)
            began = time.perf_counter()
            events = self._events(turn, pause)
            seconds = time.perf_counter() - began
        after, state = self._runtime.position(thread), self._runtime.state(thread)
        self._conversation.turns.append(
            Played(
                turn=turn,
                said=turn.say if turn.say is not None else f"[{turn.press.move}]" if turn.press else "",
                approves=_approves(turn),
                events=events,
                seconds=seconds,
                state=after.state,
                checkpoint=after.checkpoint,
                fields=stated(state.get("intent"), state.get("overrides")),
            )
        )

    def _events(self, turn: Turn, pause: CheckpointEvent | None) -> list[Event]:
        interrupt = self._first_pause if turn.stale else pause.interrupt_id if pause else None

        def once(runtime: Runtime) -> list[Event]:
            thread = self._conversation.thread
            if turn.press is not None:
                stream = runtime.reply(
                    thread, Reply(interrupt_id=interrupt or "none", **_pressed(turn.press, pause))
                )
            else:
                stream = runtime.say(thread, turn.say or "", interrupt)
            heard: list[Event] = []
            for event in stream:
                heard.append(event)
                if isinstance(event, StateEvent) and event.state == turn.cut_off_at:
                    stream.close()  # type: ignore[attr-defined]  # nothing more of this turn is run, as if the process had died
                    break
            return heard

        if turn.at_once == 1:
            return once(self._runtime)
        windows = [self._new_runtime() for _ in range(turn.at_once)]
        with ThreadPoolExecutor(turn.at_once) as pool:
            return [event for heard in pool.map(once, windows) for event in heard]

    def take_stock(self) -> None:
        """What is in the cluster and in the audit log when the conversation is over."""
        conversation, runtime = self._conversation, self._runtime
        conversation.deployments = sorted(self._services())
        entries = [e for e in audited(runtime.database, LONGEST_AUDIT) if e.thread_id == conversation.thread]
        conversation.audit = entries[::-1]

    def plan_written(self) -> None:
        """What lines see in specifications that are written down, each once."""
        for seen in (s for must in self._conversation.scenario.musts for s in must.seen):
            name = name_of_written(seen)
            if seen.specification is not None and name not in self._conversation.written:
                self._conversation.written[name] = planned(seen.specification, self._runtime)

    def _services(self) -> dict[str, str]:
        selector = f"{CONVERSATION}={conversation_label(self._conversation.thread)}"
        found = self._runtime.cluster.list(*INFERENCE_SERVICE, label_selector=selector)
        return {name_of(s): uid_of(s) for s in found}

    def clean_up(self) -> None:
        """Heal the cluster, and free its GPUs for the next conversation."""
        with suppress(Exception):
            self._stage.heal()
            for name, uid in self._services().items():
                Writer(self._runtime.cluster).delete(*INFERENCE_SERVICE, name, uid)
            self._runtime.forget(self._conversation.thread)


def name_of_written(seen: Seen) -> str:
    return json.dumps(seen.specification, sort_keys=True)


def _pressed(press: Press, pause: CheckpointEvent | None) -> dict[str, Any]:
    digest = pause.details.digest if pause and isinstance(pause.details, ApprovalFacts) else None
    return {
        "move": press.move,
        "arguments": {k: digest if v == "$digest" else v for k, v in press.arguments.items()},
    }


def _approves(turn: Turn) -> bool:
    """By the person's own act alone: decided here and not by the product, whose
    judgement is what is tested.
    """
    if turn.press is not None:
        return turn.press.move == "Approve"
    return "approve" in (turn.say or "").lower().replace("don't approve", "").replace("not approve", "")
