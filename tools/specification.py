"""The intent, the specification, and how a change to either makes a new specification.

A specification is always built whole from the intent, the use case's template and what the person overrode,
so that an edit can't leave a stale figure behind.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field, computed_field, field_validator, model_validator

from knowledge.catalogue import (
    LICENSE_KINDS,
    LicenseKind,
    SloTargets,
    TrafficProfile,
    UseCase,
    gpus,
    models,
    use_cases,
)
from knowledge.errors import CompassError
from knowledge.thinking import ThinkingMode
from tools.contract import Contract
from tools.relative import Figure, reckoned
from tools.thinking import planned_thinking
from tools.wording import rate

Level = Literal["low", "medium", "high"]
BUSY_HOURS_PER_DAY = 8.0
"""A working day: what a daily volume is spread over where nothing else is said."""
HEADROOM = 0.2
"""Share of each replica's capacity kept free at peak where nothing else is said;
bursts are simulated and need none.
"""
MAX_USERS = 1_000_000_000
MAX_RATE = 10_000_000.0
MIN_RATE = 1e-6
"""A request in eleven days: with less there would be nothing to simulate."""
MAX_GPUS = 10_000
"""Nobody rents more for one endpoint."""


class Priorities(Contract):
    """Medium unless the person said otherwise."""

    cost: Level = "medium"
    latency: Level = "medium"
    accuracy: Level = "medium"


class Intent(Contract):
    """What the person said they need, and nothing they didn't say."""

    use_case: str | None = None
    user_count: int | None = Field(default=None, ge=1, le=MAX_USERS)
    requests_per_second: float | None = Field(
        default=None, gt=0, le=MAX_RATE, description="Peak, if given directly"
    )
    concurrent_requests: float | None = Field(
        default=None, gt=0, le=MAX_RATE, description="Requests in flight at peak, if given directly"
    )
    requests_per_day: float | None = Field(
        default=None, gt=0, le=MAX_RATE * 86_400, description="If given directly"
    )
    priorities: Priorities = Priorities()
    preferred_gpu_types: list[str] = []
    excluded_gpu_types: list[str] = []
    preferred_models: list[str] = []
    excluded_models: list[str] = []
    domain_specialization: list[str] = []
    budget_usd_per_month: float | None = Field(default=None, gt=0, le=1e12)
    licenses: list[LicenseKind] = Field(
        default=[], description="Kinds of licence that are acceptable; none means any"
    )
    min_context_tokens: int | None = Field(
        default=None, ge=1, le=100_000_000, description="Of the longest request that must be possible"
    )
    min_quality: float | None = Field(
        default=None, gt=0, le=100, description="In percent; models of unknown quality don't qualify"
    )
    providers: list[str] = Field(default=[], description="Cloud providers to price at; none means any")
    regions: list[str] = Field(default=[], description="Regions to price in; none means any")
    excluded_providers: list[str] = []
    excluded_regions: list[str] = []
    available_gpus: dict[str, int] = Field(
        default={}, description="GPUs that there are, by type; empty means any number of any type"
    )
    thinking: ThinkingMode | None = Field(
        default=None, description="Whether models shall think before they answer; none means unsaid"
    )

    @property
    def complete(self) -> bool:
        """Enough to plan with."""
        return self.use_case is not None and any(getattr(self, name) is not None for name in LOADS)


LOADS = ("user_count", "requests_per_second", "concurrent_requests", "requests_per_day")
"""Ways to say how much there is to do; they exclude each other, and the latest word counts."""


class Overrides(Contract):
    """Figures of a use case's template, and of planning itself, that the person set
    otherwise. Times in ms.
    """

    prompt_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    output_tokens: int | None = Field(
        default=None, ge=2, le=100_000, description="Of the answer, thoughts aside"
    )
    thinking_tokens: int | None = Field(
        default=None, ge=1, le=100_000, description="Of the thoughts before the answer, where it thinks"
    )
    ttft_p95_ms: float | None = Field(default=None, gt=0, le=3_600_000)
    itl_p95_ms: float | None = Field(default=None, gt=0, le=600_000)
    e2e_p95_ms: float | None = Field(default=None, gt=0, le=86_400_000)
    active_fraction: float | None = Field(default=None, gt=0, le=1)
    requests_per_active_user_per_minute: float | None = Field(default=None, gt=0, le=6000)
    peak_factor: float | None = Field(default=None, ge=1, le=100)
    burstiness: float | None = Field(default=None, ge=1, le=200)
    trough_fraction: float | None = Field(default=None, gt=0, le=1)
    minute_peak: float | None = Field(default=None, ge=1, le=100)
    busy_hours_per_day: float | None = Field(default=None, gt=0, le=24)
    headroom: float | None = Field(default=None, ge=0, le=0.9)
    spare_replicas: int | None = Field(default=None, ge=0, le=100)


Clearable = Literal[
    "budget_usd_per_month",
    "preferred_gpu_types",
    "excluded_gpu_types",
    "preferred_models",
    "excluded_models",
    "licenses",
    "min_context_tokens",
    "min_quality",
    "providers",
    "regions",
    "excluded_providers",
    "excluded_regions",
    "available_gpus",
    "thinking",
]
Kind = Literal["gpu_types", "models", "providers", "regions"]
KINDS: dict[Kind, tuple[Clearable, Clearable]] = {
    "gpu_types": ("preferred_gpu_types", "excluded_gpu_types"),
    "models": ("preferred_models", "excluded_models"),
    "providers": ("providers", "excluded_providers"),
    "regions": ("regions", "excluded_regions"),
}
"""What is chosen by name, with the fields of those that are wanted and those that aren't."""


class SpecificationChange(Overrides):
    """Some new values; what is absent stays as it is. `clear` lifts a constraint."""

    use_case: str | None = None
    user_count: int | None = Field(default=None, ge=1, le=MAX_USERS)
    requests_per_second: float | None = Field(default=None, gt=0, le=MAX_RATE)
    concurrent_requests: float | None = Field(default=None, gt=0, le=MAX_RATE)
    requests_per_day: float | None = Field(default=None, gt=0, le=MAX_RATE * 86_400)
    load_factor: float | None = Field(
        default=None, gt=0, le=1e6, description="Of what there is to do now: 2 for “twice the users”"
    )
    users_added: int | None = Field(
        default=None, ge=-MAX_USERS, le=MAX_USERS, description="“500 more users”; negative for fewer"
    )
    budget_usd_per_month: float | None = Field(default=None, gt=0, le=1e12)
    cost_factor: float | None = Field(
        default=None, gt=0, lt=1, description="Of what the first option costs: 0.7 for “30 % cheaper”"
    )
    preferred_gpu_types: list[str] | None = None
    excluded_gpu_types: list[str] | None = None
    preferred_models: list[str] | None = None
    excluded_models: list[str] | None = None
    licenses: list[LicenseKind] | None = None
    min_context_tokens: int | None = Field(default=None, ge=1, le=100_000_000)
    min_quality: float | None = Field(default=None, gt=0, le=100)
    providers: list[str] | None = None
    regions: list[str] | None = None
    excluded_providers: list[str] | None = None
    excluded_regions: list[str] | None = None
    excluded_licenses: list[LicenseKind] | None = Field(
        default=None, description="Kinds of licence that are no longer acceptable"
    )
    allowed: dict[Kind | Literal["licenses"], list[str]] = Field(
        default={},
        description=(
            "What is no longer excluded, without being the only one: GPU types, models, providers, regions,"
            " licences"
        ),
    )
    added: dict[Figure, float] = Field(
        default={}, description="So much more than now, or less, if negative; shares in hundredths of 1"
    )
    factors: dict[Figure, float] = Field(
        default={}, description="Of what it is now: 0.5 for “half the budget”"
    )
    available_gpus: dict[str, int] | None = None
    cluster_gpus: bool | None = Field(default=None, description="True: only the GPUs that the cluster has")
    thinking: ThinkingMode | None = Field(
        default=None, description="“on”: the model shall think before it answers; “off”: it shall not"
    )
    domain_specialization: list[str] | None = None
    cost_priority: Level | None = None
    latency_priority: Level | None = None
    accuracy_priority: Level | None = None
    clear: list[Clearable] = []

    @field_validator("use_case")
    @classmethod
    def _known_use_case(cls, value: str | None) -> str | None:
        if value is not None and value not in use_cases():
            raise ValueError(f"there is no use case {value!r}; known are {', '.join(use_cases())}")
        return value

    @field_validator("preferred_gpu_types", "excluded_gpu_types")
    @classmethod
    def _known_gpus(cls, value: list[str] | None) -> list[str] | None:
        for gpu in value or []:
            if gpu not in gpus():
                raise ValueError(f"there is no GPU {gpu!r} in the catalogue; known are {', '.join(gpus())}")
        return value

    @field_validator("preferred_models", "excluded_models")
    @classmethod
    def _known_models(cls, value: list[str] | None) -> list[str] | None:
        for model in value or []:
            if model not in models():
                raise ValueError(
                    f"there is no model {model!r} in the catalogue; known are {', '.join(models())}"
                )
        return value

    @field_validator("available_gpus")
    @classmethod
    def _known_gpus_in_numbers(cls, value: dict[str, int] | None) -> dict[str, int] | None:
        for gpu, count in (value or {}).items():
            if gpu not in gpus():
                raise ValueError(f"there is no GPU {gpu!r} in the catalogue; known are {', '.join(gpus())}")
            if not 1 <= count <= MAX_GPUS:
                raise ValueError(
                    f"the number of {gpu}s there are must be from 1 to {MAX_GPUS:,}, not {count:,}"
                )
        return value

    @property
    def empty(self) -> bool:
        return not self.model_dump(exclude_none=True, exclude_defaults=True)


class Demand(Contract):
    """Peak load, of whichever way it was given: `peak_requests_per_second` is

    users               x active x requests per active user and minute / 60 x peak factor
    a rate at peak      itself
    requests in flight  / seconds that one may take (the E2E target), by Little's law
    requests a day      / busy hours / 3600 x peak factor
    """

    user_count: int | None
    active_fraction: float
    requests_per_active_user_per_minute: float
    peak_factor: float
    arrivals: str
    burstiness: float = 1.0
    """Squared coefficient of variation of the times between arrivals: 1 is Poisson, more is bursts."""
    trough_fraction: float = 1.0
    """The quietest hour's rate as a share of the peak."""
    minute_peak: float = 1.0
    """The highest minute's rate over the hour's."""
    busy_hours_per_day: float = BUSY_HOURS_PER_DAY
    given_requests_per_second: float | None = None
    given_concurrent_requests: float | None = None
    given_requests_per_day: float | None = None
    seconds_in_flight: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_derived(cls, values: Any) -> Any:
        """A dump holds the peak rate; reading it back derives it again."""
        return (
            {k: v for k, v in values.items() if k != "peak_requests_per_second"}
            if isinstance(values, dict)
            else values
        )

    @computed_field  # type: ignore[prop-decorator]
    @property
    def peak_requests_per_second(self) -> float:
        return max(MIN_RATE, self._peak)

    @property
    def _peak(self) -> float:
        if self.given_requests_per_second is not None:
            return self.given_requests_per_second
        if self.given_concurrent_requests is not None and self.seconds_in_flight is not None:
            return round(self.given_concurrent_requests / self.seconds_in_flight, 6)
        if self.given_requests_per_day is not None:
            return round(self.given_requests_per_day / self.busy_hours_per_day / 3600 * self.peak_factor, 9)
        per_minute = (self.user_count or 0) * self.active_fraction * self.requests_per_active_user_per_minute
        return round(per_minute / 60 * self.peak_factor, 6)


class Assumption(Contract):
    """A figure that the person didn't state, or what followed from it."""

    name: str
    text: str
    origin: str


class Specification(Contract):
    intent: Intent
    traffic_profile: TrafficProfile
    slo_targets: SloTargets
    demand: Demand
    assumptions: list[Assumption]
    overrides: Overrides = Overrides()
    thinking: ThinkingMode = "off"
    """The mode that is planned: every model that has both is served in it."""
    thinking_tokens: int = 0
    """Of the traffic profile's output, those that come before the answer."""

    @property
    def answer_tokens(self) -> int:
        return self.traffic_profile.output_tokens - self.thinking_tokens

    @property
    def headroom(self) -> float:
        return HEADROOM if self.overrides.headroom is None else self.overrides.headroom

    @property
    def spare_replicas(self) -> int:
        return self.overrides.spare_replicas or 0


def build_specification(intent: Intent, overrides: Overrides) -> Specification:
    """The whole specification of a complete intent. Raises ValueError for an incomplete one."""
    if not intent.complete or intent.use_case is None:
        raise ValueError(
            "A specification needs a use case, and how much there is to do: users, or a rate, concurrency or"
            " daily volume."
        )
    template = use_cases()[intent.use_case]
    thinking = planned_thinking(intent.thinking, intent.preferred_models, overrides.thinking_tokens, template)
    wanted = template.traffic_profile.model_dump() | _set_in(overrides, TrafficProfile)
    if (
        thinking.mode == "on"
        and overrides.output_tokens is None
        and template.thinking.answer_tokens is not None
    ):
        wanted["output_tokens"] = template.thinking.answer_tokens
    profile = TrafficProfile.model_validate(
        wanted | {"output_tokens": wanted["output_tokens"] + thinking.tokens}
    )
    targets = SloTargets.model_validate(template.slo_targets.model_dump() | _set_in(overrides, SloTargets))
    if thinking.tokens and overrides.e2e_p95_ms is None:
        later = targets.e2e_p95_ms + thinking.tokens * targets.itl_p95_ms
        targets = SloTargets.model_validate(targets.model_dump() | {"e2e_p95_ms": later})
    demand = Demand.model_validate(
        {
            "user_count": intent.user_count,
            "given_requests_per_second": intent.requests_per_second,
            "given_concurrent_requests": intent.concurrent_requests,
            "given_requests_per_day": intent.requests_per_day,
            "seconds_in_flight": (
                targets.e2e_p95_ms / 1000 if intent.concurrent_requests is not None else None
            ),
        }
        | template.demand.model_dump()
        | _set_in(overrides, Demand)
    )
    assumed = thinking.assumed(
        profile, targets, overrides.e2e_p95_ms is not None, overrides.thinking_tokens is not None
    )
    return Specification(
        intent=intent,
        traffic_profile=profile,
        slo_targets=targets,
        demand=demand,
        assumptions=[
            *_assumptions(template, overrides, demand),
            *(Assumption(name=name, text=text, origin=origin) for name, text, origin in assumed),
        ],
        overrides=overrides,
        thinking=thinking.mode,
        thinking_tokens=thinking.tokens,
    )


def change_intent(intent: Intent, change: SpecificationChange) -> Intent:
    """The intent with the change's intent-level values put in. Raises ValueError for
    `cost_factor`, which needs a plan's costs.
    """
    if change.cost_factor is not None:
        raise ValueError(
            "There is no plan yet that it could be cheaper than. Give a budget instead, for instance “under"
            " $2000 a month”."
        )
    values = intent.model_dump()
    for field in Intent.model_fields:
        new = getattr(change, field, None)
        if new is not None:
            values[field] = new
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
    for name in ("cost", "latency", "accuracy"):
        level = getattr(change, f"{name}_priority")
        if level is not None:
            values["priorities"][name] = level
    if change.thinking_tokens is not None and change.thinking is None:
        values["thinking"] = "on"  # how much it shall think says that it shall
    for name in change.clear:
        values[name] = Intent.model_fields[name].get_default()
    for kind, (wanted, unwanted) in KINDS.items():
        # What is asked for now is no longer excluded, and the other way round; what is allowed
        # stands beside what is wanted.
        for new, old in ((wanted, unwanted), (unwanted, wanted)):
            values[old] = [name for name in values[old] if name not in (getattr(change, new) or [])]
        let_in = change.allowed.get(kind, [])
        values[unwanted] = [name for name in values[unwanted] if name not in let_in]
        values[wanted] += [name for name in let_in if values[wanted] and name not in values[wanted]]
    if change.excluded_licenses:
        values["licenses"] = [
            kind for kind in values["licenses"] or LICENSE_KINDS if kind not in change.excluded_licenses
        ]
        if not values["licenses"]:
            raise CompassError("No licence would be left: they are permissive, community, or non-commercial.")
    if values["licenses"]:
        values["licenses"] += [
            name for name in change.allowed.get("licenses", []) if name not in values["licenses"]
        ]
    return Intent.model_validate(values)


def change_overrides(overrides: Overrides, change: SpecificationChange) -> Overrides:
    """The overrides with the change's figures put in."""
    return Overrides.model_validate(overrides.model_dump(exclude_none=True) | _set_in(change, Overrides))


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
    now: dict[str, float | None] = {
        **{name: getattr(intent, name) for name in Intent.model_fields},
        **{
            name: getattr(specification.demand, name)
            for name in Overrides.model_fields
            if name in Demand.model_fields
        },
        **specification.slo_targets.model_dump(),
        **specification.traffic_profile.model_dump(),
        "headroom": specification.headroom,
        "spare_replicas": specification.spare_replicas,
    }
    figures = reckoned(change.added, change.factors, now)
    for name, value in figures.items():
        if SpecificationChange.model_fields[name].annotation == int | None:
            figures[name] = round(value)
    changed = change.model_dump(exclude_defaults=True) | figures
    return (
        SpecificationChange.model_validate(
            {k: v for k, v in changed.items() if k not in ("added", "factors")}
        )
        if figures
        else change
    )


def _set_in(source: BaseModel, target: type[BaseModel]) -> dict[str, object]:
    """Those fields of `target` that `source` sets."""
    return {k: v for k, v in source.model_dump(exclude_none=True).items() if k in target.model_fields}


ARRIVALS = {
    "poisson": "independently of each other (Poisson)",
    "compound_poisson": "in bursts (compound Poisson)",
    "poisson_with_bursts": "with bursts",
    "poisson_clustered": "in clusters",
    "uniform_periodic": "evenly spread; planned as Poisson, which is harder",
}


def _assumptions(template: UseCase, overrides: Overrides, demand: Demand) -> list[Assumption]:
    def note(name: str, text: str) -> Assumption:
        origin = (
            "your edit"
            if getattr(overrides, name, None) is not None
            else f"{template.title} template: {template.source}"
        )
        return Assumption(name=name, text=text, origin=origin)

    def ours(name: str, text: str) -> Assumption:
        return Assumption(
            name=name, text=text, origin="our default" if getattr(overrides, name) is None else "your edit"
        )

    arrivals = ARRIVALS.get(demand.arrivals, demand.arrivals.replace("_", " "))
    if overrides.burstiness is not None:
        arrivals = "independently of each other (Poisson)" if demand.burstiness == 1 else "in bursts"
    bursts = (
        f", burstiness {demand.burstiness:g} (CV² of the times between requests)"
        if demand.burstiness != 1
        else ""
    )
    arriving = note("burstiness", f"requests arrive {arrivals}{bursts}")
    headroom = HEADROOM if overrides.headroom is None else overrides.headroom
    kept = ours("headroom", f"{headroom:.0%} of each replica's capacity is kept free at peak")
    spare = overrides.spare_replicas
    spares = (
        [ours("spare_replicas", f"{spare} replica{'s' if spare > 1 else ''} more than the peak needs")]
        if spare
        else []
    )
    peak = f"{rate(demand.peak_requests_per_second)} requests/s at peak"
    factor = note("peak_factor", f"the peak is {demand.peak_factor:g} times the average")

    def computed(text: str) -> Assumption:
        return Assumption(name="peak_requests_per_second", text=text, origin="computed")

    if demand.given_requests_per_second is not None:
        given = [Assumption(name="peak_requests_per_second", text=peak, origin="your words")]
    elif demand.given_concurrent_requests is not None:
        seconds = f"{demand.seconds_in_flight:g} s"
        given = [
            computed(
                f"{demand.given_concurrent_requests:,g} requests in flight ÷ {seconds} each (the E2E target)"
                f" = {peak}"
            ),
        ]
    elif demand.given_requests_per_day is not None:
        given = [
            ours("busy_hours_per_day", f"a day's requests come within {demand.busy_hours_per_day:g} hours"),
            factor,
            computed(
                f"{demand.given_requests_per_day:,g} requests a day ÷ {demand.busy_hours_per_day:g} h ÷ 3,600"
                f" × {demand.peak_factor:g} peak = {peak}"
            ),
        ]
    else:
        each = f"{demand.requests_per_active_user_per_minute:g}"
        given = [
            note("active_fraction", f"{demand.active_fraction:.0%} of the users are active at once"),
            note("requests_per_active_user_per_minute", f"each active user sends {each} requests a minute"),
            factor,
            computed(
                f"{demand.user_count:,} users × {demand.active_fraction:.0%} active × {each} requests/min ÷"
                f" 60 × {demand.peak_factor:g} peak = {peak}"
            ),
        ]
    trough = note("trough_fraction", f"the quietest hour has {demand.trough_fraction:.0%} of the peak")
    minute = note(
        "minute_peak", f"within an hour, the highest minute has {demand.minute_peak:g} times the mean"
    )
    return [*given, arriving, trough, minute, kept, *spares]
