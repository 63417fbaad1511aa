"""A card: what a pause asks about, or what a message tells, in parts that every face lays out its own way."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.cards.fields import Fields
from agent.cards.options import Options
from agent.cards.parts import Action, Code, Diff, Files, Fold, Items, Piece, Proposals, Rows, Sentence, Table

Kind = Literal[
    "specification",
    "options",
    "approval",
    "running",
    "manifests",
    "status",
    "validation",
    "plans",
    "deployments",
    "failure",
    "earlier",
]
Part = Annotated[
    Sentence | Rows | Table | Items | Proposals | Fold | Code | Files | Diff | Options | Fields,
    Field(discriminator="part"),
]


class Card(Piece):
    """`parts` are in the order in which they are read. `answers` are replies that the card gives by a button
    or a form of its own.
    """

    kind: Kind
    title: str
    note: str = ""
    tone: Literal["plain", "good", "alarm"] = "plain"
    parts: list[Part]
    actions: list[Action] = []
    answers: list[str] = []
