"""The intent, the specification, and how a change to either makes a new specification.

A specification is always built whole from the intent, the use case's template and what the person overrode, so that an
edit can't leave a stale figure behind.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator, model_validator

from knowledge.catalogue import SloTargets, TrafficProfile, UseCase, gpus, models, use_cases

Level = Literal["low", "medium", "high"]
MAX_USERS = 1_000_000_000
MAX_RATE = 10_000_000.0


class Contract(BaseModel):
    """What crosses an edge: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Priorities(Contract):
    """Medium unless the person said otherwise."""

    cost: Level = "medium"
    latency: Level = "medium"
    accuracy: Level = "medium"


class Intent(Contract):
    """What the person said they need, and nothing they didn't say."""

    use_case: str | None = None
    user_count: int | None = Field(default=None, ge=1, le=MAX_USERS)
    requests_per_second: float | None = Field(default=None, gt=0, le=MAX_RATE, description="Peak, if given directly")
    priorities: Priorities = Priorities()
    preferred_gpu_types: list[str] = []
    excluded_gpu_types: list[str] = []
    preferred_models: list[str] = []
    domain_specialization: list[str] = []
    budget_usd_per_month: float | None = Field(default=None, gt=0, le=1e12)

    @property
    def complete(self) -> bool:
        """Enough to plan with."""
        return self.use_case is not None and (self.user_count is not None or self.requests_per_second is not None)


class Overrides(Contract):
    """Figures of a use case's template that the person set otherwise. Times in ms."""

    prompt_tokens: int | None = Field(default=None, ge=1, le=1_000_000)
    output_tokens: int | None = Field(default=None, ge=2, le=100_000)
    ttft_p95_ms: float | None = Field(default=None, gt=0, le=3_600_000)
    itl_p95_ms: float | None = Field(default=None, gt=0, le=600_000)
    e2e_p95_ms: float | None = Field(default=None, gt=0, le=86_400_000)
    active_fraction: float | None = Field(default=None, gt=0, le=1)
    requests_per_active_user_per_minute: float | None = Field(default=None, gt=0, le=6000)
    peak_factor: float | None = Field(default=None, ge=1, le=100)


Clearable = Literal["budget_usd_per_month", "preferred_gpu_types", "excluded_gpu_types", "preferred_models"]


class SpecificationChange(Overrides):
    """Some new values; what is absent stays as it is. `clear` lifts a constraint."""

    use_case: str | None = None
    user_count: int | None = Field(default=None, ge=1, le=MAX_USERS)
    requests_per_second: float | None = Field(default=None, gt=0, le=MAX_RATE)
    budget_usd_per_month: float | None = Field(default=None, gt=0, le=1e12)
    preferred_gpu_types: list[str] | None = None
    excluded_gpu_types: list[str] | None = None
    preferred_models: list[str] | None = None
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

    @field_validator("preferred_models")
    @classmethod
    def _known_models(cls, value: list[str] | None) -> list[str] | None:
        for model in value or []:
            if model not in models():
                raise ValueError(f"there is no model {model!r} in the catalogue; known are {', '.join(models())}")
        return value

    @property
    def empty(self) -> bool:
        return not self.model_dump(exclude_none=True, exclude_defaults=True)


class Demand(Contract):
    """Peak load. With users: users x active x requests per active user and minute / 60 x peak factor."""

    user_count: int | None
    active_fraction: float
    requests_per_active_user_per_minute: float
    peak_factor: float
    arrivals: str
    given_requests_per_second: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_derived(cls, values: Any) -> Any:
        """A dump holds the peak rate; reading it back derives it again."""
        return {k: v for k, v in values.items() if k != "peak_requests_per_second"} if isinstance(values, dict) else values

    @computed_field  # type: ignore[prop-decorator]
    @property
    def peak_requests_per_second(self) -> float:
        if self.given_requests_per_second is not None:
            return self.given_requests_per_second
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


def build_specification(intent: Intent, overrides: Overrides) -> Specification:
    """The whole specification of a complete intent. Raises ValueError for an incomplete one."""
    if not intent.complete or intent.use_case is None:
        raise ValueError("A specification needs a use case, and users or a request rate.")
    template = use_cases()[intent.use_case]
    profile = TrafficProfile.model_validate(template.traffic_profile.model_dump() | _set_in(overrides, TrafficProfile))
    targets = SloTargets.model_validate(template.slo_targets.model_dump() | _set_in(overrides, SloTargets))
    demand = Demand.model_validate(
        {"user_count": intent.user_count, "given_requests_per_second": intent.requests_per_second}
        | template.demand.model_dump()
        | _set_in(overrides, Demand)
    )
    return Specification(
        intent=intent,
        traffic_profile=profile,
        slo_targets=targets,
        demand=demand,
        assumptions=_assumptions(template, overrides, demand),
        overrides=overrides,
    )


def change_intent(intent: Intent, change: SpecificationChange) -> Intent:
    """The intent with the change's intent-level values put in."""
    values = intent.model_dump()
    for field in Intent.model_fields:
        new = getattr(change, field, None)
        if new is not None:
            values[field] = new
    # Users and a direct rate exclude each other: the later word counts.
    if change.user_count is not None:
        values["requests_per_second"] = None
    if change.requests_per_second is not None:
        values["user_count"] = None
    for name in ("cost", "latency", "accuracy"):
        level = getattr(change, f"{name}_priority")
        if level is not None:
            values["priorities"][name] = level
    for name in change.clear:
        values[name] = None if name == "budget_usd_per_month" else []
    # What is asked for now is no longer excluded, and the other way round.
    if change.preferred_gpu_types:
        values["excluded_gpu_types"] = [g for g in values["excluded_gpu_types"] if g not in change.preferred_gpu_types]
    if change.excluded_gpu_types:
        values["preferred_gpu_types"] = [g for g in values["preferred_gpu_types"] if g not in change.excluded_gpu_types]
    return Intent.model_validate(values)


def change_overrides(overrides: Overrides, change: SpecificationChange) -> Overrides:
    """The overrides with the change's figures put in."""
    return Overrides.model_validate(overrides.model_dump(exclude_none=True) | _set_in(change, Overrides))


def change_specification(specification: Specification, change: SpecificationChange) -> Specification:
    """A new specification; the old one stays as it was. Raises pydantic.ValidationError if the values don't go together."""
    return build_specification(change_intent(specification.intent, change), change_overrides(specification.overrides, change))


def _set_in(source: BaseModel, target: type[BaseModel]) -> dict[str, object]:
    """Those fields of `target` that `source` sets."""
    return {k: v for k, v in source.model_dump(exclude_none=True).items() if k in target.model_fields}


def rate(per_second: float) -> str:
    """A request rate as people write it: three significant digits, two below 1."""
    if per_second >= 10:
        return f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:.1f}"
    return f"{per_second:.2f}" if per_second >= 1 else f"{per_second:.2g}"


ARRIVALS = {
    "poisson": "independently of each other (Poisson)",
    "compound_poisson": "in bursts (compound Poisson); benchmarks are for plain Poisson, which is easier",
    "poisson_with_bursts": "with bursts; benchmarks are for plain Poisson, which is easier",
    "poisson_clustered": "in clusters; benchmarks are for plain Poisson, which is easier",
    "uniform_periodic": "evenly spread; benchmarks are for Poisson, which is harder",
}


def _assumptions(template: UseCase, overrides: Overrides, demand: Demand) -> list[Assumption]:
    arrivals = ARRIVALS.get(demand.arrivals, demand.arrivals.replace("_", " "))

    def note(name: str, text: str) -> Assumption:
        origin = "your edit" if getattr(overrides, name, None) is not None else f"{template.title} template: {template.source}"
        return Assumption(name=name, text=text, origin=origin)

    peak = f"{rate(demand.peak_requests_per_second)} requests/s at peak"
    if demand.given_requests_per_second is not None:
        given = Assumption(name="peak_requests_per_second", text=peak, origin="your words")
        return [given, note("arrivals", f"requests arrive {arrivals}")]
    formula = (
        f"{demand.user_count:,} users × {demand.active_fraction:.0%} active"
        f" × {demand.requests_per_active_user_per_minute:g} requests/min ÷ 60 × {demand.peak_factor:g} peak = {peak}"
    )
    return [
        note("active_fraction", f"{demand.active_fraction:.0%} of the users are active at once"),
        note(
            "requests_per_active_user_per_minute",
            f"each active user sends {demand.requests_per_active_user_per_minute:g} requests a minute",
        ),
        note("peak_factor", f"the peak is {demand.peak_factor:g} times the average"),
        note("arrivals", f"requests arrive {arrivals}"),
        Assumption(name="peak_requests_per_second", text=formula, origin="computed"),
    ]
