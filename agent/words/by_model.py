"""Reading words by a chat model, which is not trusted.

It gets the stage's prompt, the read-only tools and the stage's moves. Its tool call is validated, repaired
once with the error text, and then handed to the rules. Values that the person's words don't hold are
dropped, and so are sentences of its own that hold a figure from nowhere. Approval never passes through here
as a model's answer: see `approval.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
    DescribeNeed,
    EditSpecification,
    Explore,
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
    return BORNE_OUT.get(type(move), _unless_known)(move, words, by_rules)


def _unless_known(move: Move, words: str, by_rules: Move) -> Move | None:
    """Whatever it is, if the rules don't know the words as something else."""
    return move if isinstance(by_rules, type(move) | Unclear) else None


def _question(move: Ask, words: str, by_rules: Move) -> Move | None:
    return by_rules if isinstance(by_rules, Ask) else _unless_known(move, words, by_rules)


def _consent(move: Confirm, words: str, by_rules: Move) -> Move | None:
    return None if is_refusal(words) else _unless_known(move, words, by_rules)


def _test_prompt(move: SendPrompt, words: str, by_rules: Move) -> Move | None:
    return _unless_known(move, words, by_rules) if move.prompt in words else None


def _question_back(move: Unclear, words: str, by_rules: Move) -> None:
    """In our own words: the model's may hold anything."""


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
    """What ends or decides something: only if the rules read the same."""
    return by_rules if type(by_rules) is type(move) else None


def _choice(move: SelectOption, words: str, by_rules: Move) -> Move | None:
    named = move.rank in {q.value for q in find_quantities(words.lower())}
    return move if named and isinstance(by_rules, Unclear) else _decision(move, words, by_rules)


BORNE_OUT: dict[type[Move], Callable[[Any, str, Move], Move | None]] = {
    **dict.fromkeys((DescribeNeed, EditSpecification, Explore), _values),
    **dict.fromkeys((StartOver, Cancel, Finish, Scale, Delete, Remove, RollBack), _decision),
    SelectOption: _choice,
    Ask: _question,
    Confirm: _consent,
    SendPrompt: _test_prompt,
    Unclear: _question_back,
}
"""How much of a model's move is taken, by what it is; of any other, `_unless_known`."""
