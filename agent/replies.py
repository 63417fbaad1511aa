"""A person's answer to one pause."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tools.contract import Contract


class Reply(Contract):
    """A person's answer to one pause. Either their words, or a button: a move by name with its arguments."""

    interrupt_id: str
    shown: bool = True
    """Whether whoever replies says that this very pause was before them; words without that can't approve."""
    text: str | None = Field(default=None, max_length=200_000)
    move: (
        Literal[
            "Confirm",
            "EditSpecification",
            "Explore",
            "UndoExplore",
            "ShowView",
            "KeepPlan",
            "RestorePlan",
            "SelectOption",
            "Approve",
            "Reject",
            "CheckAgain",
            "Export",
            "SendPrompt",
            "Validate",
            "Scale",
            "BackToOptions",
            "Delete",
            "Finish",
            "Ask",
            "StartOver",
            "Cancel",
        ]
        | None
    ) = None
    arguments: dict[str, Any] = Field(default_factory=dict)
