"""Rendering the chat model's instructions: one Jinja text for each stage, where an undefined name is an error."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from agent.moves import MOVES, POSSIBLE, Stage
from agent.state import ConversationState


def stage_prompt(stage: Stage, state: ConversationState) -> str:
    """The system message for one turn at `stage`."""
    values: dict[str, Any] = {
        "intent": state.get("intent"),
        "specification": state.get("specification"),
        "plan": state.get("plan"),
        "selected": state.get("selected"),
        "bundle": state.get("bundle"),
        "failure": state.get("failure"),
        "endpoint": state.get("endpoint"),
        "moves": [move.__name__ for move in MOVES[stage]],
        "possible": POSSIBLE[stage],
    }
    return _environment().get_template(f"{stage}.md.j2").render(values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("prompts", package_path=""),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - text for a model, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
    )
