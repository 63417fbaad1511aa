"""Answers to questions, composed from the state and from tool results alone: no figure
here comes from a language model.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.answers import carrying, known, planned, shown
from agent.models.builtin.glossary import GLOSSARY
from agent.moves import DEFAULT_USERS, EXAMPLES, POSSIBLE, Ask, Topic
from agent.turn import Turn
from knowledge.prices import HOURS_PER_MONTH

AUTHORED: tuple[str, ...] = (
    EXAMPLES,
    *POSSIBLE.values(),
    *(meaning for _, meaning in GLOSSARY.values()),
    f"{DEFAULT_USERS} users",
    f"{HOURS_PER_MONTH} h",
    "nine in ten",
)
"""Texts of ours that hold figures of their own, as examples or in explanations."""
TOPICS: dict[Topic, Callable[[Turn, str], str | None]] = {
    "help": known.possible,
    "term": known.term,
    "catalogue": known.catalogue,
    "specification": shown.specification,
    "options": shown.options,
    "manifest": shown.manifest,
    "kept": shown.kept,
    "status": shown.status,
    "deployments": shown.deployments,
    "assumptions": planned.assumptions,
    "why": planned.why,
    "compare": planned.compare,
    "near_misses": planned.near_misses,
    "cost": planned.cost,
    "provenance": planned.provenance,
    "memory": planned.memory,
    "context": planned.context,
    "capacity": carrying.capacity,
    "splits": carrying.splits,
    "batch": carrying.batch,
}
"""How each is answered: the words, or None where they were said already, with a card."""


def answer(turn: Turn, question: Ask) -> None:
    """Say the answer; what isn't known yet is said to be so."""
    text = TOPICS[question.topic](turn, question.subject)
    if text is not None:
        turn.say(text)
