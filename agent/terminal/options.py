"""The options as a table within the width there is, or as a list where no table has room."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table as Grid
from rich.text import Text

from agent.cards.option import Option
from agent.cards.options import Options
from agent.cards.parts import Cell, Column
from agent.terminal.style import STYLES, columns

NAME_WIDTH, LEAST_NAME_WIDTH = 20, 12
"""Of a model's name in the table; longer ones break after a hyphen."""
GAP = 3
"""Between columns."""


@dataclass(frozen=True)
class OptionsTable:
    """Names of models take what room the figures leave, and have that of the columns that may go where it
    is too little.
    """

    options: Options

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The first two columns are the rank and the name; the others are figures."""
        width = options.max_width
        shown = list(range(2, len(self.options.columns)))
        broken = False
        if self._room(shown, broken, width) < NAME_WIDTH:
            shown, broken = [n for n in shown if not self.options.columns[n].may_go], True
        room = self._room(shown, broken, width)
        if room < LEAST_NAME_WIDTH:
            every = range(2, len(self.options.columns))
            yield from (self._listed(option, list(every), width - 4) for option in self.options.options)
            return
        yield self._table(shown, broken, room)

    def _table(self, shown: list[int], broken: bool, room: int) -> Grid:
        grid = columns()
        grid.add_column(self.options.columns[0].label, justify="right", no_wrap=True)
        grid.add_column(self.options.columns[1].label, ratio=1, overflow="fold")
        for n in shown:
            column = self.options.columns[n]
            grid.add_column(_header(column), justify="right" if column.figures else "left", no_wrap=True)
        for option in self.options.options:
            cells = (Text(_text(option.cells[n], broken), style=STYLES[option.cells[n].tone]) for n in shown)
            grid.add_row(_rank(option), _name(option, room), *cells)
        return grid

    def _room(self, shown: list[int], broken: bool, width: int) -> int:
        """What the columns of figures, and that of the rank, leave of a width."""
        texts = {
            n: [_header(self.options.columns[n]), *(_text(o.cells[n], broken) for o in self.options.options)]
            for n in shown
        }
        taken = [max(cell_len(line) for text in texts[n] for line in text.split("\n")) for n in shown]
        ranks = len(str(len(self.options.options)))
        return width - sum(taken) - ranks - GAP * (len(taken) + 2)

    def _listed(self, option: Option, shown: list[int], room: int) -> Text:
        """An option in lines of its own."""
        told = " · ".join(_in_line(self.options.columns[n], option.cells[n]) for n in shown)
        return Text.assemble(_rank(option, " >2"), "  ", _name(option, room), f"\n{told}\n")


def _header(column: Column) -> str:
    """In two lines: what stands below the label, or else its last word."""
    return f"{column.label}\n{column.note}" if column.note else column.label.replace(" ", "\n")


def _text(cell: Cell, broken: bool) -> str:
    return cell.text.replace("× ", "×\n", 1) if broken else cell.text


def _in_line(column: Column, cell: Cell) -> str:
    return f"{column.label} {cell.text}" + (f" ({column.note})" if column.note else "")


def _rank(option: Option, form: str = "") -> Text:
    return Text(f"{option.cells[0].text:{form}}", style="bold" if option.unbeaten else "dim")


def _name(option: Option, width: int) -> Text:
    lines = [""]
    for part in re.findall(r"[^-]*-|[^-]+$", option.cells[1].text):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    name = Text("\n".join(lines))
    for n, mark in enumerate(option.marks):
        name.append(", " if n else "\n").append(mark.text, style=STYLES[mark.tone])
    return name
