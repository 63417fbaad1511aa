"""Reading words by a chat model, which is not trusted.

It gets the stage's prompt, the read-only tools and the stage's moves. Its tool call is validated, repaired
once with the error text, and then handed to the rules. Values that the person's words don't hold are
dropped, and so are sentences of its own that hold a figure from nowhere. Approval never passes through here
as a model's answer: see `approval.py`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from agent.events import MessageEvent
from agent.models.asking import Asked, Asking
from agent.models.builtin.interpreter import is_refusal
from agent.models.builtin.quantities import find_quantities
from agent.moves import (
    Answered,
    Ask,
    Cancel,
    Change,
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
from agent.services import Stopped
from agent.state import ConversationState
from agent.words.by_rules import RULES
from agent.words.grounding import drop_unsaid
from agent.words.reader import Hearing
from tools.untrusted import printable

log = logging.getLogger(__name__)
DECIDES = (SelectOption, StartOver, Cancel, Finish, Scale, Delete, Remove, RollBack)
"""Moves that end or decide something: a model's are taken only where the words, read
by rules, are the same.
"""


@dataclass(frozen=True)
class ModelReader:
    """Where the model is no use, the rules read."""

    model: BaseChatModel

    def read(
        self, words: str, stage: Stage, state: ConversationState, hearing: Hearing | None = None
    ) -> Move:
        by_rules = RULES.read(words, stage, state)
        asking = Asking(self.model, hearing.unless_stopped) if hearing else Asking(self.model)
        try:
            asked = asking.move(words, stage, state, hearing.look_up if hearing else None)
            move = _borne_out(asked, words, by_rules, asking, hearing)
        except Stopped:
            raise
        except Exception as error:  # a model's client can fail in any way; the conversation must not
            log.warning("chat model failed: %s: %s", type(error).__name__, error)
            if hearing:
                sorry = (
                    f"(The chat model gave no usable answer: {_why(error)}. The built-in interpreter took"
                    " this turn.)"
                )
                hearing.tell(MessageEvent(text=sorry))
                hearing.tell(asking.usage.event("failed"))
            return by_rules
        if hearing:
            hearing.tell(asking.usage.event("answered" if move else "handed over"))
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


def _borne_out(
    asked: Asked, words: str, by_rules: Move, asking: Asking, hearing: Hearing | None
) -> Move | None:
    """The move with only what the words hold; None if nothing is left of it, so that the rules read them."""
    if asked.prose is None or hearing is None:
        return said(asked.move, words, by_rules) if asked.move else None
    if not isinstance(by_rules, Unclear | Ask):
        return None  # where the rules know what the words are, they know better than prose
    prose = hearing.answer(asked.prose, words)
    asking.usage.removed += prose.removed
    return Answered() if prose.text else None


def said(move: Move, words: str, by_rules: Move) -> Move | None:
    """A model's move, as far as the words bear it out, also as the rules read them; None if they don't."""
    if isinstance(move, Change):
        return _values(move, words, by_rules)
    if isinstance(move, DECIDES):
        return _decision(move, words, by_rules)
    if isinstance(move, Ask) and isinstance(by_rules, Ask):
        return by_rules
    if not isinstance(by_rules, type(move) | Unclear) or isinstance(move, Unclear):
        return None  # the rules know them as something else; a question back is in our own words
    refused = isinstance(move, Confirm) and is_refusal(words)
    invented = isinstance(move, SendPrompt) and move.prompt not in words
    return None if refused or invented else move


def _values(move: Change, words: str, by_rules: Move) -> Move | None:
    if isinstance(by_rules, Unclear) and by_rules.understood is not None:
        return None  # something in it can't be, which must be said
    if not isinstance(by_rules, Change | Ask | Unclear):
        return None
    kept = drop_unsaid(move, words)
    if type(by_rules) is type(move):  # what the rules read is surely said; the model may have read more
        kept = type(move).model_validate(
            kept.model_dump(exclude_defaults=True) | by_rules.model_dump(exclude_defaults=True)
        )
    return None if kept.empty else kept


def _decision(move: Move, words: str, by_rules: Move) -> Move | None:
    if type(by_rules) is type(move):
        return by_rules
    numbers = {q.value for q in find_quantities(words.lower())}
    named = isinstance(move, SelectOption) and move.rank in numbers
    return move if named and isinstance(by_rules, Unclear) else None
