"""Every field of the specification, and the lists that follow from how each is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from tools.specification.overrides import Overrides
from tools.specification.spec import Declared, Group, declared
from tools.specification.wishes import LOADS, Weights, Wishes

_declared = [field for kind in (Wishes, Weights, Overrides) for field in declared(kind)]
FIELDS: dict[str, Declared] = {
    field.name: field for group in get_args(Group) for field in _declared if field.spec.group == group
}
"""Every field of the specification, in the order in which they are told."""
CONSTRAINTS = tuple(name for name, field in FIELDS.items() if field.spec.group == "constraints")
if TYPE_CHECKING:
    Clearable = str
    Figure = str
else:
    Clearable = Literal[
        tuple(name for name in FIELDS if name not in (*LOADS, *Weights.model_fields) and name != "use_case")
    ]
    Figure = Literal[
        tuple(name for name, field in FIELDS.items() if field.is_figure and name != "user_count")
    ]
"""Clearable: what can be lifted, a constraint or a figure, which is then the template's again. Figure:
what can be told relative to what it is; users have `users_added` and `load_factor` of their own.
"""
Kind = Literal["gpu_types", "models", "providers", "regions"]
KINDS: dict[Kind, tuple[str, str]] = {
    "gpu_types": ("preferred_gpu_types", "excluded_gpu_types"),
    "models": ("preferred_models", "excluded_models"),
    "providers": ("providers", "excluded_providers"),
    "regions": ("regions", "excluded_regions"),
}
"""What is chosen by name, with the fields of those that are wanted and those that aren't."""
