"""What a person is asked at each pause, and the replies they may give: typed words, or a button's move."""

from __future__ import annotations

from typing import Any

from langgraph.types import interrupt

from agent.cards.facts import ApprovalFacts, OptionsFacts, PauseFacts, SpecificationFacts
from agent.cards.taken import of_approval, of_options, of_running
from agent.moves import Stage
from agent.replies import Reply
from agent.state import ConversationState
from agent.turn import Turn
from agent.words.approval import TAKE_OVER
from knowledge.errors import CompassError
from knowledge.settings import Settings

QUESTIONS: dict[str, str] = {
    "specification_review": "Is this what you need?",
    "presenting_options": "Which one shall it be?",
    "configuration_finalized": "Approve exactly this?",
    "basic_monitoring": "Try it, ask about it, or finish?",
}
REPLIES: dict[str, list[str]] = {
    "specification_review": [
        "looks good",
        "make TTFT 300 ms",
        "only 200 users",
        "use H100s",
        "start over",
        "cancel",
    ],
    "presenting_options": [
        "option 1",
        "deploy the cheapest",
        "what if we had 5000 users?",
        "why this one?",
        "rank by cost",
        "keep this as A",
        "cancel",
    ],
    "configuration_finalized": ["yes, approve", "no", "show the manifests", "export as kustomize", "cancel"],
    "basic_monitoring": [
        "send it: hello, who are you?",
        "status",
        "scale to 3",
        "another option",
        "delete it",
        "done",
    ],
}
NO_OPTIONS_QUESTION = "What may be otherwise?"
NO_OPTIONS_REPLIES = [
    "what if TTFT were 300 ms?",
    "what if any GPU would do?",
    "undo",
    "start over",
    "cancel",
]


def pause(turn: Turn) -> Reply:
    """Wait for the person; returns their reply when the run is resumed with one. The only
    interrupt of a node, before any effect.

    The reply is taken from this run's context and not from what LangGraph stored: where a node
    failed after a reply, it would give that old reply again, so that a later “no” would be taken
    for the earlier “yes, approve”.
    """
    interrupt(payload(turn.stage, turn.state, turn.services.settings))
    if turn.services.reply is None:
        raise CompassError("The conversation was resumed without a reply.")
    turn.answered = True
    return turn.services.reply


def payload(stage: Stage, state: ConversationState, settings: Settings) -> dict[str, Any]:
    """Everything an interface needs to draw the pause, as plain JSON values."""
    replies, question = REPLIES[stage], QUESTIONS[stage]
    details = _details(stage, state, settings)
    if isinstance(details, OptionsFacts) and not details.recommendations:
        question = NO_OPTIONS_QUESTION
        replies = [r for r in NO_OPTIONS_REPLIES if r != "undo" or state.get("explored")]
    if isinstance(details, ApprovalFacts) and details.takes_over_asked:
        question, replies = "Take it over all the same?", [TAKE_OVER, "no", "cancel"]
    kept = details.model_dump(mode="json") if details else {}
    return {"state": stage, "question": question, "replies": replies, "details": kept}


def _details(stage: Stage, state: ConversationState, settings: Settings) -> PauseFacts | None:
    specification, plan, bundle = state.get("specification"), state.get("plan"), state.get("bundle")
    if stage == "specification_review" and specification:
        return SpecificationFacts(specification=specification)
    if stage == "presenting_options" and plan and specification:
        return of_options(state, specification, plan)
    if stage == "configuration_finalized" and bundle:
        return of_approval(state, bundle, settings)
    if stage == "basic_monitoring" and bundle:
        return of_running(bundle, state.get("endpoint"))
    return None
