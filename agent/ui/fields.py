"""What can be edited in the specification card: each value with its unit, its range and where it is from.

The ranges are those of `SpecificationChange`, so that the card can't promise what the engine refuses.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from annotated_types import Ge, Gt, Le

from knowledge.catalogue import gpus, model_names, models, use_cases
from knowledge.prices import prices
from tools.specification import LOADS, Specification, SpecificationChange

Group = Literal["need", "targets", "demand", "constraints"]
Kind = Literal["number", "whole", "percent", "choice", "choices"]


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class Field:
    """`value` is None where nothing is set; for `percent` it is a share, shown times 100.
    `choices` for kinds with a list.
    """

    name: str
    label: str
    unit: str
    group: Group
    kind: Kind
    value: float | str | list[str] | None
    origin: str
    low: float | None = None
    high: float | None = None
    choices: list[Choice] | None = None
    clearable: bool = False


WORDS, EDIT, DEFAULT = "your words", "your edit", "our default"
LOAD_LABELS = {
    "user_count": ("Users", "people"),
    "requests_per_second": ("Peak rate", "requests/s"),
    "concurrent_requests": ("In flight at peak", "requests"),
    "requests_per_day": ("Volume", "requests/day"),
}
TARGETS = {"ttft_p95_ms": "TTFT p95", "itl_p95_ms": "ITL p95", "e2e_p95_ms": "E2E p95"}
DEMAND: dict[str, tuple[str, str, Kind]] = {
    "active_fraction": ("Active at once", "% of users", "percent"),
    "requests_per_active_user_per_minute": ("Per active user", "requests/min", "number"),
    "busy_hours_per_day": ("Busy hours", "h/day", "number"),
    "peak_factor": ("Peak over average", "times", "number"),
    "burstiness": ("Burstiness", "CV²", "number"),
    "trough_fraction": ("Quietest hour", "% of peak", "percent"),
    "minute_peak": ("Highest minute", "× the mean", "number"),
}


def editable(specification: Specification) -> list[dict[str, Any]]:
    """The fields in the order of the card, as plain values."""
    return [
        asdict(f)
        for f in [
            *_need(specification),
            *_targets(specification),
            *_demand(specification),
            *_constraints(specification),
        ]
    ]


def _need(s: Specification) -> list[Field]:
    cases = [Choice(key, case.title) for key, case in use_cases().items()]
    found = [Field("use_case", "Use case", "", "need", "choice", s.intent.use_case, WORDS, choices=cases)]
    given = next((name for name in LOADS if getattr(s.intent, name) is not None), "user_count")
    label, unit = LOAD_LABELS[given]
    found.append(_number(given, label, unit, "need", getattr(s.intent, given), WORDS))
    levels = [Choice(level, level) for level in ("low", "medium", "high")]
    modes = [
        Choice("", f"not said: {s.thinking}"),
        Choice("off", "off: answers at once"),
        Choice("on", "on: thinks first"),
    ]
    origin = next((a.origin.split(":")[0] for a in s.assumptions if a.name == "thinking"), "")
    found.append(
        Field(
            "thinking",
            "Thinking",
            "",
            "need",
            "choice",
            s.intent.thinking or "",
            origin,
            choices=modes,
            clearable=True,
        )
    )
    for name in ("cost", "latency", "accuracy"):
        level = getattr(s.intent.priorities, name)
        origin = DEFAULT if level == "medium" else WORDS
        found.append(
            Field(
                f"{name}_priority",
                f"{name.capitalize()} matters",
                "",
                "need",
                "choice",
                level,
                origin,
                choices=levels,
            )
        )
    return found


def _targets(s: Specification) -> list[Field]:
    template = f"{use_cases()[s.intent.use_case or ''].title} template"

    def origin(name: str) -> str:
        return EDIT if getattr(s.overrides, name) is not None else template

    traffic = [
        _number(
            "prompt_tokens",
            "Prompt",
            "tokens",
            "targets",
            s.traffic_profile.prompt_tokens,
            origin("prompt_tokens"),
        ),
        _number("output_tokens", "Answer", "tokens", "targets", s.answer_tokens, origin("output_tokens")),
    ]
    if s.thinking == "on":
        thoughts = EDIT if s.overrides.thinking_tokens else DEFAULT
        traffic.insert(
            1, _number("thinking_tokens", "Thoughts", "tokens", "targets", s.thinking_tokens, thoughts)
        )
    return traffic + [
        _number(name, label, "ms", "targets", getattr(s.slo_targets, name), origin(name))
        for name, label in TARGETS.items()
    ]


def _demand(s: Specification) -> list[Field]:
    origins = {a.name: a.origin.split(":")[0] for a in s.assumptions}
    found = [
        _number(name, label, unit, "demand", getattr(s.demand, name), origins[name], kind)
        for name, (label, unit, kind) in DEMAND.items()
        if name in origins
    ]
    headroom = _number(
        "headroom", "Kept free", "% of capacity", "demand", s.headroom, origins["headroom"], "percent"
    )
    spare = _number(
        "spare_replicas",
        "Spare replicas",
        "replicas",
        "demand",
        s.spare_replicas,
        EDIT if s.overrides.spare_replicas else DEFAULT,
    )
    return [*found, headroom, spare]


def _constraints(s: Specification) -> list[Field]:
    i = s.intent
    budget = _number(
        "budget_usd_per_month",
        "Budget",
        "USD/month",
        "constraints",
        i.budget_usd_per_month,
        WORDS,
        clearable=True,
    )
    gpu_types = [Choice(gpu, gpu) for gpu in gpus()]
    catalogue = [Choice(one, one.split("/", 1)[1]) for ids in model_names().values() for one in ids]
    licences = [Choice(kind, kind) for kind in sorted({m.license_kind for m in models().values()})]
    providers = [Choice(name, name) for name in sorted({p.provider for p in prices()})]
    regions = [Choice(name, name) for name in sorted({p.region for p in prices()} - {"any"})]
    lists: list[tuple[str, str, list[str], list[Choice]]] = [
        ("preferred_gpu_types", "Only these GPUs", list(i.preferred_gpu_types), gpu_types),
        ("excluded_gpu_types", "Not these GPUs", list(i.excluded_gpu_types), gpu_types),
        ("preferred_models", "Only these models", list(i.preferred_models), catalogue),
        ("excluded_models", "Not these models", list(i.excluded_models), catalogue),
        ("licenses", "Licences", [str(kind) for kind in i.licenses], licences),
        ("providers", "Only these providers", list(i.providers), providers),
        ("excluded_providers", "Not these providers", list(i.excluded_providers), providers),
        ("regions", "Only these regions", list(i.regions), regions),
        ("excluded_regions", "Not these regions", list(i.excluded_regions), regions),
    ]
    quality = _number(
        "min_quality", "Quality at least", "%", "constraints", i.min_quality, WORDS, clearable=True
    )
    context = _number(
        "min_context_tokens",
        "Context at least",
        "tokens",
        "constraints",
        i.min_context_tokens,
        WORDS,
        clearable=True,
    )
    chosen = [
        Field(n, label, "", "constraints", "choices", v, WORDS if v else "", choices=c, clearable=True)
        for n, label, v, c in lists
    ]
    return [budget, *chosen, quality, context]


def _number(
    name: str,
    label: str,
    unit: str,
    group: Group,
    value: float | None,
    origin: str,
    kind: Kind = "number",
    clearable: bool = False,
) -> Field:
    field = SpecificationChange.model_fields[name]
    low = next((m.ge if isinstance(m, Ge) else m.gt for m in field.metadata if isinstance(m, Ge | Gt)), None)
    high = next((m.le for m in field.metadata if isinstance(m, Le)), None)
    kind = "whole" if "int" in str(field.annotation) and kind == "number" else kind
    said = "" if value is None else origin
    return Field(name, label, unit, group, kind, value, said, _plain(low), _plain(high), clearable=clearable)


def _plain(limit: object) -> float | None:
    return float(limit) if isinstance(limit, int | float) else None
