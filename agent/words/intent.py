"""Intent extraction alone: from one text to an intent, without a conversation or a database."""

from __future__ import annotations

from agent.moves import DescribeNeed, Unclear
from agent.state import fresh
from agent.words.reader import Reader
from knowledge.errors import CompassError
from tools.specification import Intent, Overrides, change_intent, change_overrides


def extract_intent(text: str, reader: Reader) -> tuple[Intent, Overrides]:
    """What `text` asks for, with targets it states. Fields that it doesn't state stay empty.

    Raises CompassError with a sentence where a value can't be, or nothing of a need is said.
    """
    move = reader.read(text, "context_collection", fresh())
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
