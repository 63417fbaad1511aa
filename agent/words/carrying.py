"""From a question about what hardware takes to what a tool is asked: the plan at hand with what the question
supposes. Nothing at hand is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.models.builtin.carrying import Servers, supposed
from agent.models.builtin.tidy import tidy
from agent.words.checks import change_or_problem
from knowledge.catalogue import gpus
from knowledge.errors import CompassError
from tools.plan_capacity import PlanRequest
from tools.planning.hardware import Hardware, hardware_of
from tools.planning.plan import Recommendation
from tools.specification import (
    LOADS,
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_intent,
    change_overrides,
    change_specification,
)
from tools.traffic import map_to_benchmark_profile

USUAL = "chatbot_conversational"


@dataclass(frozen=True)
class AtHand:
    """What a question is asked of: a specification, or as much of a need as is known; an option, if there is
    one.
    """

    specification: Specification | None = None
    intent: Intent = field(default_factory=Intent)
    overrides: Overrides = field(default_factory=Overrides)
    option: Recommendation | None = None


@dataclass(frozen=True)
class Asked:
    """What a tool is asked; `hardware` is empty where none is known."""

    plan: PlanRequest
    hardware: list[Hardware]
    items: int | None
    deadline_hours: float | None
    use_case_said: bool
    """Otherwise it is taken for a chatbot."""
    load_said: bool
    """Otherwise nothing is known of how much there is to do."""

    named: bool
    """Whether the hardware was said, and isn't that of an option."""

    @property
    def specification(self) -> Specification:
        return self.plan.specification

    @property
    def as_one_server(self) -> list[Hardware]:
        """An option's own GPUs as if they stood together, up to a server's usual eight."""
        if self.named:
            return self.hardware
        return [
            Hardware(gpu_type=h.gpu_type, gpus_per_server=min(h.gpus, 8), servers=max(1, h.gpus // 8))
            for h in self.hardware
        ]


def asked_of(words: str, at_hand: AtHand, hardware: list[Hardware] | None = None) -> Asked:
    """Raises CompassError with a sentence for what can't be, such as a GPU that the catalogue lacks."""
    found = supposed(tidy(words))
    if found.problems:
        raise CompassError(" ".join(found.problems))
    change = change_or_problem(SpecificationChange, found.fields)
    if isinstance(change, str):
        raise CompassError(change)
    said, intent = at_hand.specification, at_hand.intent
    if said is not None:
        specification = said if change.empty else change_specification(said, change)
        use_case_said = load_said = True
    else:
        intent = change_intent(intent, change)
        use_case_said = intent.use_case is not None
        load_said = any(getattr(intent, name) is not None for name in LOADS)
        filled = intent.model_copy(
            update={"use_case": intent.use_case or USUAL} | ({} if load_said else {"user_count": 1})
        )
        specification = build_specification(filled, change_overrides(at_hand.overrides, change))
    if at_hand.option is not None and not change.preferred_models:
        own = SpecificationChange(preferred_models=[at_hand.option.model_id])
        specification = change_specification(specification, own)
    plan = PlanRequest(
        specification=specification,
        benchmark_profile=map_to_benchmark_profile(specification.traffic_profile),
    )
    owned = hardware_of(specification.intent)
    there = owned or _of_option(at_hand.option)
    named = hardware or [_hardware(each, there) for each in found.servers] or owned
    return Asked(
        plan=plan,
        hardware=named or there,
        items=found.items,
        deadline_hours=found.deadline_hours,
        use_case_said=use_case_said,
        load_said=load_said,
        named=bool(named),
    )


def _of_option(option: Recommendation | None) -> list[Hardware]:
    if option is None:
        return []
    return [Hardware(gpu_type=option.gpu_type, gpus_per_server=option.gpu_count, servers=option.replicas)]


def _hardware(each: Servers, there: list[Hardware]) -> Hardware:
    """Of several sizes of a type that a name can mean, the one at hand, else the largest."""
    at_hand = [h.gpu_type for h in there]
    types = each.gpu_types or at_hand
    if not types:
        raise CompassError(f"Which GPUs? I know {', '.join(gpus())}.")
    gpu_type = next((t for t in types if t in at_hand), max(types, key=lambda t: gpus()[t].memory_gb))
    return Hardware(gpu_type=gpu_type, gpus_per_server=each.gpus, servers=each.servers)
