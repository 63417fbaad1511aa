"""From a reply to a move: a button is taken as it is; words go to the chat model, and what it answers is not trusted.

A chat model gets the stage's prompt, the read-only tools and the stage's moves. Its tool call is validated, repaired once
with the error text, and then handed to the built-in interpreter. Values that the person's words don't hold are dropped.
Approval never passes through here as a model's answer: see `approval.py`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage
from pydantic import BaseModel

from agent.approval import is_approval, is_takeover
from agent.checks import change_or_problem
from agent.events import MessageEvent, emit
from agent.grounding import drop_unsaid
from agent.models.builtin.interpreter import MAX_CHARACTERS, BuiltinInterpreter, interpret
from agent.models.builtin.quantities import find_quantities
from agent.moves import MOVES, Approve, Cancel, Delete, Finish, Move, RollBack, Scale, SelectOption, SendPrompt, Stage, StartOver, Unclear
from agent.prompts import stage_prompt
from agent.read_tools import READ_TOOLS, ReadTool
from agent.replies import Reply
from agent.services import Services
from agent.state import ConversationState
from agent.transcript import call_tool
from tools.specification import SpecificationChange

MAX_TOOL_TURNS = 3
HISTORY_MESSAGES = 12
log = logging.getLogger(__name__)


def move_of(reply: Reply, stage: Stage, state: ConversationState, services: Services, record: list[AnyMessage]) -> Move:
    """What the person wants, among the moves that `stage` offers; `Unclear` with a sentence for everything else."""
    if reply.text is not None:
        record.append(HumanMessage(content=reply.text))
        if stage == "configuration_finalized" and (is_approval(reply.text) or is_takeover(reply.text)) and not reply.shown:
            return Unclear(question="These manifests weren't before you when you wrote that. Look at them first, then approve.")
        return move_of_words(reply.text, stage, state, services, record)
    record.append(HumanMessage(content=f"[{reply.move}] {json.dumps(reply.arguments)}"))
    offered = {kind.__name__: kind for kind in MOVES[stage]}
    if stage == "configuration_finalized":
        offered["Approve"] = Approve
    kind = offered.get(reply.move or "")
    if kind is None:
        return Unclear(question=f"{reply.move} isn't possible now.")
    return _checked(kind, reply.arguments)


def move_of_words(text: str, stage: Stage, state: ConversationState, services: Services, record: list[AnyMessage]) -> Move:
    """The same for typed words."""
    bundle = state.get("bundle")
    if stage == "configuration_finalized" and bundle and (is_approval(text) or is_takeover(text)):
        return Approve(digest=bundle.digest, takes_over=is_takeover(text))
    offered = {kind.__name__: kind for kind in MOVES[stage]}
    if isinstance(services.model, BuiltinInterpreter) or not text.strip() or len(text) > MAX_CHARACTERS:
        return _by_rules(text, offered)
    try:
        found = ask_model(text, stage, state, services.model, lambda tool, call: _tool_result(tool, call, services, record))
    except Exception as error:  # a model's client can fail in any way; the conversation must not
        log.warning("chat model failed: %s: %s", type(error).__name__, error)
        emit(MessageEvent(text=f"(The chat model didn't answer: {type(error).__name__}. The built-in interpreter took this turn.)"))
        return _by_rules(text, offered)
    return found or _by_rules(text, offered)


def _by_rules(text: str, offered: dict[str, type[Move]]) -> Move:
    move = interpret(text, set(offered))
    return _checked(offered[type(move).__name__], move.model_dump(exclude_defaults=True))


def _checked(kind: type[Move], values: dict[str, Any]) -> Move:
    checked: BaseModel | str = change_or_problem(kind, values)
    return Unclear(question=checked) if isinstance(checked, str) else checked  # type: ignore[return-value]


def ask_model(
    text: str, stage: Stage, state: ConversationState, model: BaseChatModel, run_tool: Callable[[ReadTool, ToolCall], ToolMessage] | None
) -> Move | None:
    """The model's move, or None where it gave no usable one. Without `run_tool` it gets no read-only tools."""
    offered = {kind.__name__: kind for kind in MOVES[stage]}
    tools = READ_TOOLS if run_tool else {}
    bound = model.bind_tools([*offered.values(), *(t.definition() for t in tools.values())])
    history = [m for m in state.get("messages", []) if isinstance(m, HumanMessage) or (isinstance(m, AIMessage) and m.content)]
    messages: list[BaseMessage] = [SystemMessage(stage_prompt(stage, state)), *history[-HISTORY_MESSAGES:]]
    if not messages or messages[-1].text != text:
        messages.append(HumanMessage(text))
    repaired = False
    for _ in range(MAX_TOOL_TURNS):
        answer = bound.invoke(messages)
        if not isinstance(answer, AIMessage) or not answer.tool_calls:
            return None  # prose can't be checked against what is known; the interpreter answers from it instead
        call = answer.tool_calls[0]
        messages.append(AIMessage(content="", tool_calls=[call]))
        if run_tool and call["name"] in tools:
            messages.append(run_tool(tools[call["name"]], call))
            continue
        kind = offered.get(call["name"])
        if kind is None:
            problem = f"There is no tool {call['name']!r} now. Use one of {', '.join(offered)}."
        else:
            move = change_or_problem(kind, call["args"])
            if not isinstance(move, str):
                return _grounded(move, text, offered)
            problem = move
        if repaired:
            return None
        repaired = True
        messages.append(
            ToolMessage(content=f"Error: {problem} Call one tool again, corrected.", tool_call_id=str(call["id"]), status="error")
        )
    return None


def _tool_result(tool: ReadTool, call: ToolCall, services: Services, record: list[AnyMessage]) -> ToolMessage:
    request = change_or_problem(tool.request, call["args"])
    if isinstance(request, str):
        return ToolMessage(content=f"Error: {request}", tool_call_id=str(call["id"]), status="error")
    try:
        result = call_tool(tool.name, request, lambda: tool.run(request, services), record)
    except Exception as error:
        return ToolMessage(content=f"Error: {error}", tool_call_id=str(call["id"]), status="error")
    return ToolMessage(content=result.model_dump_json()[:8000], tool_call_id=str(call["id"]))


def _grounded(move: Any, text: str, offered: dict[str, type[Move]]) -> Move | None:
    """The move with only what the words hold; None if nothing is left of it, so that the interpreter reads them instead."""
    if isinstance(move, SpecificationChange):
        kept = drop_unsaid(move, text)
        return None if kept.empty else kept  # type: ignore[return-value]
    if isinstance(move, SelectOption | StartOver | Cancel | Finish | Scale | Delete | RollBack):
        # What ends or decides something is taken from a model only where the words, read by rules, say the same or name the number.
        by_rules = interpret(text, set(offered))
        named = isinstance(move, SelectOption) and move.rank in {q.value for q in find_quantities(text.lower())}
        return move if type(by_rules) is type(move) or named else None
    if isinstance(move, SendPrompt) and move.prompt not in text:
        return None
    if isinstance(move, Unclear):
        return None  # a question in our own words: the model's may hold anything
    return move  # type: ignore[no-any-return]
