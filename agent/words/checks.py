"""Checking values that came from words, a model or a button, with sentences that say
what would be accepted.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tools.specification import PARTS, WISHES, Declared
from tools.wording import capital

T = TypeVar("T", bound=BaseModel)
BOUNDS = {
    "greater_than": ("gt", "must be more than", "can't be"),
    "greater_than_equal": ("ge", "must be at least", "can't be"),
    "less_than_equal": ("le", "can be at most", "is more"),
    "less_than": ("lt", "must be less than", "can't be"),
}
"""By Pydantic's name of an error: where the bound is in it, and what is said of it and of the value."""


def change_or_problem(kind: type[T], values: dict[str, Any]) -> T | str:
    """The validated model, or one sentence about each value that can't be."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        return in_sentences(error)


def in_sentences(error: Exception) -> str:
    """What is wrong with some values: an error's own words, or one sentence about
    each value that can't be.
    """
    if isinstance(error, ValidationError):
        return " ".join(sentence(problem) for problem in error.errors()[:3])[:1000]
    return str(error)


def sentence(problem: Any) -> str:
    """One of Pydantic's errors for a person: how the field is called, and what it can be as they write it."""
    names = [str(part) for part in problem["loc"] if isinstance(part, str)]
    field = field_of(problem)
    label = _label(field, names)
    shown = _written(problem["input"], field)
    limits = problem.get("ctx") or {}
    kind = problem["type"]
    if kind in BOUNDS:
        bound, can_be, why = BOUNDS[kind]
        return f"{label} {can_be} {_written(limits[bound], field)}; {shown} {why}."
    if kind in ("int_from_float", "int_parsing", "int_type"):
        return f"{label} must be a whole number; {shown} isn't."
    if kind in ("float_parsing", "float_type", "finite_number"):
        return f"{label} must be a number; {shown} isn't."
    if kind == "literal_error":
        return f"{label} must be {limits['expected'].replace(chr(39), '')}; {shown} isn't."
    if kind == "missing":
        return f"{label} is missing."
    if kind == "extra_forbidden":
        return f"There is nothing called “{names[-1]}” to set."
    if kind == "value_error":
        return f"{capital(str(limits.get('error', problem['msg'])))}."
    return f"{label}: {problem['msg']} (given: {shown})."


def field_of(problem: Any) -> Declared | None:
    """What one of Pydantic's errors is about, if it is a part of the specification or of a change."""
    known = WISHES | PARTS
    return next((known[name] for name in reversed(problem["loc"]) if name in known), None)


def _label(field: Declared | None, names: list[str]) -> str:
    if field is None:
        return capital(f"the {names[-1].replace('_', ' ')}") if names else "The request"
    unit = f" ({field.spec.unit})" if field.spec.unit else ""
    return capital(field.spec.the) + unit


def _written(value: Any, field: Declared | None) -> str:
    """A figure in the unit that the label names."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"“{' '.join(str(value).split())[:60]}”"
    return f"{field.shown(value) if field else value:,.15g}"
