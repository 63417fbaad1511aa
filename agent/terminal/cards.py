"""Cards in the terminal, with rich: each part laid out; what they say is theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from agent.cards.card import Card, Part
from agent.cards.fields import Fields
from agent.cards.options import Options
from agent.cards.parts import Code, Diff, Files, Fold, Items, Proposals, Rows, Sentence, Table
from agent.events import CheckpointEvent
from agent.terminal.options import OptionsTable
from agent.terminal.style import ACCENT, STYLES, labelled
from agent.terminal.tables import Fitting

UNFRAMED = {"options", "plans", "manifests", "deployments"}
"""Kinds of cards that need the whole width, or have frames of their own inside."""
FRAMES = {"plain": ACCENT, "good": "green", "alarm": "red"}


def show_checkpoint(console: Console, event: CheckpointEvent, draw: bool = True) -> None:
    """A pause: its card (unless it was drawn already), the question, and examples of replies."""
    if draw:
        print_card(console, event.card)
    console.print(Text(event.question, style="bold"))
    console.print(Text(" · ".join(event.replies), style="dim"))


def print_card(console: Console, card: Card | None) -> None:
    for each in drawn(card) if card else ():
        console.print(each)


def drawn(card: Card) -> Iterator[RenderableType]:
    """What is printed of a card, one below the other."""
    title = Text.assemble((card.title, f"bold {FRAMES[card.tone]}"))
    if card.note:
        title.append(f" · {card.note}", style="dim not bold")
    framed = [part for part in card.parts if not isinstance(part, Diff | Files)]
    inside = [each for part in framed for each in _laid_out(part)]
    if card.kind in UNFRAMED:
        yield title
        yield from inside
    else:
        wide = not any(isinstance(part, Table) for part in card.parts) or len(framed) > 2
        yield Panel(Group(*inside), title=title, border_style=FRAMES[card.tone], box=box.ROUNDED, expand=wide)
    for part in card.parts:
        if isinstance(part, Diff | Files):
            yield from _laid_out(part)


def _laid_out(part: Part) -> Iterator[RenderableType]:
    return LAYOUT[type(part)](part)


def _sentence(said: Sentence) -> Iterator[Text]:
    line = Text("  ").join(Text(badge.text, style=f"bold {STYLES[badge.tone]}") for badge in said.badges)
    line.append("  " if said.badges and said.text else "")
    line.append(said.text, style=STYLES[said.tone])
    yield line


def _rows(part: Rows) -> Iterator[RenderableType]:
    table = labelled()
    for row in part.rows:
        table.add_row(row.label, Text(row.text, style=ACCENT if row.code else STYLES[row.tone]))
    yield table


def _items(heading: str, items: Sequence[tuple[str, str]]) -> Iterator[RenderableType]:
    if heading:
        yield Text(heading, style="bold")
    bullets = labelled(gap=1)
    for text, tone in items:
        bullets.add_row("•", Text(text, style=STYLES[tone]))
    yield bullets


def _told(fields: Fields) -> Iterator[RenderableType]:
    """Nothing is edited here: the rows have the values, and this what goes with them."""
    for group in fields.groups:
        if group.told:
            items = [(each.text, each.tone) for each in group.told.items]
            yield from _items(f"\n{group.told.heading}", items)


def _fold(fold: Fold) -> Iterator[RenderableType]:
    """Nothing folds here: what is for whoever asks isn't shown."""
    if fold.on_demand:
        return
    yield Text(f"\n{fold.summary}", style="bold")
    for part in fold.parts:
        yield from _laid_out(part)


def _files(files: Files) -> Iterator[RenderableType]:
    if files.summary:
        yield Text(f"{files.summary}: “show the manifests” shows them.", style="dim")
        return
    for file in files.files:
        yield _framed(file.path, file.content.rstrip(), "yaml")


def _framed(title: str, text: str, language: str) -> Panel:
    code = Syntax(text, language, background_color="default", word_wrap=True)
    return Panel(code, title=Text(title), box=box.ROUNDED)


LAYOUT: dict[type[Part], Callable[..., Iterator[RenderableType]]] = {
    Sentence: _sentence,
    Rows: _rows,
    Table: lambda table: iter([Fitting(table)]),
    Options: lambda options: iter([OptionsTable(options)]),
    Items: lambda items: _items(items.heading, [(each.text, each.tone) for each in items.items]),
    Proposals: lambda part: _items(part.heading, [(each.text, "plain") for each in part.proposals]),
    Fold: _fold,
    Fields: _told,
    Code: lambda code: iter([Syntax(code.text, "bash", background_color="default", word_wrap=True)]),
    Files: _files,
    Diff: lambda diff: iter([_framed(diff.title, diff.text, "diff")]),
}
"""How each part of a card is drawn."""
