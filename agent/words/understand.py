"""From a reply to a move: a button is taken as it is; words go to whoever reads them, but an approval."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from langchain_core.messages import AIMessage, HumanMessage, ToolCall, ToolMessage

from agent.events import Event, MessageEvent, TokenEvent, emit
from agent.models.asking import tool_result
from agent.models.builtin.answering import completed, declines
from agent.models.builtin.interpreter import MAX_CHARACTERS
from agent.moves import Approve, Change, Move, Scale, Unclear, offered_at
from agent.replies import Reply
from agent.state import ConversationState
from agent.turn import Turn
from agent.words.approval import is_approval, is_takeover
from agent.words.by_rules import RULES
from agent.words.checks import change_or_problem
from agent.words.grounding import beside_excluded, not_used
from agent.words.prose import Prose, sources_of
from agent.words.read_tools import READ_TOOLS
from tools.specification import Intent


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
    checked = change_or_problem(kind, reply.arguments)
    return Unclear(question=checked) if isinstance(checked, str) else checked


def move_of_words(text: str, turn: Turn) -> Move:
    """The same for typed words; what they say that the move doesn't hold is told to the person."""
    asked = _said_last(turn.state)
    whole = completed(text, asked)
    if declines(text, asked) and turn.stage != "configuration_finalized":
        return Unclear(question="Then it stays as it is.")
    answer = RULES.read(whole, turn.stage, turn.state) if whole else None
    if isinstance(answer, Change | Scale):
        move: Move = answer
    else:
        move = _understood(text, turn)
        if isinstance(move, Change) and (left := not_used(text, move)):
            turn.say(f"Not used: {', '.join(f'“{part}”' for part in left)}.")
    if isinstance(move, Change):
        specification = turn.state.get("specification")
        return beside_excluded(
            move, specification.intent if specification else turn.state.get("intent") or Intent()
        )
    return move


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
    bundle = turn.state.get("bundle")
    if bundle and _approves(text, turn):
        return Approve(digest=bundle.digest, takes_over=is_takeover(text))
    readable = text.strip() and len(text) <= MAX_CHARACTERS
    reader = turn.services.reader if readable else RULES
    return reader.read(text, turn.stage, turn.state, TurnHearing(turn))


@dataclass(frozen=True)
class TurnHearing:
    """A reader's hearing in this turn."""

    turn: Turn

    def unless_stopped(self) -> None:
        self.turn.services.caller.unless_stopped()

    def look_up(self, call: ToolCall) -> ToolMessage:
        turn, tool = self.turn, READ_TOOLS[call["name"]]
        return tool_result(tool, call, lambda request: turn.call(tool.name, tool.run, request, turn.services))

    def answer(self, pieces: Iterator[str], words: str) -> Prose:
        turn = self.turn
        prose = Prose(sources_of(turn.state, turn.record, words, turn.story))
        for sentence in prose.sentences(pieces):
            emit(TokenEvent(text=sentence))
        if prose.text:
            turn.record.append(AIMessage(content=prose.text))
            emit(MessageEvent(text=prose.text, kind="prose"))
        return prose

    def tell(self, event: Event) -> None:
        emit(event)
