"""Asking a chat model what a person's words mean: one tool call, validated, repaired once,
never trusted further than that.

Tool turns are not streamed, since small models lose calls that are; prose is. A call ends early
when the person stops the turn.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel

from agent.background import apart
from agent.events import ModelEvent
from agent.models.history import conversation_for
from agent.models.json_schema import compact
from agent.moves import Explain, Move, Stage, offered_at
from agent.state import ConversationState
from agent.telemetry import model_call
from agent.words.checks import change_or_problem
from agent.words.prompts import prose_prompt, stage_prompt
from agent.words.read_tools import READ_TOOLS, ReadTool

T = TypeVar("T")
ANSWER_TIMEOUT_S = 120.0
MAX_TOOL_TURNS = 3
RETRIES = 1
"""After a connection that broke; an answer that is no good is repaired, not asked for again."""
_POLL_S = 0.1
_BROKEN = (httpx.TransportError, ConnectionError)


class Unanswered(Exception):
    """The chat model took too long."""


@dataclass
class Usage:
    """What a turn took, added up over its calls."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    began: float = field(default_factory=time.perf_counter)
    repaired: bool = False
    removed: int = 0

    def event(self, outcome: str) -> ModelEvent:
        return ModelEvent.model_validate(
            {
                "outcome": "repaired" if outcome == "answered" and self.repaired else outcome,
                "calls": self.calls,
                "input_tokens": self.input_tokens,
                "output_tokens": self.output_tokens,
                "duration_ms": round((time.perf_counter() - self.began) * 1000, 1),
                "removed": self.removed,
            }
        )


@dataclass
class Asked:
    """A move that the stage offers; or prose, to be checked; or neither, where nothing usable came."""

    move: Move | None = None
    prose: Iterator[str] | None = None


class Asking:
    """One turn's questions to one model."""

    def __init__(self, model: BaseChatModel, unless_stopped: Callable[[], None] = lambda: None) -> None:
        self._model = model
        self._unless_stopped = unless_stopped
        self.usage = Usage()

    def move(
        self,
        text: str,
        stage: Stage,
        state: ConversationState,
        run_tool: Callable[[ToolCall], ToolMessage] | None = None,
    ) -> Asked:
        """What the words are, by the model. Without `run_tool` it gets no read-only
        tools and may not answer in prose.
        """
        offered: dict[str, type[Any]] = dict(offered_at(stage))
        tools = READ_TOOLS if run_tool else {}
        if run_tool:
            offered["Explain"] = Explain
        definitions = [definition_of(kind) for kind in offered.values()] + [
            compacted(t.definition()) for t in tools.values()
        ]
        bound = self._model.bind_tools(definitions)
        system = stage_prompt(stage, state)
        shown = conversation_for(state.get("messages", []), text, system, json.dumps(definitions))
        messages: list[BaseMessage] = [SystemMessage(system), *shown]
        for _ in range(MAX_TOOL_TURNS):
            answer = self._call(lambda: bound.invoke(messages))
            if not isinstance(answer, AIMessage):
                return Asked()
            if not answer.tool_calls:
                return (
                    Asked(prose=iter([str(answer.text)]))
                    if run_tool and str(answer.text).strip()
                    else Asked()
                )
            call = answer.tool_calls[0]
            messages.append(AIMessage(content="", tool_calls=[call]))
            if run_tool and call["name"] in tools:
                messages.append(run_tool(call))
                continue
            kind = offered.get(call["name"])
            problem = f"There is no tool {call['name']!r} now. Use one of {', '.join(offered)}."
            if kind is not None:
                move = change_or_problem(kind, call["args"])
                if isinstance(move, Explain):
                    return Asked(prose=self._prose(text, stage, state, messages))
                if not isinstance(move, str):
                    return Asked(move=move)
                problem = move
            if self.usage.repaired:
                return Asked()
            self.usage.repaired = True
            mended = self._by_schema(kind, messages, problem) if kind is not None else None
            if mended is not None:
                return Asked(move=mended)
            error = f"Error: {problem} Call one tool again, corrected."
            messages.append(ToolMessage(content=error, tool_call_id=str(call["id"]), status="error"))
        return Asked()

    def _by_schema(self, kind: type[Any], messages: list[BaseMessage], problem: str) -> Any:
        """The same call again as JSON that the server holds to the schema, where the
        model's client can do that; None elsewhere.
        """
        if type(self._model).with_structured_output is BaseChatModel.with_structured_output:
            return None
        with suppress(NotImplementedError, ValueError, TypeError):
            schema = {"title": kind.__name__, "description": kind.__doc__ or "", **kind.model_json_schema()}
            constrained = self._model.with_structured_output(schema, method="json_schema", include_raw=True)
            wrong = HumanMessage(
                content=(
                    f"That call was wrong: {problem} Give the arguments of {kind.__name__} again, as JSON."
                )
            )
            found = self._call(lambda: constrained.invoke([*messages[:-1], wrong]))
            values = found.get("parsed") if isinstance(found, dict) else None
            if isinstance(values, dict):
                move = change_or_problem(kind, {k: v for k, v in values.items() if v is not None})
                return None if isinstance(move, str) else move
        return None

    def _prose(
        self, text: str, stage: Stage, state: ConversationState, messages: list[BaseMessage]
    ) -> Iterator[str]:
        """An answer in the model's own words, as it comes; what tools returned in
        this turn is put before it.
        """
        results = [str(m.text) for m in messages if isinstance(m, ToolMessage) and m.status != "error"]
        system = prose_prompt(stage, state, results)
        shown = conversation_for(state.get("messages", []), text, system, "")
        yield from self._streamed([SystemMessage(system), *shown])

    def _call(self, ask: Callable[[], T]) -> T:
        """One call, tried again where the connection broke. Raises Stopped,
        Unanswered, or what the client raises.
        """
        for attempt in range(RETRIES + 1):
            try:
                with model_call() as tokens:
                    self.usage.calls += 1
                    answer = self._waiting(ask)
                    raw = answer.get("raw") if isinstance(answer, dict) else answer
                    self._count(raw, tokens)
                return answer
            except _BROKEN:
                if attempt == RETRIES:
                    raise
        raise AssertionError("unreachable")

    def _count(self, message: Any, tokens: dict[str, int]) -> None:
        usage = getattr(message, "usage_metadata", None) or {}
        tokens.update({k: int(usage[k]) for k in ("input_tokens", "output_tokens") if k in usage})
        self.usage.input_tokens += tokens.get("input_tokens", 0)
        self.usage.output_tokens += tokens.get("output_tokens", 0)

    def _waiting(self, ask: Callable[[], T]) -> T:
        """Wait in a way that a stop ends at once; the request itself ends at its own time-out."""
        return next(self._arriving(lambda: [ask()]))

    def _streamed(self, messages: list[BaseMessage]) -> Iterator[str]:
        with model_call() as tokens:
            self.usage.calls += 1
            for chunk in self._arriving(lambda: self._model.stream(messages)):
                self._count(chunk, tokens)
                if chunk.text:
                    yield str(chunk.text)

    def _arriving(self, source: Callable[[], Iterable[T]]) -> Iterator[T]:
        deadline = time.monotonic() + ANSWER_TIMEOUT_S
        for item in apart(source, _POLL_S):
            if item is not None:
                yield item
                continue
            self._unless_stopped()
            if time.monotonic() > deadline:
                raise Unanswered(f"no answer within {ANSWER_TIMEOUT_S:g} s")


def definition_of(kind: type[BaseModel]) -> dict[str, Any]:
    """A move as a tool, in few tokens."""
    return compacted(convert_to_openai_tool(kind))


def compacted(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool's definition without what a model doesn't need to call it."""
    function = tool["function"]
    return tool | {"function": function | {"parameters": compact(function["parameters"])}}


def tool_result(tool: ReadTool, call: ToolCall, run: Callable[[Any], BaseModel]) -> ToolMessage:
    """What a read-only tool answers to a model's call, or why it can't."""
    request = change_or_problem(tool.request, call["args"])
    if isinstance(request, str):
        return ToolMessage(content=f"Error: {request}", tool_call_id=str(call["id"]), status="error")
    try:
        result = run(request)
    except Exception as error:
        return ToolMessage(content=f"Error: {error}", tool_call_id=str(call["id"]), status="error")
    return ToolMessage(content=result.model_dump_json()[:8000], tool_call_id=str(call["id"]))
