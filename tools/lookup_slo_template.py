"""Tool: what a use case needs by default."""

from __future__ import annotations

from knowledge.catalogue import DemandDefaults, SloTargets, TrafficProfile, use_cases
from tools.contract import Contract
from tools.tool import tool


class SloTemplateQuery(Contract):
    use_case: str


class SloTemplate(Contract):
    """p95 targets in ms, tokens a request, and the assumptions that turn users into requests per second."""

    use_case: str
    title: str
    experience_class: str
    traffic_profile: TrafficProfile
    slo_targets: SloTargets
    demand: DemandDefaults
    rationale: str
    source: str


@tool(reads=True, about="Default targets, traffic and demand assumptions of a use case.")
def lookup_slo_template(query: SloTemplateQuery) -> SloTemplate:
    """The template of one use case. Raises ValueError, naming those that exist, for an unknown one."""
    found = use_cases().get(query.use_case)
    if found is None:
        raise ValueError(f"There is no use case {query.use_case!r}; known are {', '.join(use_cases())}.")
    return SloTemplate(
        use_case=found.id,
        title=found.title,
        experience_class=found.experience_class,
        traffic_profile=found.traffic_profile,
        slo_targets=found.slo_targets,
        demand=found.demand,
        rationale=found.rationale,
        source=f"{found.source}, {found.date}",
    )
