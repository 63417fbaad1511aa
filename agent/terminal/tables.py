"""Tables of cards within the width there is."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text

from agent.cards.parts import Table
from agent.terminal.style import STYLES, columns


@dataclass(frozen=True)
class Fitting:
    """Without the columns that may go where there is no room for them; as a list where there is none for a
    table.
    """

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._fitted(console, options)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._fitted(console, options))

    def _fitted(self, console: Console, options: ConsoleOptions) -> RenderableType:
        if self.table.compares:
            return self._compared()
        unlimited = options.update(width=1000)
        whole, less = self._drawn(leave_out=False, wrap=False), self._drawn(leave_out=True, wrap=False)
        for grid in (whole, less):
            if Measurement.get(console, unlimited, grid).maximum <= options.max_width:
                return grid
        wrapped = self._drawn(leave_out=True, wrap=True)
        fits = Measurement.get(console, unlimited, wrapped).minimum <= options.max_width
        return wrapped if fits else self._listed()

    def _listed(self) -> Group:
        """Each line as lines of its own."""
        listed = []
        for heading, *cells in self.table.lines:
            labels = (column.label for column in self.table.columns[1:])
            told = (f"{label} {cell.text}" for label, cell in zip(labels, cells, strict=True))
            listed.append(Text.assemble((heading.text, "bold"), f"\n{' · '.join(told)}"))
        return Group(*listed)

    def _drawn(self, leave_out: bool, wrap: bool) -> Grid:
        shown = [n for n, column in enumerate(self.table.columns) if not (leave_out and column.may_go)]
        grid = columns()
        for n in shown:
            column = self.table.columns[n]
            grid.add_column(
                f"{column.label}\n{column.note}".strip(),
                justify="right" if column.figures else "left",
                no_wrap=not wrap or n == 0,
                overflow="fold",
            )
        for line in self.table.lines:
            grid.add_row(*(Text(line[n].text, style=STYLES[line[n].tone]) for n in shown))
        return grid

    def _compared(self) -> Grid:
        grid = columns(padding=2)
        first, *others = self.table.columns
        grid.add_column(first.label, style="dim", no_wrap=True)
        for column in others:
            grid.add_column(column.label, overflow="fold")
        for line in self.table.lines:
            grid.add_row(*(Text(cell.text) for cell in line))
        return grid
