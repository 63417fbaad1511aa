"""What was understood, the targets, the demand and every assumption behind it."""

from __future__ import annotations

from collections.abc import Iterator

from agent.cards.facts import SpecificationFacts
from agent.cards.parts import Fold, Items, Row, Rows, Words
from tools.specification import Specification, lower, told


def specification_parts(facts: SpecificationFacts) -> list[Rows | Fold]:
    """What a specification's card shows, in order."""
    specification = facts.specification
    assumed = [Words(text=f"{a.text} ({a.origin.split(':')[0]})") for a in specification.assumptions]
    return [
        Rows(rows=[row for row in _rows(specification) if row.text]),
        Fold(summary="Assumptions", parts=[Items(items=assumed)]),
    ]


def _rows(specification: Specification) -> Iterator[Row]:
    """Every field that bears on the plan, but those that an assumption tells of."""
    shown = [row for row in told(specification) if not row.assumed]
    for row in shown:
        if row.is_set or row.explained:
            yield Row(label=row.label, text=row.explained or row.text)
    yield Row(label="Not set", text=", ".join(lower(row.label) for row in shown if row.is_open))
