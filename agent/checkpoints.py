"""What a person is asked at each pause, and the replies they may give: typed words, or a button's move."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from langgraph.types import interrupt

from agent.moves import Stage
from agent.replies import Reply
from agent.state import ConversationState
from agent.turn import Turn
from agent.words.approval import TAKE_OVER
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tools.manifests.bundle import ManifestBundle
from tools.manifests.served import inference_service_of, served_context, served_thinking
from tools.planning.memory import context_in_words
from tools.planning.plan import Plan
from tools.planning.ranking import pick
from tools.specification import Specification

answered: ContextVar[bool] = ContextVar("answered", default=False)
"""Whether the node at work has got a reply to its pause."""
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
    answered.set(True)
    return turn.services.reply


def options_details(state: ConversationState, specification: Specification, plan: Plan) -> dict[str, Any]:
    """A plan as shown, and against what it is a what-if."""
    explored, what_if = state.get("explored") or [], state.get("what_if")
    before = explored[-1] if what_if and explored else None
    return {
        "specification": specification.model_dump(mode="json"),
        **plan.model_dump(mode="json"),
        "what_if": what_if,
        "before": None if before is None else in_short(before.specification, before.plan),
        "now": None if before is None else in_short(specification, plan),
    }


def in_short(specification: Specification, plan: Plan) -> dict[str, Any]:
    """What one compares plans by; `first` and `cheapest` are None where nothing holds."""
    found = plan.recommendations
    return {
        "peak_requests_per_second": specification.demand.peak_requests_per_second,
        "slo_targets": specification.slo_targets.model_dump(mode="json"),
        "holding_slo": plan.holding_slo,
        "considered": plan.considered,
        "first": found[0].model_dump(mode="json") if found else None,
        "cheapest": pick(found, "cheapest").model_dump(mode="json") if found else None,
    }


def approval_details(state: ConversationState, bundle: ManifestBundle, settings: Settings) -> dict[str, Any]:
    """What would be done, to what, where, at what cost; `owners` are others whose objects it would change."""
    review, selected = state.get("review"), state.get("selected")
    return {
        "action": bundle.action,
        "digest": bundle.digest,
        "cluster": settings.cluster,
        "server": review.identity.server if review else "",
        "simulated": settings.cluster == "sim",
        "read_only": settings.read_only,
        "namespace": bundle.namespace,
        "name": bundle.name,
        "model_id": bundle.model_id,
        "context": _context(bundle),
        "thinking": served_thinking(inference_service_of(bundle.files)),
        "recommendation": (
            selected.model_dump(mode="json") if selected and selected.model_id == bundle.model_id else None
        ),
        "files": [f.model_dump(mode="json") for f in bundle.files],
        "problems": [
            p.model_dump(mode="json") for p in [*bundle.problems, *(review.problems if review else [])]
        ],
        "changes": [c.model_dump(mode="json") for c in review.changes] if review else [],
        "owners": [o.model_dump(mode="json") for o in review.owners] if review else [],
        "notes": review.notes if review else [],
        "takes_over_asked": bool(state.get("takes_over_asked")),
    }


def _context(bundle: ManifestBundle) -> str | None:
    """In words, what the manifests themselves say."""
    tokens = served_context(inference_service_of(bundle.files))
    return None if tokens is None else context_in_words(tokens, bundle.model_id)


def payload(stage: Stage, state: ConversationState, settings: Settings) -> dict[str, Any]:
    """Everything an interface needs to draw the pause, as plain JSON values."""
    replies, question = REPLIES[stage], QUESTIONS[stage]
    details: dict[str, Any] = {}
    specification, plan, bundle = state.get("specification"), state.get("plan"), state.get("bundle")
    if stage == "specification_review" and specification:
        details["specification"] = specification.model_dump(mode="json")
    if stage == "presenting_options" and plan and specification:
        details |= options_details(state, specification, plan)
        replies = replies if plan.recommendations else NO_OPTIONS_REPLIES
    if stage == "configuration_finalized" and bundle:
        details |= approval_details(state, bundle, settings)
        if details["takes_over_asked"]:
            question, replies = "Take it over all the same?", [TAKE_OVER, "no", "cancel"]
    if stage == "basic_monitoring" and bundle:
        details |= {
            "name": bundle.name,
            "model_id": bundle.model_id,
            "context": _context(bundle),
            "endpoint": state.get("endpoint"),
        }
        details["thinking"] = served_thinking(inference_service_of(bundle.files))
    return {"state": stage, "question": question, "replies": replies, "details": details}
