"""The specification: built whole from the intent, the use case's template and what the person overrode,
so that an edit can't leave a stale figure behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from knowledge.catalogue import METRICS, Metric, SloTargets, TrafficProfile, UseCase, use_cases
from knowledge.thinking import ThinkingMode
from knowledge.workload import Workload
from tools.contract import Contract
from tools.specification.assumptions import HEADROOM, Assumption, assumptions
from tools.specification.default_targets import default_targets
from tools.specification.demand import Demand
from tools.specification.longest import LongestRequest, longest_request
from tools.specification.overrides import TARGETS, Overrides
from tools.specification.traced import of_trace, of_traffic, seen_of, with_trace
from tools.specification.wishes import LOADS, Intent, Weights
from tools.thinking import planned_thinking


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
    def figures(self) -> Overrides:
        """What the person set, and beneath it what a trace tells."""
        return with_trace(self.overrides)

    @property
    def workload(self) -> Workload:
        """What a replica is simulated under, thinned arrivals aside."""
        own = self.figures
        if seen := seen_of(self.overrides, self.thinking_tokens):
            return Workload(self.traffic_profile.prompt_tokens, self.traffic_profile.output_tokens, seen=seen)
        return Workload(
            prompt_tokens=self.traffic_profile.prompt_tokens,
            output_tokens=self.traffic_profile.output_tokens,
            prompt_spread=own.prompt_spread or 0.0,
            output_spread=own.output_spread or 0.0,
            cached_share=own.cached_share or 0.0,
        )

    @property
    def default_targets(self) -> tuple[Metric, ...]:
        """The metrics whose target nobody asked for: it is the template's, or what a plan relaxed it to."""
        return tuple(m for m in METRICS if self.overrides.asked(m) is None)

    def tells_target(self, name: str) -> bool:
        """Whether a field of TARGETS is one of those that there are, or tells that there is none."""
        metric, statistic = TARGETS[name]
        of = self.slo_targets.of(metric)
        return statistic in of or (statistic == "p95" and not of)

    @property
    def longest(self) -> LongestRequest:
        """That must be possible."""
        traffic, workload = self.overrides.traffic, self.workload
        seen_tokens = traffic.longest_tokens + self.thinking_tokens if traffic and workload.seen else 0
        return longest_request(workload, self.intent.min_context_tokens, seen_tokens)

    @property
    def headroom(self) -> float:
        return HEADROOM if self.overrides.headroom is None else self.overrides.headroom

    @property
    def spare_replicas(self) -> int:
        return self.overrides.spare_replicas or 0

    def planned(self, name: str) -> Any:
        """The value of a field that is planned with, whoever set it; None or empty where there is none."""
        if name in Weights.model_fields:
            return getattr(self.intent.priorities, name.removesuffix("_priority"))
        if name in TARGETS:
            metric, statistic = TARGETS[name]
            return self.slo_targets.of(metric).get(statistic)
        own = {"output_tokens": self.answer_tokens, "thinking_tokens": self.thinking_tokens or None}
        if name in own:
            return own[name]
        parts = (self.intent, self.slo_targets, self.demand, self.traffic_profile, self, self.figures)
        return next(getattr(part, name) for part in parts if hasattr(part, name))

    def uses(self, name: str) -> bool:
        """Whether a field bears on the plan: of what turns users into a rate, only what the load, as it was
        given, needs.
        """
        return (
            name not in Demand.model_fields or name in LOADS or any(a.name == name for a in self.assumptions)
        )


def build_specification(intent: Intent, overrides: Overrides) -> Specification:
    """The whole specification of a complete intent, or of one whose load a trace tells. Raises ValueError
    for an incomplete one.
    """
    if intent.use_case is None or not (intent.complete or overrides.traffic):
        raise ValueError(
            "A specification needs a use case, and how much there is to do: users, or a rate, concurrency,"
            " daily volume or a trace."
        )
    said, traffic, traced = overrides, overrides.traffic, of_trace(overrides)
    overrides = with_trace(overrides)
    template = use_cases()[intent.use_case]
    thinking = planned_thinking(intent.thinking, intent.preferred_models, overrides.thinking_tokens, template)
    wanted = template.traffic_profile.model_dump() | set_in(overrides, TrafficProfile)
    if (
        thinking.mode == "on"
        and overrides.output_tokens is None
        and template.thinking.answer_tokens is not None
    ):
        wanted["output_tokens"] = template.thinking.answer_tokens
    profile = TrafficProfile.model_validate(
        wanted | {"output_tokens": wanted["output_tokens"] + thinking.tokens}
    )
    usual = default_targets(template, overrides, profile.prompt_tokens, wanted["output_tokens"])
    targets = _targets(usual, overrides)
    if thinking.tokens and overrides.asked("e2e") is None:
        later = targets.e2e_p95_ms + thinking.tokens * targets.loosest_ms("itl")
        targets = SloTargets.model_validate(targets.model_dump() | {"e2e_p95_ms": later})
    looser = {f"{m}_p95_ms": ms for m, ms in overrides.relaxed_ms.items() if overrides.asked(m) is None}
    targets = SloTargets.model_validate(targets.model_dump() | looser)
    demand = _demand(template, intent, overrides, targets)
    assumed = thinking.assumed(
        profile, targets, overrides.asked("e2e") is not None, overrides.thinking_tokens is not None
    )
    found = Specification(
        intent=intent,
        traffic_profile=profile,
        slo_targets=targets,
        demand=demand,
        assumptions=[
            *assumptions(template, overrides, demand, traced if intent.complete else {*traced, *LOADS}),
            *(of_traffic(said, intent.complete) if traffic else ()),
        ],
        overrides=said,
        thinking=thinking.mode,
        thinking_tokens=thinking.tokens,
    )
    return _assuming(found, assumed)


def _assuming(specification: Specification, more: Sequence[tuple[str, str, str]]) -> Specification:
    """With these as well, and with the longest request that must be possible."""
    found = [Assumption(name=name, text=text, origin=origin) for name, text, origin in more]
    told = [*specification.assumptions, *found, specification.longest.assumption]
    return specification.model_copy(update={"assumptions": told})


def _targets(usual: SloTargets, overrides: Overrides) -> SloTargets:
    """The usual ones, but of metrics for which something was asked."""
    asked = {m: of for m in METRICS if (of := overrides.asked(m)) is not None}
    other = {m: of for m, of in asked.items() if list(of) != ["p95"]}
    p95s = {f"{m}_p95_ms": of["p95"] for m, of in asked.items() if "p95" in of}
    return SloTargets.model_validate(usual.model_dump() | p95s | {"instead": other})


def _seconds_in_flight(targets: SloTargets) -> float:
    """Of one request, by its E2E target: the mean if that was asked for, else the shortest, with which
    there are the most requests.
    """
    of = targets.of("e2e")
    return of.get("mean", min(of.values(), default=targets.e2e_p95_ms)) / 1000


def _demand(template: UseCase, intent: Intent, overrides: Overrides, targets: SloTargets) -> Demand:
    """The load as it was said, else a trace's."""
    traced = overrides.traffic.peak_requests_per_second if overrides.traffic else None
    return Demand.model_validate(
        {
            "user_count": intent.user_count,
            "given_requests_per_second": intent.requests_per_second if intent.complete else traced,
            "given_concurrent_requests": intent.concurrent_requests,
            "given_requests_per_day": intent.requests_per_day,
            "seconds_in_flight": (
                _seconds_in_flight(targets) if intent.concurrent_requests is not None else None
            ),
        }
        | template.demand.model_dump()
        | set_in(overrides, Demand)
    )


def with_defaults(specification: Specification, relaxed_ms: dict[Metric, float]) -> Specification:
    """With other defaults for targets that nobody asked for; none gives back the template's."""
    overrides = specification.overrides.model_copy(update={"relaxed_ms": relaxed_ms})
    return build_specification(specification.intent, overrides)


def set_in(source: BaseModel, target: type[BaseModel]) -> dict[str, object]:
    """Those fields of `target` that `source` sets."""
    return {k: v for k, v in source.model_dump(exclude_none=True).items() if k in target.model_fields}
