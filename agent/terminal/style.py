"""What the terminal's cards share: colours, and two kinds of table."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.table import Table

ACCENT = "cyan"
STYLES: Mapping[str, str] = {"plain": "", "good": "green", "warn": "yellow", "bad": "red", "quiet": "dim"}
"""By a text's tone."""


def columns(padding: int = 1) -> Table:
    """A table with a header, to which columns are added."""
    return Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, padding))


def labelled(gap: int = 2) -> Table:
    """Rows of a label and a value."""
    table = Table.grid(padding=(0, gap))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table
