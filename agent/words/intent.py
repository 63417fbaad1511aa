"""Intent extraction alone: from one text to an intent, without a conversation or a database."""

from __future__ import annotations

import logging

from langchain_core.language_models import BaseChatModel

from agent.models.asking import Asking
from agent.models.builtin.interpreter import BuiltinInterpreter
from agent.moves import DescribeNeed, Unclear
from agent.state import fresh
from agent.words.understand import by_the_rules, offered_at, said
from knowledge.errors import CompassError
from tools.specification import Intent, Overrides, change_intent, change_overrides

log = logging.getLogger(__name__)


def extract_intent(text: str, model: BaseChatModel) -> tuple[Intent, Overrides]:
    """What `text` asks for, with targets it states. Fields that it doesn't state stay empty.

    Raises CompassError with a sentence where a value can't be, or nothing of a need is said.
    """
    by_rules = by_the_rules(text, offered_at("context_collection"))
    move = None
    if not isinstance(model, BuiltinInterpreter):
        try:
            move = said(Asking(model).move(text, "context_collection", fresh()).move, text, by_rules)
        except Exception as error:  # any failure of a model's client leaves the rules
            log.warning("chat model failed: %s", type(error).__name__)
    move = move or by_rules
    if isinstance(move, Unclear):
        raise CompassError(move.question)
    if not isinstance(move, DescribeNeed):
        raise CompassError(
            "That doesn't describe a need. Say what for and for how many, for instance “a chatbot for 1000"
            " users”."
        )
    if move.cluster_gpus:
        raise CompassError(
            "What the cluster has is looked up in a conversation only. Say it yourself, for instance “we have"
            " 8 H100s”."
        )
    return change_intent(Intent(), move), change_overrides(Overrides(), move)
