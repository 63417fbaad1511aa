"""Cards as the terminal draws them, and the words that they hold."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from agent.cards.build import card_of
from agent.cards.card import Card
from agent.cards.facts import read
from agent.terminal.cards import print_card


def printed(card: Card | None, width: int = 100) -> str:
    """What the terminal prints of it, without colours."""
    out = io.StringIO()
    print_card(Console(file=out, width=width, highlight=False, markup=False), card)
    return out.getvalue()


def drawn(kind: str, details: dict[str, Any]) -> str:
    """Of facts as a program gets them, with single spaces."""
    return " ".join(printed(card_of(read(kind, details))).split())
