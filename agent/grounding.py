"""A chat model's values are kept only if the person's words hold them: models invent budgets, users and GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from agent.models.builtin.quantities import find_quantities
from agent.models.builtin.reading import read_change
from agent.models.builtin.tidy import tidy
from agent.models.builtin.wishes import find_use_case
from tools.specification import KINDS, Intent, SpecificationChange

C = TypeVar("C", bound=SpecificationChange)
_CONVERSIONS = (1.0, 1e3, 1e-2, 1 / 60, 60.0, 1 / 3600, 1 / 12, 730.0)
"""As said; seconds in ms; percent; per minute; per second; per hour; per year; per hour in a month."""
_NAMED = (
    "preferred_gpu_types",
    "excluded_gpu_types",
    "preferred_models",
    "excluded_models",
    "licenses",
    "providers",
    "regions",
    "excluded_providers",
    "excluded_regions",
    "excluded_licenses",
    "allowed",
    "added",
    "factors",
    "available_gpus",
    "cluster_gpus",
    "clear",
    "domain_specialization",
    "cost_priority",
    "latency_priority",
    "accuracy_priority",
)


def figures_in(values: Mapping[str, Any]) -> list[float]:
    """The figures among some values, those of relative wishes as they were said."""
    flat = [n for value in values.values() for n in (value.values() if isinstance(value, dict) else [value])]
    return [abs(n) for n in flat if isinstance(n, int | float) and not isinstance(n, bool)]


def _makes(said: float, value: float) -> bool:
    return any(abs(value - said * c) <= 1e-6 * max(1.0, abs(value)) for c in _CONVERSIONS)


def drop_unsaid(change: C, text: str) -> C:
    """`change` without figures that no number in `text` gives, and without names and priorities that `text` doesn't state."""
    said = [q.value for q in find_quantities(text.lower())]
    read = read_change(text, of_a_need=True).fields
    kept = {}
    # A number that the rules know as something else, “1000 users”, bears out nothing but that.
    free = [q for q in said if not any(_makes(q, value) for value in figures_in(read))]
    for name, value in change.model_dump(exclude_none=True, exclude_defaults=True).items():
        if name == "use_case":
            # A telling phrase counts more than what a model makes of it; later than in a need, only the words change what it is for.
            telling = find_use_case(tidy(text), by_nearness=False)
            if telling or type(change).__name__ == "DescribeNeed" or read.get(name) == value:
                kept[name] = telling or value
        elif isinstance(value, int | float) and name not in _NAMED:
            if any(_makes(q, value) for q in free) or read.get(name) == value:
                kept[name] = value
        elif name in _NAMED:
            if name in read:
                kept[name] = read[name]  # the reading has the exact catalogue names
        else:
            kept[name] = value
    return type(change).model_validate(kept)


def beside_excluded(change: C, intent: Intent) -> C:
    """What words exclude comes beside what they excluded before: “no H100”, then “no B200”, is neither."""
    fields = [excluded for _, excluded in KINDS.values() if getattr(change, excluded) and excluded not in change.clear]
    return change.model_copy(update={name: list(dict.fromkeys([*getattr(intent, name), *getattr(change, name)])) for name in fields})
