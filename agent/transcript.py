"""Recording tool calls in the message history, and telling whoever follows the turn; so a
conversation's story tells the whole of it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
from langgraph.runtime import get_runtime
from pydantic import BaseModel

from agent.events import MessageEvent, ToolCallEvent, ToolResultEvent, emit
from agent.services import Services
from agent.storage.story import Story
from agent.telemetry import tool_call
from knowledge.errors import CompassError

R = TypeVar("R", bound=BaseModel)


def call_tool(name: str, request: BaseModel, run: Callable[[], R], record: list[AnyMessage]) -> R:
    """Run a tool; the call and its result, or its error, go to `record` and to the
    events: whole to the events, in short to `record`.
    """
    services = get_runtime(Services).context
    story = Story(services.database, services.thread_id)
    arguments = request.model_dump(mode="json", exclude_none=True)
    emit(ToolCallEvent(tool=name, arguments=arguments))
    call_id = f"call_{uuid.uuid4().hex[:12]}"
    asked = story.kept(arguments, returned=False)
    record.append(
        AIMessage(content="", tool_calls=[{"name": name, "args": asked, "id": call_id, "type": "tool_call"}])
    )
    try:
        with tool_call(name):
            result = run()
    except (CompassError, ValueError) as error:
        record.append(ToolMessage(content=str(error), tool_call_id=call_id, name=name, status="error"))
        emit(ToolResultEvent(tool=name, ok=False, result=str(error)))
        raise
    content = result.model_dump(mode="json")
    record.append(
        ToolMessage(content=json.dumps(story.kept(content, returned=True)), tool_call_id=call_id, name=name)
    )
    emit(ToolResultEvent(tool=name, ok=True, result=content))
    return result


def say(
    text: str, record: list[AnyMessage], kind: str | None = None, details: dict[str, Any] | None = None
) -> None:
    """Words to the person, into the history and out to the interface."""
    record.append(AIMessage(content=text))
    emit(MessageEvent(text=text, kind=kind, details=details))
