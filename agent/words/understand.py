"""From a reply to a move: a button is taken as it is; words go to the chat model, and
what it answers is not trusted.

A chat model gets the stage's prompt, the read-only tools and the stage's moves. Its tool call is validated,
repaired once with the error text, and then handed to the built-in interpreter. Values that the person's words
don't hold are dropped, and so are sentences of its own that hold a figure from nowhere. Approval never passes
through here as a model's answer: see `approval.py`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage, ToolCall, ToolMessage

from agent.events import MessageEvent, TokenEvent, emit
from agent.models.asking import Asked, Asking, tool_result
from agent.models.builtin.answering import completed, declines
from agent.models.builtin.interpreter import MAX_CHARACTERS, BuiltinInterpreter, interpret, is_refusal
from agent.models.builtin.quantities import find_quantities
from agent.moves import (
    MOVES,
    Answered,
    Approve,
    Ask,
    Cancel,
    Confirm,
    Delete,
    Finish,
    Move,
    Remove,
    RollBack,
    Scale,
    SelectOption,
    SendPrompt,
    Stage,
    StartOver,
    Unclear,
)
from agent.replies import Reply
from agent.services import Stopped
from agent.state import ConversationState
from agent.turn import Turn
from agent.words.approval import is_approval, is_takeover
from agent.words.checks import change_or_problem
from agent.words.grounding import beside_excluded, drop_unsaid, not_used
from agent.words.prose import Prose, sources_of
from agent.words.read_tools import ReadTool
from tools.specification import Intent, SpecificationChange
from tools.untrusted import printable

log = logging.getLogger(__name__)
DECIDES = (SelectOption, StartOver, Cancel, Finish, Scale, Delete, Remove, RollBack)
"""Moves that end or decide something: a model's are taken only where the words, read
by rules, are the same.
"""


def move_of(reply: Reply, turn: Turn) -> Move:
    """What the person wants, among the moves that the stage offers; `Unclear` with a
    sentence for everything else.
    """
    if reply.text is not None:
        turn.record.append(HumanMessage(content=reply.text))
        if not reply.shown and _approves(reply.text, turn):
            return Unclear(
                question=(
                    "These manifests weren't before you when you wrote that. Look at them first, then"
                    " approve."
                )
            )
        return move_of_words(reply.text, turn)
    turn.record.append(HumanMessage(content=f"[{reply.move}] {json.dumps(reply.arguments)}"))
    offered = offered_at(turn.stage)
    if turn.stage == "configuration_finalized":
        offered["Approve"] = Approve
    kind = offered.get(reply.move or "")
    if kind is None:
        return Unclear(question=f"{reply.move} isn't possible now.")
    return _checked(kind, reply.arguments)


def move_of_words(text: str, turn: Turn) -> Move:
    """The same for typed words; what they say that the move doesn't hold is told to the person."""
    asked = _said_last(turn.state)
    whole = completed(text, asked)
    if declines(text, asked) and turn.stage != "configuration_finalized":
        return Unclear(question="Then it stays as it is.")
    answer = by_the_rules(whole, offered_at(turn.stage)) if whole else None
    if isinstance(answer, SpecificationChange | Scale):
        move: Move = answer
    else:
        move = _understood(text, turn)
        if isinstance(move, SpecificationChange) and (left := not_used(text, move)):
            turn.say(f"Not used: {', '.join(f'“{part}”' for part in left)}.")
    if isinstance(move, SpecificationChange):
        specification = turn.state.get("specification")
        return beside_excluded(
            move, specification.intent if specification else turn.state.get("intent") or Intent()
        )
    return move


def offered_at(stage: Stage) -> dict[str, type[Move]]:
    return {kind.__name__: kind for kind in MOVES[stage]}


def _approves(text: str, turn: Turn) -> bool:
    return turn.stage == "configuration_finalized" and (is_approval(text) or is_takeover(text))


def _said_last(state: ConversationState) -> str:
    """What the person is answering to."""
    said = (
        str(m.text) for m in reversed(state.get("messages") or []) if isinstance(m, AIMessage) and m.content
    )
    return next(said, "")


def _understood(text: str, turn: Turn) -> Move:
    """What a model, or the rules where there is none, make of typed words."""
    bundle, services = turn.state.get("bundle"), turn.services
    if bundle and _approves(text, turn):
        return Approve(digest=bundle.digest, takes_over=is_takeover(text))
    running = turn.state.get("running")
    # The name of what is at hand is “it”: “scale NAME to 3” is said of it, and of
    # another deployment it isn't.
    by_rules = by_the_rules(
        text.replace(running.name, "it") if running and turn.stage == "basic_monitoring" else text,
        offered_at(turn.stage),
    )
    if isinstance(services.model, BuiltinInterpreter) or not text.strip() or len(text) > MAX_CHARACTERS:
        return by_rules

    def run_tool(tool: ReadTool, call: ToolCall) -> ToolMessage:
        return tool_result(tool, call, lambda request: turn.call(tool.name, tool.run, request, services))

    asking = Asking(services.model, services.caller.unless_stopped)
    try:
        asked = asking.move(text, turn.stage, turn.state, run_tool)
        move = _grounded(asked, text, by_rules, asking, turn)
    except Stopped:
        raise
    except Exception as error:  # a model's client can fail in any way; the conversation must not
        log.warning("chat model failed: %s: %s", type(error).__name__, error)
        emit(
            MessageEvent(
                text=(
                    f"(The chat model gave no usable answer: {_why(error)}. The built-in interpreter took"
                    " this turn.)"
                )
            )
        )
        emit(asking.usage.event("failed"))
        return by_rules
    emit(asking.usage.event("answered" if move else "handed over"))
    return move or by_rules


def _why(error: Exception) -> str:
    """Ollama's own sentence where it sent one; what other libraries say may hold a
    key, or the whole answer.
    """
    said = printable(str(getattr(error, "error", "")), 200) if type(error).__name__ == "ResponseError" else ""
    return (
        f"{type(error).__name__}: {' '.join(said.split()).rstrip('.')}"
        if said and "<" not in said
        else type(error).__name__
    )


def by_the_rules(text: str, offered: dict[str, type[Move]]) -> Move:
    """What the built-in interpreter makes of the words, checked like anybody's values."""
    move = interpret(text, set(offered))
    if isinstance(move, Unclear):
        return move
    return _checked(offered[type(move).__name__], move.model_dump(exclude_defaults=True))


def _checked(kind: type[Move], values: dict[str, Any]) -> Move:
    checked = change_or_problem(kind, values)
    return Unclear(question=checked) if isinstance(checked, str) else checked


def _grounded(asked: Asked, text: str, by_rules: Move, asking: Asking, turn: Turn) -> Move | None:
    """The move with only what the words hold; None if nothing is left of it, so that the
    interpreter reads them instead.
    """
    if asked.prose is not None:
        # Where the rules know what the words are, they know better than prose.
        return _told(asked.prose, text, asking, turn) if isinstance(by_rules, Unclear | Ask) else None
    return said(asked.move, text, by_rules)


def said(move: Move | None, text: str, by_rules: Move) -> Move | None:
    """A model's move, as far as the words bear it out, also as the rules read them; None if they don't."""
    if isinstance(move, SpecificationChange):
        problem = (
            isinstance(by_rules, Unclear) and by_rules.understood is not None
        )  # something in it can't be, which must be said
        if problem or not isinstance(by_rules, SpecificationChange | Ask | Unclear):
            return None
        kept = drop_unsaid(move, text)
        if type(by_rules) is type(move):  # what the rules read is surely said; the model may have read more
            kept = type(move).model_validate(
                kept.model_dump(exclude_defaults=True) | by_rules.model_dump(exclude_defaults=True)
            )
        return None if kept.empty else kept
    if isinstance(move, DECIDES):
        named = isinstance(move, SelectOption) and move.rank in {
            q.value for q in find_quantities(text.lower())
        }
        return (
            by_rules
            if type(by_rules) is type(move)
            else move
            if named and isinstance(by_rules, Unclear)
            else None
        )
    if isinstance(move, Ask) and isinstance(by_rules, Ask):
        return by_rules
    if not isinstance(by_rules, type(move) | Unclear) or (isinstance(move, Confirm) and is_refusal(text)):
        return None  # the rules know the words as something else
    if isinstance(move, SendPrompt) and move.prompt not in text:
        return None
    if isinstance(move, Unclear):
        return None  # a question in our own words: the model's may hold anything
    return move


def _told(pieces: Iterator[str], text: str, asking: Asking, turn: Turn) -> Move | None:
    """The model's own words, streamed to the person as far as they are borne out;
    None if nothing of them is.
    """
    prose = Prose(sources_of(turn.state, turn.record, text, turn.story))
    for sentence in prose.sentences(pieces):
        emit(TokenEvent(text=sentence))
    asking.usage.removed += prose.removed
    if not prose.text:
        return None
    turn.record.append(AIMessage(content=prose.text))
    emit(MessageEvent(text=prose.text, kind="prose"))
    return Answered()
