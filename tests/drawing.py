"""Cards as the terminal draws them, and the words that they hold."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from agent.cards.build import card_of
from agent.cards.card import Card
from agent.cards.facts import read
from agent.cards.fields import Fields
from agent.cards.options import Options
from agent.cards.parts import Action, Cell, Column, Diff, Files, Fold, Piece, Row, Table, Words
from agent.terminal.cards import print_card

WORD = re.compile(r"[^\W_][\w.,:/@%→≤$-]*[\w%]|\w")
"""A figure with its sign and unit stays whole; what a narrow column breaks after a hyphen doesn't."""


def printed(card: Card | None, width: int = 100) -> str:
    """What the terminal prints of it, without colours."""
    out = io.StringIO()
    print_card(Console(file=out, width=width, highlight=False, markup=False), card)
    return out.getvalue()


def drawn(kind: str, details: dict[str, Any]) -> str:
    """Of facts as a program gets them, with single spaces."""
    return " ".join(printed(card_of(read(kind, details))).split())


def words_of(text: str) -> set[str]:
    return {part for word in WORD.findall(text) for part in word.split("-") if part}


def said_by(card: Card) -> set[str]:
    """The words of a card that every face shows without being asked."""
    return {word for text in _texts(card) for word in words_of(text)}


def _texts(piece: Piece) -> Iterator[str]:
    if isinstance(piece, Action) or (isinstance(piece, Fold) and piece.on_demand):
        return
    if isinstance(piece, Words | Cell | Row):
        yield piece.text
        if isinstance(piece, Row):
            yield piece.label
    elif isinstance(piece, Table):
        yield from _of_columns(piece.columns, piece.lines)
    elif isinstance(piece, Options):
        yield from _of_columns(piece.columns[2:], [option.cells[2:] for option in piece.options])
        for option in piece.options:  # a list has no heading for its ranks and names
            yield from (option.cells[0].text, option.cells[1].text, *(mark.text for mark in option.marks))
    elif isinstance(piece, Fields):  # rows tell the same
        for group in piece.groups:
            if group.told:
                yield from _texts(group.told)
    elif isinstance(piece, Files):
        yield piece.summary
        for file in [] if piece.summary else piece.files:
            yield file.path
            yield file.content
    elif isinstance(piece, Diff):
        yield piece.title
        yield piece.text
    else:
        for name in ("title", "note", "text", "heading", "summary"):
            yield getattr(piece, name, "")
        for name in type(piece).model_fields:
            for inner in _each(getattr(piece, name)):
                yield from _texts(inner)


def _of_columns(columns: list[Column], lines: list[list[Cell]]) -> Iterator[str]:
    """Without those that may go."""
    for n, column in enumerate(columns):
        if not column.may_go:
            yield from (column.label, column.note, *(line[n].text for line in lines))


def _each(value: Any) -> Iterator[Piece]:
    if isinstance(value, Piece):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _each(one)
