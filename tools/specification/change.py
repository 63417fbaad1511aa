"""A change of a specification, and making it: some new values, relative wishes, what is lifted."""

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from knowledge.catalogue import METRICS, checkpoints_in
from knowledge.errors import CompassError
from knowledge.formats import formats_in_words
from knowledge.model import LICENSE_KINDS, WEIGHT_FORMATS, LicenseKind, WeightFormat
from knowledge.traffic.traced import Traced
from tools.specification.fields import FIELDS, KINDS, Clearable, Figure, Kind
from tools.specification.overrides import TARGETS, Overrides
from tools.specification.owned import MAX_GPUS, OwnedServers
from tools.specification.relative import reckoned
from tools.specification.spec import Declared, Spec, declared
from tools.specification.whole import Specification, build_specification, set_in
from tools.specification.wishes import LOADS, MAX_USERS, STOCK, Intent, Priorities, Weights, Wishes

ADDED_TO: tuple[Literal["licenses", "weight_formats", "model_sizes"], ...] = (
    "licenses",
    "weight_formats",
    "model_sizes",
)
"""Lists of what is acceptable, to which more can come."""
CLOSED: dict[Literal["licenses", "weight_formats"], tuple[tuple[str, ...], str]] = {
    "licenses": (
        LICENSE_KINDS,
        "licence would be left: they are permissive, community, or non-commercial",
    ),
    "weight_formats": (
        WEIGHT_FORMATS,
        f"weight format would be left: they are {formats_in_words(WEIGHT_FORMATS)}",
    ),
}
"""What is chosen among so few that who excludes some wants the others: all of them, and what is said where
none would be left.
"""


class SpecificationChange(Wishes, Weights, Overrides):
    """Some new values; what is absent stays as it is. `clear` lifts a constraint, or gives a figure back to
    the template; an empty list does too.
    """

    load_factor: Annotated[
        float | None,
        Field(gt=0, le=1e6, description="Of what there is to do now: 2 for “twice the users”"),
        Spec(label="Factor of the load"),
    ] = None
    users_added: Annotated[
        int | None,
        Field(ge=-MAX_USERS, le=MAX_USERS, description="“500 more users”; negative for fewer"),
        Spec(label="Number of users added"),
    ] = None
    cost_factor: Annotated[
        float | None,
        Field(gt=0, lt=1, description="Of what the first option costs: 0.7 for “30 % cheaper”"),
        Spec(label="Share of the cost", unit="%"),
    ] = None
    excluded_licenses: Annotated[
        list[LicenseKind],
        Field(description="Kinds of licence that are no longer acceptable"),
        Spec(label="Excluded licences"),
    ] = []
    excluded_weight_formats: Annotated[
        list[WeightFormat],
        Field(description="Formats of the weights that are no longer acceptable"),
        Spec(label="Excluded weight formats", listed=formats_in_words),
    ] = []
    allowed: Annotated[
        dict[Kind | Literal["licenses", "weight_formats", "model_sizes"], list[str]],
        Field(
            description=(
                "What is no longer excluded, without being the only one: GPU types, models, providers,"
                " regions, licences, weight formats, sizes of models"
            )
        ),
        Spec(label="What is allowed"),
    ] = {}
    added: Annotated[
        dict[Figure, float],
        Field(description="So much more than now, or less, if negative; shares in hundredths of 1"),
        Spec(label="What is added"),
    ] = {}
    factors: Annotated[
        dict[Figure, float],
        Field(description="Of what it is now: 0.5 for “half the budget”"),
        Spec(label="Factors"),
    ] = {}
    cluster_gpus: Annotated[
        bool | None,
        Field(description="True: only the GPUs that the cluster has"),
        Spec(label="GPUs of the cluster"),
    ] = None
    clear: Annotated[list[Clearable], Spec(label="What is lifted")] = []

    @model_validator(mode="before")
    @classmethod
    def _nothing(cls, values: Any) -> Any:
        """None says nothing of a list; an empty one lifts it, but in a change that is written out whole."""
        if not isinstance(values, dict):
            return values
        lists = [name for name, field in FIELDS.items() if field.shape in ("choices", "counts", "items")]
        emptied = [name for name in lists if name in values and values[name] in ([], {})]
        kept = {name: value for name, value in values.items() if value is not None or name not in WISHES}
        return kept if "clear" in values or not emptied else kept | {"clear": emptied}

    @field_validator("*")
    @classmethod
    def _known(cls, value: Any, info: ValidationInfo) -> Any:
        field = FIELDS.get(str(info.field_name))
        if field is None or not field.spec.known or not field.spec.names or value is None:
            return value
        names = field.spec.names()
        for one in [value] if isinstance(value, str) else value:
            name = one.gpu_type if isinstance(one, OwnedServers) else one
            if name not in names:
                raise ValueError(
                    f"there is no {field.spec.known} “{name}” in the catalogue; known are {', '.join(names)}"
                )
            if field.shape == "counts" and not 1 <= value[name] <= MAX_GPUS:
                raise ValueError(
                    f"the number of {name}s there are must be from 1 to {MAX_GPUS:,}, not {value[name]:,}"
                )
        return value

    @property
    def empty(self) -> bool:
        return not self.model_dump(exclude_none=True, exclude_defaults=True)


WISHES: dict[str, Declared] = {field.name: field for field in declared(SpecificationChange)}
"""What a change can hold: the fields of the specification, and wishes that make values of them."""


def change_intent(intent: Intent, change: SpecificationChange) -> Intent:
    """The intent with the change's intent-level values put in. Raises ValueError for
    `cost_factor`, which needs a plan's costs.
    """
    if change.cost_factor is not None:
        raise ValueError(
            "There is no plan yet that it could be cheaper than. Give a budget instead, for instance “under"
            " $2000 a month”."
        )
    values = intent.model_dump() | {
        name: value for name in Wishes.model_fields if (value := getattr(change, name)) not in (None, [], {})
    }
    said = [name for name in LOADS if getattr(change, name) is not None]
    if said:
        values.update({name: None for name in LOADS if name != said[-1]})
    if change.load_factor is not None and not said:
        whole = {name: values[name] * change.load_factor for name in LOADS if values[name] is not None}
        values.update(
            {name: max(1, round(value)) if name == "user_count" else value for name, value in whole.items()}
        )
    if change.users_added is not None and values["user_count"] is not None and not said:
        values["user_count"] += change.users_added
    stock = [name for name in STOCK if getattr(change, name)]
    values |= {name: Intent.model_fields[name].get_default() for name in STOCK if stock and name not in stock}
    values["priorities"] |= {
        name: level
        for name in Priorities.model_fields
        if (level := getattr(change, f"{name}_priority")) is not None
    }
    if change.thinking_tokens is not None and change.thinking is None:
        values["thinking"] = "on"  # how much it shall think says that it shall
    for name in change.clear:
        if name in Intent.model_fields:
            values[name] = Intent.model_fields[name].get_default()
    for kind, (wanted, unwanted) in KINDS.items():
        # What is asked for now is no longer excluded, and the other way round; what is allowed
        # stands beside what is wanted.
        for new, old in ((wanted, unwanted), (unwanted, wanted)):
            values[old] = [name for name in values[old] if name not in getattr(change, new)]
        let_in = change.allowed.get(kind, [])
        values[unwanted] = [name for name in values[unwanted] if name not in let_in]
        values[wanted] += [name for name in let_in if values[wanted] and name not in values[wanted]]
    if change.weight_formats and not change.preferred_models:
        values["preferred_models"] = checkpoints_in(change.weight_formats, values["preferred_models"])
    for name, (all_of_them, what_is_left) in CLOSED.items():
        unwanted_ones = getattr(change, f"excluded_{name}")
        if unwanted_ones:
            values[name] = [one for one in values[name] or all_of_them if one not in unwanted_ones]
            if not values[name]:
                raise CompassError(f"No {what_is_left}.")
    for some in ADDED_TO:
        if values[some]:
            values[some] += [one for one in change.allowed.get(some, []) if one not in values[some]]
    return Intent.model_validate(values)


def change_overrides(overrides: Overrides, change: SpecificationChange) -> Overrides:
    """The overrides with the change's figures put in, without those that are the template's again."""
    values = overrides.model_dump(exclude_none=True) | set_in(change, Overrides)
    kept = {k: v for k, v in values.items() if k not in (*change.clear, "relaxed_ms", "no_target")}
    given = {
        TARGETS[name][0] for name in TARGETS if getattr(change, name) is not None or name in change.clear
    }
    without = [m for m in METRICS if m in {*overrides.no_target, *change.no_target} - given]
    kept = {k: v for k, v in kept.items() if k not in TARGETS or TARGETS[k][0] not in without}
    return Overrides.model_validate(kept | {"no_target": without})


def change_specification(specification: Specification, change: SpecificationChange) -> Specification:
    """A new specification; the old one stays as it was.

    Raises pydantic.ValidationError if the values don't go together, CompassError if there is nothing that a
    relative wish could start from.
    """
    change = in_figures(change, specification)
    return build_specification(
        change_intent(specification.intent, change), change_overrides(specification.overrides, change)
    )


def change_need(
    intent: Intent, overrides: Overrides, change: SpecificationChange
) -> tuple[Intent, Overrides]:
    """The same before there is a specification: relative wishes start from what was said,
    else from the use case's template.

    Raises CompassError where neither says anything yet.
    """
    absolute = change.model_copy(update={"added": {}, "factors": {}})
    intent, overrides = change_intent(intent, absolute), change_overrides(overrides, absolute)
    if change.users_added is not None and intent.user_count is None:
        raise CompassError(
            "How many users will there be in all? I know no number yet that it could be more or fewer than."
        )
    if not change.added and not change.factors:
        return intent, overrides
    if not intent.complete:
        raise CompassError(
            "I can't reckon that before I know what it is for, and for how many. What should it be, as a"
            " figure?"
        )
    relative = SpecificationChange(added=change.added, factors=change.factors)
    new = change_specification(build_specification(intent, overrides), relative)
    return new.intent, new.overrides


def of_a_trace(traffic: Traced) -> SpecificationChange:
    """A trace in place of what is set of the same figures."""
    return SpecificationChange(traffic=traffic, clear=list(traffic.figures))


def in_figures(change: SpecificationChange, specification: Specification) -> SpecificationChange:
    """The change with its relative wishes as the figures that they make of the specification's.

    Raises CompassError where a wish has nothing to start from, or leaves nothing.
    """
    intent = specification.intent
    if change.users_added is not None and intent.user_count is None and change.user_count is None:
        raise CompassError(
            "The load isn't given as a number of users, so I can't add or take away some. How many users will"
            " there be?"
        )
    figures = reckoned(change.added, change.factors, specification.planned)
    for name, value in figures.items():
        if FIELDS[name].shape == "whole":
            figures[name] = round(value)
    changed = change.model_dump(exclude_defaults=True) | figures
    return (
        SpecificationChange.model_validate(
            {k: v for k, v in changed.items() if k not in ("added", "factors")}
        )
        if figures
        else change
    )
