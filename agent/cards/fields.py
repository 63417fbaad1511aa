"""What can be edited in the specification card: each field as it is declared, with its value and where that
is from. The ranges are those of the declaration, so that the card can't promise what the engine refuses.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from agent.cards.parts import Items, Piece
from knowledge.catalogue import use_cases
from tools.specification import (
    FIELDS,
    LOADS,
    TARGETS,
    Clearable,
    Declared,
    Group,
    Overrides,
    Shape,
    Specification,
    of_trace,
)
from tools.wording import figure

WORDS, EDIT, DEFAULT, NO_BEARING = "your words", "your edit", "our default", "not used now"


class Choice(Piece):
    value: str
    label: str


class Field(Piece):
    """`value` is None where nothing is set, and `unset` what counts then; for `percent` it is a share, shown
    times 100; of items, each as it is typed. `choices` for kinds with names.
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
    bounds: str
    """What it can be, in words."""
    choices: list[Choice]
    clearable: bool


class FieldGroup(Piece):
    """With a summary, where a face can fold it away; `told` is what goes with its fields."""

    label: str
    summary: str = ""
    open: bool = False
    fields: list[Field]
    told: Items | None = None


class Fields(Piece):
    part: Literal["fields"] = "fields"
    groups: list[FieldGroup]


def editable(specification: Specification) -> list[Field]:
    """The fields in the order of the card."""
    return [_field(field, specification) for field in FIELDS.values()]


def grouped(specification: Specification, assumptions: Items) -> Fields:
    """The same in groups; the assumptions go with the demand."""
    fields = editable(specification)

    def of(group: Group) -> list[Field]:
        return [field for field in fields if field.group == group]

    other = [field for field in of("targets") if TARGETS.get(field.name, ("", "p95"))[1] != "p95"]
    count = len(specification.assumptions)
    return Fields(
        groups=[
            FieldGroup(label="What is needed", fields=of("need")),
            FieldGroup(label="Traffic and targets", fields=[f for f in of("targets") if f not in other]),
            FieldGroup(
                label="Other targets",
                summary="Targets at the mean, p50, p90 or p99",
                open=any(field.value is not None for field in other),
                fields=other,
            ),
            FieldGroup(
                label="Demand",
                summary=f"Demand and assumptions ({count})",
                fields=of("demand"),
                told=assumptions,
            ),
            FieldGroup(
                label="Constraints",
                summary="Constraints: budget, GPUs, models, licences",
                open=any(field.origin for field in of("constraints")),
                fields=of("constraints"),
            ),
        ]
    )


def _field(field: Declared, specification: Specification) -> Field:
    spec, value = field.spec, specification.planned(field.name)
    # Of the ways to say how much there is to do, the one that was used is what is needed.
    group = "demand" if field.name in LOADS and value is None else spec.group
    low, high = (limit.value if limit else None for limit in (field.low, field.high))
    return Field(
        name=field.name,
        label=spec.title,
        unit=spec.unit,
        group=group or "need",
        kind=field.shape,
        value=_value(field, value),
        unset=_unsaid(field, specification) or spec.means or spec.unset,
        origin=_origin(field, specification),
        low=low,
        high=high,
        bounds=" ".join(
            f"{word} {figure(field.shown(limit))}"
            for word, limit in (("from", low), ("to", high))
            if limit is not None
        ),
        choices=_choices(field, specification) if spec.names and field.shape != "items" else [],
        clearable=field.name in get_args(Clearable),
    )


def _value(field: Declared, value: Any) -> Any:
    """As it is edited: what has parts, as one types it."""
    if field.shape == "items":
        return [one.typed for one in value]
    return "" if value is None and field.shape == "choice" else value


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
    if specification.overrides.traffic and field.name in of_trace(specification.overrides):
        return f"trace {specification.overrides.traffic.name}"
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
    return [Choice(value="", label=unsaid)] * optional + [
        Choice(value=one, label=label) for one, label in names.items()
    ]
