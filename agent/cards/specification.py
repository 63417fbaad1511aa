"""What was understood, the targets, the demand and every assumption behind it."""

from __future__ import annotations

from collections.abc import Iterator

from agent.cards.facts import SpecificationFacts
from agent.cards.fields import Fields, grouped
from agent.cards.parts import Items, Row, Rows, Words
from tools.specification import Specification, told
from tools.wording import lower

ANSWERS = ["looks good"]
HEADLINES = {"Peak", "Traffic", "TTFT p95", "ITL p95", "E2E p95"}
"""Rows that are told large where there is room."""


def specification_parts(facts: SpecificationFacts) -> list[Rows | Fields]:
    """What a specification's card shows, in order."""
    specification = facts.specification
    rows = [row for row in _rows(specification) if row.text]
    return [Rows(rows=rows), grouped(specification, _assumptions(specification))]


def _assumptions(specification: Specification) -> Items:
    """Each with where it is from; what more there is to say of a source stands below, once."""
    origins = [a.origin for a in specification.assumptions]
    assumed = [Words(text=f"{a.text} ({a.origin.split(':')[0]})") for a in specification.assumptions]
    sources = [Words(text=origin, tone="quiet") for origin in dict.fromkeys(origins) if ":" in origin]
    return Items(heading="Assumptions", items=[*assumed, *sources])


def _rows(specification: Specification) -> Iterator[Row]:
    """Every field that bears on the plan, but those that an assumption tells of."""
    shown = [row for row in told(specification) if not row.assumed]
    for row in shown:
        if row.is_set or row.explained:
            text = row.explained or row.text
            yield Row(label=row.label, text=text, headline=row.label in HEADLINES)
    yield Row(label="Not set", text=", ".join(lower(row.label) for row in shown if row.is_open))
