"""One turn at one node: what is known, what it works with, what it says and calls, and where it leads."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar, Unpack

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.graph import END
from langgraph.types import Command
from pydantic import BaseModel

from agent.cards.facts import MessageFacts
from agent.events import MessageEvent, ToolCallEvent, ToolResultEvent, emit
from agent.moves import PAUSES, POSSIBLE, Stage
from agent.services import Services
from agent.state import ConversationState
from agent.storage.story import Story
from agent.telemetry import tool_call
from knowledge.catalogue import TrafficProfile
from knowledge.errors import CompassError
from tools.manifests.bundle import ManifestBundle
from tools.planning.plan import Plan, Recommendation
from tools.specification import Specification

T = TypeVar("T")
Where = TypeVar("Where", bound=str)
Q = TypeVar("Q", bound=BaseModel)
R = TypeVar("R", bound=BaseModel)
P = ParamSpec("P")


class CantBeDone(CompassError):
    """What was asked for can't be done now. The person is told why, and what can; the stage stays."""


@dataclass
class Turn:
    """What a node gets in place of the bare state. It changes nothing in `state`: what is new goes into
    the command by which the node is left.
    """

    state: ConversationState
    services: Services
    stage: Stage
    record: list[AnyMessage] = field(default_factory=list)
    """Messages of this turn, for the history."""
    changes: ConversationState = field(default_factory=ConversationState)
    """Of the state, whichever way the node is left."""
    answered: bool = False
    """Whether there was a pause here, and the person has replied to it."""

    def goto(self, where: Where, **changes: Unpack[ConversationState]) -> Command[Where]:
        """On to another node, or to the end of this run, with these fields of the state changed."""
        return Command(goto=where, update={**self.changes, **changes, "messages": self.record})

    def stay(self, **changes: Unpack[ConversationState]) -> Command[Any]:
        """Ask again at the same pause; where a stage has none, wait for the next message."""
        return self.goto(self.stage if self.stage in PAUSES else END, **changes)

    def say(self, text: str, kind: str | None = None, details: MessageFacts | None = None) -> None:
        """Words to the person, into the history and out to the interface."""
        self.record.append(AIMessage(content=text))
        emit(MessageEvent(text=text, kind=kind, details=details))

    def refuse(self, why: str) -> Command[Any]:
        """Say what can't be done, and what can; and stay."""
        self.say(f"{why} {self.possible}")
        return self.stay()

    def call(
        self,
        name: str,
        tool: Callable[Concatenate[Q, P], R],
        request: Q,
        *rest: P.args,
        **more: P.kwargs,
    ) -> R:
        """Run a tool; the call and its result, or its error, which is raised, go to the history in
        short and to the interface whole.
        """
        call_id = self._asked(name, request)
        try:
            with tool_call(name):
                result = tool(request, *rest, **more)
        except (CompassError, ValueError) as error:
            message = ToolMessage(content=str(error), tool_call_id=call_id, name=name, status="error")
            self.record.append(message)
            emit(ToolResultEvent(tool=name, ok=False, result=str(error)))
            raise
        self._returned(name, call_id, result)
        return result

    def called(self, name: str, request: BaseModel, result: R) -> R:
        """Put on record a call that was made already."""
        self._returned(name, self._asked(name, request), result)
        return result

    def _asked(self, name: str, request: BaseModel) -> str:
        arguments = request.model_dump(mode="json", exclude_none=True)
        emit(ToolCallEvent(tool=name, arguments=arguments))
        call_id = f"call_{uuid.uuid4().hex[:12]}"
        call = {
            "name": name,
            "args": self.story.kept(arguments, returned=False),
            "id": call_id,
            "type": "tool_call",
        }
        self.record.append(AIMessage(content="", tool_calls=[call]))
        return call_id

    def _returned(self, name: str, call_id: str, result: BaseModel) -> None:
        content = result.model_dump(mode="json")
        text = json.dumps(self.story.kept(content, returned=True))
        self.record.append(ToolMessage(content=text, tool_call_id=call_id, name=name))
        emit(ToolResultEvent(tool=name, ok=True, result=content))

    @property
    def story(self) -> Story:
        return Story(self.services.database, self.services.thread_id)

    @property
    def specification(self) -> Specification:
        """Raises CompassError where there is none, as the others do."""
        return need(self.state.get("specification"), "There is no specification to plan for.")

    @property
    def profile(self) -> TrafficProfile:
        return need(self.state.get("benchmark_profile"), "There is no specification to plan for.")

    @property
    def plan(self) -> Plan:
        return need(self.state.get("plan"), "There is no plan yet.")

    @property
    def bundle(self) -> ManifestBundle:
        return need(self.state.get("bundle"), "There are no manifests yet.")

    @property
    def options(self) -> list[Recommendation]:
        """Of the plan; none where there is no plan, or nothing holds its targets."""
        plan = self.state.get("plan")
        return plan.recommendations if plan else []

    @property
    def possible(self) -> str:
        """One sentence on what may be said, true of the state."""
        if self.stage == "presenting_options" and not self.options:
            undo = ", say “undo”" if self.state.get("explored") else ""
            return (
                "Try a what-if (“what if TTFT were 500 ms?”, “without the budget”), ask “what would have to"
                f" give?”{undo}, or start over."
            )
        bundle = self.state.get("bundle")
        if self.stage == "configuration_finalized" and bundle is not None and bundle.action == "delete":
            return "Say “yes, approve” to have it deleted, “no” to leave it, or ask."
        return POSSIBLE[self.stage]


def need(value: T | None, why: str) -> T:
    """The value. Raises CompassError with `why` where there is none."""
    if value is None:
        raise CompassError(why)
    return value
