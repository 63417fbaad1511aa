"""Recording tool calls in the message history, and telling whoever follows the turn; so a transcript tells the whole story."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from pydantic import BaseModel

from agent.events import MessageEvent, ToolCallEvent, ToolResultEvent, emit
from agent.telemetry import tool_call
from knowledge.errors import CompassError

R = TypeVar("R", bound=BaseModel)
MAX_RESULT_CHARACTERS = 20_000


def call_tool(name: str, request: BaseModel, run: Callable[[], R], record: list[AnyMessage]) -> R:
    """Run a tool; the call and its result, or its error, go to `record` and to the events."""
    arguments = request.model_dump(mode="json", exclude_none=True)
    emit(ToolCallEvent(tool=name, arguments=arguments))
    call_id = f"call_{uuid.uuid4().hex[:12]}"
    record.append(AIMessage(content="", tool_calls=[{"name": name, "args": arguments, "id": call_id, "type": "tool_call"}]))
    try:
        with tool_call(name):
            result = run()
    except (CompassError, ValueError) as error:
        record.append(ToolMessage(content=str(error), tool_call_id=call_id, name=name, status="error"))
        emit(ToolResultEvent(tool=name, ok=False, result=str(error)))
        raise
    content = result.model_dump(mode="json")
    record.append(ToolMessage(content=json.dumps(content)[:MAX_RESULT_CHARACTERS], tool_call_id=call_id, name=name))
    emit(ToolResultEvent(tool=name, ok=True, result=content))
    return result


def say(text: str, record: list[AnyMessage], kind: str | None = None, details: dict[str, Any] | None = None) -> None:
    """Words to the person, into the history and out to the interface."""
    record.append(AIMessage(content=text))
    emit(MessageEvent(text=text, kind=kind, details=details))
