"""Which manifests an option gets: the plan's figures, and what the settings say of the cluster."""

from __future__ import annotations

from knowledge.settings import Settings
from tools.manifests.values import ManifestRequest
from tools.planning.plan import Recommendation
from tools.specification import Specification


def manifest_request(
    chosen: Recommendation,
    specification: Specification,
    thread_id: str,
    plan_id: str,
    settings: Settings,
    monitoring: bool = False,
) -> ManifestRequest:
    """`monitoring`: with a PodMonitor; see `fitted` for what a cluster takes."""
    return ManifestRequest(
        recommendation=chosen,
        traffic_profile=specification.traffic_profile,
        thinking_tokens=specification.thinking_tokens,
        slo_targets=specification.slo_targets,
        peak_requests_per_second=specification.demand.peak_requests_per_second,
        use_case=specification.intent.use_case or "",
        thread_id=thread_id,
        plan_id=plan_id,
        namespace=settings.namespace,
        monitoring=monitoring,
        prometheus=settings.autoscaling_prometheus,
        simulator_image=settings.simulator_image,
    )
