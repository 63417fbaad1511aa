"""What can be edited in the specification card: each field as it is declared, with its value and where that
is from. The ranges are those of the declaration, so that the card can't promise what the engine refuses.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, get_args

from knowledge.catalogue import use_cases
from tools.specification import FIELDS, LOADS, Clearable, Declared, Group, Overrides, Shape, Specification

WORDS, EDIT, DEFAULT, NO_BEARING = "your words", "your edit", "our default", "not used now"


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """`value` is None where nothing is set, and `unset` what counts then; for `percent` it is a share, shown
    times 100. `choices` for kinds with names.
    """

    name: str
    label: str
    unit: str
    group: Group
    kind: Shape
    value: float | str | list[str] | dict[str, int] | None
    unset: str
    origin: str
    low: float | None
    high: float | None
    choices: list[Choice] | None
    clearable: bool


def editable(specification: Specification) -> list[dict[str, Any]]:
    """The fields in the order of the card, as plain values."""
    return [asdict(_field(field, specification)) for field in FIELDS.values()]


def _field(field: Declared, specification: Specification) -> Field:
    spec, value = field.spec, specification.planned(field.name)
    # Of the ways to say how much there is to do, the one that was used is what is needed.
    group = "demand" if field.name in LOADS and value is None else spec.group
    return Field(
        field.name,
        spec.title,
        spec.unit,
        group or "need",
        field.shape,
        "" if value is None and field.shape == "choice" else value,
        _unsaid(field, specification) or spec.means or spec.unset,
        _origin(field, specification),
        field.low.value if field.low else None,
        field.high.value if field.high else None,
        _choices(field, specification) if spec.names else None,
        field.name in get_args(Clearable),
    )


def _origin(field: Declared, specification: Specification) -> str:
    """Where a value is from: the person, the template of the use case, or us; nothing where there is none."""
    name, value = field.name, specification.planned(field.name)
    told = next((a.origin.split(":")[0] for a in specification.assumptions if a.name == name), "")
    if name in Overrides.model_fields:
        if getattr(specification.overrides, name) is not None:
            return EDIT
        if not specification.uses(name):
            return NO_BEARING
        return (told.replace("computed", "") or _unsaid(field, specification)) if value is not None else ""
    if name.endswith("_priority"):
        return DEFAULT if value == "medium" else WORDS
    return told or (WORDS if value not in (None, [], {}) else "")


def _unsaid(field: Declared, specification: Specification) -> str:
    """Whose figure counts where the person set none: the template's, or ours; nothing for a constraint."""
    if field.name not in Overrides.model_fields:
        return ""
    template = use_cases()[specification.intent.use_case or ""]
    parts = (template.traffic_profile, template.slo_targets, template.demand)
    return f"{template.title} template" if any(hasattr(part, field.name) for part in parts) else DEFAULT


def _choices(field: Declared, specification: Specification) -> list[Choice]:
    """What can be chosen, beside what is; “not said” where that is a choice."""
    names = dict(field.spec.names()) if field.spec.names else {}
    value = specification.planned(field.name)
    names |= {one: one for one in ([value] if isinstance(value, str) else value or []) if one not in names}
    planned = getattr(specification, field.name, "")
    unsaid = field.spec.unset + (f": {planned}" if planned else "")
    optional = field.shape == "choice" and field.name in get_args(Clearable)
    return [Choice("", unsaid)] * optional + [Choice(one, label) for one, label in names.items()]
