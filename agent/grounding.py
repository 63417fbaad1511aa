"""A chat model's values are kept only if the person's words hold them: models invent budgets, users and GPUs."""

from __future__ import annotations

from typing import TypeVar

from agent.models.builtin.quantities import find_quantities
from agent.models.builtin.reading import read_change
from tools.specification import SpecificationChange

C = TypeVar("C", bound=SpecificationChange)
_CONVERSIONS = (1.0, 1e3, 1e-2, 1 / 60, 60.0, 1 / 3600, 1 / 12, 730.0)
"""As said; seconds in ms; percent; per minute; per second; per hour; per year; per hour in a month."""
_NAMED = (
    "preferred_gpu_types",
    "excluded_gpu_types",
    "preferred_models",
    "licenses",
    "providers",
    "regions",
    "available_gpus",
    "cluster_gpus",
    "clear",
    "cost_priority",
    "latency_priority",
    "accuracy_priority",
)


def drop_unsaid(change: C, text: str) -> C:
    """`change` without figures that no number in `text` gives, and without names and priorities that `text` doesn't state."""
    said = [q.value for q in find_quantities(text.lower())]
    read = read_change(text).fields
    kept = {}
    for name, value in change.model_dump(exclude_none=True, exclude_defaults=True).items():
        if isinstance(value, int | float) and name not in _NAMED:
            if any(abs(value - q * c) <= 1e-6 * max(1.0, abs(value)) for q in said for c in _CONVERSIONS) or read.get(name) == value:
                kept[name] = value
        elif name in _NAMED:
            if name in read:
                kept[name] = read[name]  # the reading has the exact catalogue names
        else:
            kept[name] = value
    return type(change).model_validate(kept)
