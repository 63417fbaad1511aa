"""What every pausing node shares: the moves that mean the same anywhere."""

from __future__ import annotations

from typing import Any, Literal, cast

from langchain_core.messages import AnyMessage

from agent.answers import answer, possible
from agent.deployments import put_aside
from agent.moves import POSSIBLE, Answered, Ask, Cancel, Move, Remove, Stage, StartOver, Unclear
from agent.services import Services
from agent.state import Aside, ConversationState, fresh
from agent.transcript import say
from knowledge.errors import CompassError

Elsewhere = Literal["stay", "configuration_finalized", "context_collection", "__end__"]


def anywhere(
    move: Move, stage: Stage, state: ConversationState, services: Services, record: list[AnyMessage]
) -> tuple[Elsewhere, dict[str, Any]] | None:
    """Where what may be said anywhere leads, with the state's update; None for every other move."""
    if isinstance(move, Ask):
        answer(move, stage, state, services, record)
        return "stay", {"messages": record}
    if isinstance(move, Answered):
        return "stay", {"messages": record}
    if isinstance(move, Unclear):
        refuse(move.question, stage, record, state)
        return "stay", {"messages": record}
    if isinstance(move, Remove):
        try:
            update = put_aside(move, stage, state, services)
        except CompassError as error:
            refuse(str(error), stage, record, state)
            return "stay", {"messages": record}
        return "configuration_finalized", dict(update) | {"messages": record}
    if isinstance(move, StartOver):
        running = _still_running(state)
        say(f"A new plan, then.{running}", record)
        return "context_collection", dict(fresh()) | {"messages": record}
    if isinstance(move, Cancel):
        say(f"Cancelled.{_still_running(state)} Say what you need to begin again.", record)
        return "__end__", {"messages": record, "ended": "cancelled", "incoming": None}
    return None


def refuse(why: str, stage: Stage, record: list[AnyMessage], state: ConversationState | None = None) -> None:
    """What can't be done, and what can."""
    say(f"{why} {POSSIBLE[stage] if state is None else possible(stage, state)}", record)


Back = Literal[
    "specification_review", "presenting_options", "configuration_finalized", "basic_monitoring", "__end__"
]


def taken_up_again(aside: Aside, record: list[AnyMessage], **more: Any) -> tuple[Back, dict[str, Any]]:
    """Back to what was at hand before the deletion of another deployment, as it was."""
    kept = {n: getattr(aside, n) for n in ("bundle", "approval_id", "attempted", "failure", "asked_from")}
    update = kept | {"aside": None, "review": None, "takes_over_asked": False, "messages": record} | more
    if aside.stage == "failed":
        return "__end__", update | {"ended": "failed", "incoming": None}
    if aside.stage == "context_collection":
        say("Go on with what you need.", record)
        return "__end__", update | {"incoming": None}
    return cast(Back, aside.stage), update


def _still_running(state: ConversationState) -> str:
    names = state.get("deployed")
    if not names:
        return " Nothing was deployed."
    return f" What was applied of {', '.join(names)} stays in the cluster as it is."
