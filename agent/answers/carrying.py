"""Answers to what hardware takes: a tool is asked, and nothing changes."""

from __future__ import annotations

from agent.answers.carried import batch_in_words, capacity_in_words, splits_in_words
from agent.turn import CantBeDone, Turn
from agent.words.carrying import Asked, AtHand, asked_of
from agent.words.checks import in_sentences
from knowledge.errors import CompassError
from tools.batch import BatchRequest
from tools.batch import batch as batch_tool
from tools.capacity import CapacityRequest
from tools.capacity import capacity as capacity_tool
from tools.compare_splits import SplitsRequest, compare_splits
from tools.specification import Intent, Overrides


def capacity(turn: Turn, subject: str) -> str:
    """The most that hardware takes."""
    asked = _asked(turn, subject)
    request = CapacityRequest(plan=asked.plan, hardware=asked.hardware)
    return capacity_in_words(turn.call("capacity", capacity_tool, request, turn.services.database), asked)


def splits(turn: Turn, subject: str) -> str:
    """The same GPUs as many small replicas or few large ones."""
    asked = _asked(turn, subject)
    request = SplitsRequest(plan=asked.plan, hardware=asked.as_one_server)
    found = turn.call("compare_splits", compare_splits, request, turn.services.database)
    return splits_in_words(found, asked)


def batch(turn: Turn, subject: str) -> str:
    """The time and the cost of so many items."""
    asked = _asked(turn, subject, hardware_needed=False)
    if asked.items is None:
        return "How many items? For instance: “how long would 1 million items take on 8 H100?”"
    request = BatchRequest(
        plan=asked.plan,
        items=asked.items,
        deadline_hours=asked.deadline_hours,
        hardware=asked.hardware if asked.named else [],
    )
    return batch_in_words(turn.call("batch", batch_tool, request, turn.services.database), asked)


def _asked(turn: Turn, subject: str, hardware_needed: bool = True) -> Asked:
    state = turn.state
    option = state.get("selected") or next(iter(turn.options), None)
    at_hand = AtHand(
        specification=state.get("specification"),
        intent=turn.changes.get("intent") or state.get("intent") or Intent(),
        overrides=turn.changes.get("overrides") or state.get("overrides") or Overrides(),
        option=option,
    )
    try:
        asked = asked_of(subject, at_hand)
    except (CompassError, ValueError) as error:
        raise CantBeDone(in_sentences(error)) from error
    if hardware_needed and not asked.hardware:
        plan = state.get("plan")
        if plan is not None and not plan.recommendations:
            raise CantBeDone(
                "No option holds the targets, so there is no hardware to tell it of. Name some, for instance"
                " “8 H100”."
            )
        raise CantBeDone("Which hardware? Say how many GPUs of which type, for instance “8 H100”.")
    return asked
