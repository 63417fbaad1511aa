"""What goes into the templates: every figure of a deployment, worked out from the recommendation."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from knowledge.catalogue import SloTargets, TrafficProfile, gpus, models
from knowledge.estimator.memory import (
    GIB,
    GPU_MEMORY_UTILIZATION,
    MAX_NUM_SEQS,
    max_num_batched_tokens,
    weights_bytes,
)
from tools.contract import Contract
from tools.manifests.annotations import PREDICTED, TARGETS
from tools.manifests.expectation import Expectation
from tools.planning.memory import requests_in_flight, served_context
from tools.planning.plan import Recommendation

TOKEN_SECRET = "hf-token"  # noqa: S105 - the name of a Secret, never its content
VLLM_IMAGE = "vllm/vllm-openai:v0.24.0"
ROCM_IMAGE = "vllm/vllm-openai-rocm:v0.24.0"
"""On AMD the same server comes in an image of its own; pinned, since KServe's
runtime would follow its own release.
"""
SLOW_LOAD_GB_PER_S = 0.25
"""From a slow network disk; the start-up probe must be patient enough for that."""
START_S = 600
SHORTEST_STARTUP_FAILURES = 60
CACHE_GIB = 10
"""For compiled kernels and CUDA graphs."""


class ManifestRequest(Contract):
    """What to render. `prometheus` is where KEDA finds vLLM's metrics: with it the
    number of replicas follows the load.
    """

    recommendation: Recommendation
    traffic_profile: TrafficProfile
    slo_targets: SloTargets
    peak_requests_per_second: float
    use_case: str
    thread_id: str
    plan_id: str
    namespace: str
    monitoring: bool = False
    """Whether the cluster knows the Prometheus operator's kinds."""
    user_ids_by_cluster: bool = False
    """Whether the cluster gives each namespace user ids of its own and refuses all
    others, as OpenShift does.
    """
    prometheus: str | None = None
    thinking_tokens: int = 0
    """Of the traffic profile's output, those that come before the answer."""
    simulator_image: str | None = None
    """Served instead of vLLM, without GPUs: for clusters that have none, such as kind."""


def images_of(simulator_image: str | None) -> frozenset[str]:
    """All images that a bundle can be rendered with."""
    return frozenset([simulator_image] if simulator_image else [VLLM_IMAGE, ROCM_IMAGE])


def deployment_name(use_case: str, plan_id: str) -> str:
    """A name of its own for each plan, in KServe's pattern
    `[a-z]([-a-z0-9]*[a-z0-9])?`, 33 characters at most.
    """
    stem = re.sub(r"[^a-z0-9]+", "-", use_case.lower())[:24].strip("-")
    return f"{stem}-{hashlib.sha256(plan_id.encode()).hexdigest()[:8]}"


def conversation_label(thread_id: str) -> str:
    """A label value for a conversation, whose own name may hold anything."""
    return hashlib.sha256(thread_id.encode()).hexdigest()[:16]


def template_values(request: ManifestRequest) -> dict[str, Any]:
    """Everything that the templates name, but the digest. Raises KeyError for a
    model or GPU that isn't catalogued.
    """
    chosen = request.recommendation
    model, gpu = models()[chosen.model_id], gpus()[chosen.gpu_type]
    simulated = request.simulator_image is not None
    plan = planned(request)
    mode = plan.thinking
    return {
        "name": deployment_name(request.use_case, request.plan_id),
        "namespace": request.namespace,
        "user_ids_by_cluster": request.user_ids_by_cluster,
        "thread_id": request.thread_id,
        "conversation": conversation_label(request.thread_id),
        "model": model,
        "gpu": gpu,
        "gpu_count": chosen.gpu_count,
        "replicas": chosen.replicas,
        "max_requests_per_second": f"{chosen.max_requests_per_second:g}",
        "predicted": plan.written[PREDICTED],
        "targets": plan.written[TARGETS],
        "max_model_len": plan.context_tokens,
        "thinking_arguments": model.thinking.arguments(mode) if model.thinking and mode else [],
        "gpu_memory_utilization": GPU_MEMORY_UTILIZATION,
        "max_num_seqs": MAX_NUM_SEQS,
        "max_num_batched_tokens": max_num_batched_tokens(gpu),
        "image": request.simulator_image or (ROCM_IMAGE if gpu.resource == "amd.com/gpu" else VLLM_IMAGE),
        "simulated": simulated,
        "token_secret": TOKEN_SECRET,
        "cpu": 1 if simulated else 4 + 2 * chosen.gpu_count,
        # Room for the weights while they load, and for the process itself.
        "memory_gib": 2 if simulated else math.ceil(weights_bytes(model) / GIB) + 8 + 4 * chosen.gpu_count,
        "shared_memory_gib": 1 if simulated else 2 * chosen.gpu_count,
        "cache_gib": 1 if simulated else CACHE_GIB,
        "startup_failures": max(
            SHORTEST_STARTUP_FAILURES,
            math.ceil((START_S + weights_bytes(model) / 1e9 / SLOW_LOAD_GB_PER_S) / 30),
        ),
        "autoscaling": _autoscaling(request),
    }


def planned(request: ManifestRequest) -> Expectation:
    """What is promised of it."""
    chosen = request.recommendation
    mode = chosen.thinking or models()[chosen.model_id].mode("off")
    return Expectation(
        model_id=chosen.model_id,
        gpu_type=chosen.gpu_type,
        gpu_count=chosen.gpu_count,
        replicas=chosen.replicas,
        prompt_tokens=request.traffic_profile.prompt_tokens,
        output_tokens=request.traffic_profile.output_tokens,
        context_tokens=chosen.context_tokens or _context(request),
        longest_tokens=chosen.memory.longest_tokens,
        thinking=mode,
        thinking_tokens=request.thinking_tokens if mode == "on" else 0,
        requests_per_second=request.peak_requests_per_second,
        max_requests_per_second=chosen.max_requests_per_second,
        cost_usd_per_month=chosen.cost_usd_per_month,
        provenance=chosen.provenance,
        ttft_p95_ms=chosen.predicted.ttft_ms.p95,
        itl_p95_ms=chosen.predicted.itl_ms.p95,
        e2e_p95_ms=chosen.predicted.e2e_ms.p95,
        targets=request.slo_targets,
    )


def _context(request: ManifestRequest) -> int:
    """Of an option that was planned before plans told their context."""
    chosen = request.recommendation
    in_flight = requests_in_flight(
        request.peak_requests_per_second / chosen.replicas, chosen.predicted.e2e_ms.p95
    )
    return served_context(
        chosen.model_id, chosen.gpu_type, chosen.gpu_count, request.traffic_profile, in_flight
    )


def _autoscaling(request: ManifestRequest) -> dict[str, Any] | None:
    """By the requests that one replica holds at once when it works at what was planned:
    its rate x the time of one (Little's law).
    """
    chosen = request.recommendation
    if request.prometheus is None or chosen.autoscaling.min_replicas >= chosen.replicas:
        return None
    rate = request.peak_requests_per_second / chosen.replicas
    seconds = (chosen.predicted.e2e_ms.p50 or chosen.predicted.e2e_ms.p95) / 1000
    return {
        "min_replicas": chosen.autoscaling.min_replicas,
        "prometheus": request.prometheus,
        "requests_per_replica": max(1, math.floor(rate * seconds)),
    }
