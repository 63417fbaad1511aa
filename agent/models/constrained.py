"""Tool calls from models that don't make any: a choice among the tools as JSON, held
to a schema while it is written.

Small models rarely emit native tool calls; as a constrained choice they get most of them right. What a model
writes is still only a proposal, validated and grounded like any other.
"""

from __future__ import annotations

import ast
import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from agent.models.calling import CallingModel
from agent.models.gguf import Completion
from agent.models.json_schema import plain_schema

CHOICE_TOKENS, PROSE_TOKENS = 300, 400
Spoken = dict[str, str]
Complete = Callable[[list[Spoken], dict[str, Any] | None, int], Completion]
Stream = Callable[[list[Spoken], int], Iterator[str]]
_EXAMPLE = re.compile(r"^(?P<said>\".*\") -> (?P<call>\w+\(.*\))$", re.MULTILINE)


class ConstrainedChoice(CallingModel):
    """`complete` gives text, held to a JSON schema if it gets one; `pieces` the same
    without a schema, as it comes.
    """

    complete: Complete
    pieces: Stream

    @property
    def _llm_type(self) -> str:
        return "compass-constrained"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        tools: list[dict[str, Any]] = [tool["function"] for tool in kwargs.get("tools", [])]
        found = self.complete(
            turns_of(messages, tools),
            choice_schema(tools) if tools else None,
            CHOICE_TOKENS if tools else PROSE_TOKENS,
        )
        usage = UsageMetadata(
            input_tokens=found.input_tokens,
            output_tokens=found.output_tokens,
            total_tokens=found.input_tokens + found.output_tokens,
        )
        message = _called(found.text, usage) if tools else AIMessage(content=found.text, usage_metadata=usage)
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for piece in self.pieces(turns_of(messages, []), PROSE_TOKENS):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


def choice_schema(tools: list[dict[str, Any]]) -> dict[str, Any]:
    """One object: the tool's name, and its arguments as its own schema has them."""
    return {
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "tool": {"const": tool["name"]},
                    "arguments": plain_schema(tool["parameters"]),
                },
                "required": ["tool", "arguments"],
                "additionalProperties": False,
            }
            for tool in tools
        ]
    }


def turns_of(messages: list[BaseMessage], tools: list[dict[str, Any]]) -> list[Spoken]:
    """The conversation as plain turns; the tools and the form of the answer are written into the system's."""
    turns: list[Spoken] = []
    for message in messages:
        if isinstance(message, SystemMessage):
            turns.append({"role": "system", "content": _with_tools(str(message.text), tools)})
        elif isinstance(message, ToolMessage):
            turns.append({"role": "user", "content": f"Result: {message.text}"})
        elif isinstance(message, AIMessage) and message.tool_calls:
            call = message.tool_calls[0]
            turns.append({"role": "assistant", "content": _choice(call["name"], call["args"])})
        else:
            turns.append(
                {
                    "role": "user" if isinstance(message, HumanMessage) else "assistant",
                    "content": str(message.text),
                }
            )
    return turns


def _with_tools(system: str, tools: list[dict[str, Any]]) -> str:
    if not tools:
        return system
    listed = "\n".join(f"- {t['name']}: {' '.join(t['description'].split())}" for t in tools)
    examples = _EXAMPLE.sub(lambda m: f"{m['said']} -> {_as_json(m['call'])}", system)
    form = "Answer with one JSON object: the tool, and only those arguments that the person stated."
    return (  # what differs from turn to turn comes last, so that the rest is read once
        f"Tools:\n{listed}\n{form}\n\n{examples}"
    )


def _as_json(call: str) -> str:
    """A tool call as the prompts write their examples, `Explore(user_count=5000)`,
    in the form of the answer.
    """
    expression = ast.parse(call, mode="eval").body
    if not isinstance(expression, ast.Call) or not isinstance(expression.func, ast.Name):
        return call
    return _choice(expression.func.id, {str(k.arg): ast.literal_eval(k.value) for k in expression.keywords})


def _choice(name: str, arguments: dict[str, Any]) -> str:
    return json.dumps({"tool": name, "arguments": arguments}, separators=(",", ":"), ensure_ascii=False)


def _called(text: str, usage: UsageMetadata) -> AIMessage:
    """The choice as a tool call; text that isn't one, as an answer cut off in the middle, is no answer."""
    try:
        chosen = json.loads(text)
        arguments = {k: v for k, v in chosen["arguments"].items() if v is not None}
        call = {
            "name": str(chosen["tool"]),
            "args": arguments,
            "id": f"call_{uuid.uuid4().hex[:12]}",
            "type": "tool_call",
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return AIMessage(content="", usage_metadata=usage)
    return AIMessage(content="", tool_calls=[call], usage_metadata=usage)
