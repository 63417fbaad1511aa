"""What the terminal's cards share: their colour, their two kinds of table, a time in seconds."""

from __future__ import annotations

from rich import box
from rich.table import Table

ACCENT = "cyan"


def columns(padding: int = 1) -> Table:
    """A table with a header, to which columns are added."""
    return Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, padding))


def labelled() -> Table:
    """Rows of a label and a value."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def seconds(ms: float) -> str:
    return f"{ms / 1000:,.1f} s" if ms % 1000 else f"{ms / 1000:,.0f} s"
