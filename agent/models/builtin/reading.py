"""From a person's English to values of the specification: figures with their units,
names, priorities, constraints.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.amounts import read_amounts, read_told_by_now
from agent.models.builtin.machines import read_machines
from agent.models.builtin.named import lifted, read_choices
from agent.models.builtin.names import read_names
from agent.models.builtin.servers import read_servers
from agent.models.builtin.thoughts import read_thinking
from agent.models.builtin.tidy import tidy
from agent.models.builtin.unknown import counts, in_its_words
from agent.models.builtin.vocabulary import DOMAINS, PEOPLE, WAYS
from agent.models.builtin.wishes import find_use_case, read_priorities


@dataclass
class Reading:
    """Fields of a SpecificationChange as said, unvalidated, and sentences about
    words that name nothing we have.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Figures that nobody knew what to do with, each with the words beside it."""

    @property
    def empty(self) -> bool:
        return not self.fields and not self.problems


def read_change(text: str, of_a_need: bool = False) -> Reading:
    """Everything in `text` that sets a value. Case doesn't matter, nor do slips of typing.

    In a need, what it is for may be said in any words; elsewhere only in telling ones.
    """
    low = tidy(text)
    low = kept.sub(
        rf"\b(\d{{1,3}})((?:\.\d{{3}})+)(?=\s+(?:\w+ )?{PEOPLE}\b)", lambda m: m[0].replace(".", ""), low
    )  # 1.000 users
    low = kept.sub(rf"\b(?:one|a single|just one|only one)(?=\s+{PEOPLE}\b)", "1", low)
    reading = Reading()
    use_case = find_use_case(low, by_nearness=of_a_need)
    if use_case:
        reading.fields["use_case"] = use_case
    named = read_machines(low, reading.fields, reading.problems)
    unnamed = read_names(named, reading.fields, reading.problems)
    unnamed = read_servers(unnamed, reading.fields)
    left = read_told_by_now(unnamed, reading.fields, reading.problems)
    read_priorities(left, reading.fields)
    unknown = read_amounts(left, reading.fields, reading.problems)
    reading.unknown = [in_its_words(left, q) for q in unknown if counts(left, q)]
    read_thinking(low, reading.fields)
    if of_a_need and reading.fields.pop("cost_factor", None):
        reading.fields["cost_priority"] = "high"  # there is no plan yet that it could be cheaper than
    _read_constraints(low, reading.fields)
    read_choices(low, reading.fields)
    domains = [name for name, pattern in DOMAINS.items() if kept.search(pattern, low)]
    if domains and use_case and "domain_specialization" not in reading.fields:
        reading.fields["domain_specialization"] = domains
    return reading


def _read_constraints(low: str, fields: dict[str, Any]) -> None:
    """What the cluster has, ways to plan that need no figure, and constraints that are lifted."""
    for pattern, values in WAYS:
        if kept.search(pattern, low):
            fields |= values
    clear = [
        name for name in lifted(low) if not (name.startswith("excluded_") and name in fields)
    ]  # “any GPU but the H100”
    for name in clear:
        fields.pop(name, None)
    if clear:
        fields["clear"] = clear
