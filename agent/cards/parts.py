"""What cards are made of. Every text is as people read it; `sort`, `share` and positions are for whoever
lays it out, and say nothing that a text doesn't.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Tone = Literal["plain", "good", "warn", "bad", "quiet"]


class Piece(BaseModel):
    """Of a card: never changed, and nothing in it that isn't declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Piece):
    """`why` is what they mean, for whoever points at them."""

    text: str
    tone: Tone = "plain"
    why: str = ""


class Row(Piece):
    """`code`: to be read sign by sign, as an address or a digest is. A `headline` is told large where there
    is room.
    """

    label: str
    text: str
    tone: Tone = "plain"
    code: bool = False
    headline: bool = False


class Column(Piece):
    """`note` stands below its label. One that `may_go` is left out where room is short."""

    label: str
    note: str = ""
    figures: bool = True
    """They stand to the right."""
    may_go: bool = False


class Cell(Piece):
    """`share` is how much it uses of what its column allows."""

    text: str
    sort: float | str = ""
    tone: Tone = "plain"
    share: float | None = None
    why: str = ""


class File(Piece):
    path: str
    content: str


class Action(Piece):
    """A button: the move that it replies, with its arguments. `says` is what pressing it says, where that
    isn't its label.
    """

    move: str
    label: str
    arguments: dict[str, Any] = {}
    style: Literal["plain", "primary", "danger", "quiet"] = "plain"
    says: str = ""
    blocked: bool = False


class Tick(Piece):
    """`at` is from 0 to 1 along its axis."""

    at: float
    text: str


class Dot(Piece):
    """Of an option, by its rank. `x`, `y` and `size` are from 0 to 1; `strong`: no other beats it."""

    x: float
    y: float
    rank: int
    size: float
    strong: bool


class Chart(Piece):
    """`label` says in words what it shows; a limit is a line across its axis."""

    name: str
    label: str
    x_label: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    x_limit: Tick | None = None
    y_limit: Tick | None = None
    line: list[tuple[float, float]] = []
    dots: list[Dot] = []


class Charts(Piece):
    """Of one thing, by name."""

    charts: list[Chart]


class Slice(Piece):
    """`share` is of the whole."""

    label: str
    text: str
    share: float


class Work(Piece):
    """What takes so long, as it goes on: since when, in seconds, and what."""

    lines: list[Row]
    done: bool


class Sentence(Piece):
    """Badges, then words."""

    part: Literal["sentence"] = "sentence"
    text: str
    tone: Tone = "plain"
    badges: list[Words] = []


class Rows(Piece):
    part: Literal["rows"] = "rows"
    rows: list[Row]


class Table(Piece):
    """The first cell of each line is its heading. `compares`: a column is a thing, a line what is said of
    each.
    """

    part: Literal["table"] = "table"
    label: str
    columns: list[Column]
    lines: list[list[Cell]]
    compares: bool = False


class Items(Piece):
    part: Literal["items"] = "items"
    heading: str = ""
    items: list[Words]


class Proposals(Piece):
    """What could be tried, each with the button that tries it."""

    part: Literal["proposals"] = "proposals"
    heading: str
    proposals: list[Proposal]


class Proposal(Piece):
    text: str
    action: Action


class Fold(Piece):
    """What is read second, where a face can fold it away; one `on_demand` is read by who asks for it."""

    part: Literal["fold"] = "fold"
    summary: str
    open: bool = False
    on_demand: bool = False
    parts: list[Sentence | Rows | Items | Code]


class Code(Piece):
    """To be copied."""

    part: Literal["code"] = "code"
    about: str
    text: str


class Files(Piece):
    """`summary`, where it isn't empty, stands for them until somebody asks for them."""

    part: Literal["files"] = "files"
    name: str
    files: list[File]
    summary: str = ""


class Diff(Piece):
    part: Literal["diff"] = "diff"
    title: str
    text: str
