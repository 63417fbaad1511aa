"""Rendering the chat model's instructions: one Jinja text for each stage, where an
undefined name is an error.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from agent.moves import MOVES, POSSIBLE, Stage
from agent.state import ConversationState
from knowledge.catalogue import use_cases


def stage_prompt(stage: Stage, state: ConversationState) -> str:
    """The system message for one turn at `stage`: the moves that fit, and what they are about."""
    return _environment().get_template(f"{stage}.md.j2").render(_values(stage, state))


def prose_prompt(stage: Stage, state: ConversationState, results: list[str]) -> str:
    """The system message for an answer in words; `results` are what tools returned in this turn."""
    return _environment().get_template("prose.md.j2").render(_values(stage, state), results=results)


def _values(stage: Stage, state: ConversationState) -> dict[str, Any]:
    return {
        "intent": state.get("intent"),
        "specification": state.get("specification"),
        "plan": state.get("plan"),
        "selected": state.get("selected"),
        "bundle": state.get("bundle"),
        "failure": state.get("failure"),
        "endpoint": state.get("endpoint"),
        "moves": [move.__name__ for move in MOVES[stage]],
        "possible": POSSIBLE[stage],
        "use_cases": use_cases(),
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("prompts", package_path=""),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - text for a model, not HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
