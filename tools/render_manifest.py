"""Tool: from a chosen configuration to files, their digest and a validation report. Touches no cluster."""

from __future__ import annotations

import hashlib
import math
import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.estimator.memory import GIB, GPU_MEMORY_UTILIZATION, MAX_NUM_SEQS, max_num_batched_tokens, plan_memory, weights_bytes
from tools.manifest_check import Problem, check_bundle
from tools.recommendation import Recommendation
from tools.specification import Contract

TOKEN_SECRET = "hf-token"  # noqa: S105 - the name of a Secret, never its content
ROCM_IMAGE = "vllm/vllm-openai-rocm:v0.24.0"
"""KServe's vLLM runtime is built for CUDA; on AMD the same server comes in an image of its own."""
TEMPLATES = {"01-service-account.yaml": "service-account.yaml.j2", "02-inference-service.yaml": "inference-service.yaml.j2"}
"""File to template, in the order of applying."""


class ManifestRequest(Contract):
    recommendation: Recommendation
    traffic_profile: TrafficProfile
    use_case: str
    thread_id: str
    plan_id: str
    namespace: str


class ManifestFile(Contract):
    path: str
    content: str


class ManifestBundle(Contract):
    """What would be applied, byte for byte; `digest` covers paths and contents."""

    name: str
    namespace: str
    model_id: str
    files: list[ManifestFile]
    digest: str
    problems: list[Problem]

    @property
    def valid(self) -> bool:
        return not self.problems


def digest_of(files: list[ManifestFile]) -> str:
    """`sha256:` over each file's path and content in order, each with its length before it so that no two lists collide."""
    state = hashlib.sha256()
    for file in files:
        for part in (file.path.encode(), file.content.encode()):
            state.update(len(part).to_bytes(8))
            state.update(part)
    return f"sha256:{state.hexdigest()}"


def deployment_name(use_case: str, plan_id: str) -> str:
    """A name of its own for each plan, in KServe's pattern `[a-z]([-a-z0-9]*[a-z0-9])?`, 33 characters at most."""
    stem = re.sub(r"[^a-z0-9]+", "-", use_case.lower())[:24].strip("-")
    return f"{stem}-{hashlib.sha256(plan_id.encode()).hexdigest()[:8]}"


def render_manifest(request: ManifestRequest) -> ManifestBundle:
    """The files of a deployment. The same request always gives the same bytes."""
    chosen = request.recommendation
    model, gpu = models()[chosen.model_id], gpus()[chosen.gpu_type]
    tokens = request.traffic_profile.prompt_tokens + request.traffic_profile.output_tokens
    longest = plan_memory(model, gpu, chosen.gpu_count, tokens).max_context_tokens
    values = {
        "name": deployment_name(request.use_case, request.plan_id),
        "namespace": request.namespace,
        "conversation": hashlib.sha256(request.thread_id.encode()).hexdigest()[:16],
        "model": model,
        "gpu": gpu,
        "gpu_count": chosen.gpu_count,
        "replicas": chosen.replicas,
        "max_requests_per_second": f"{chosen.max_requests_per_second:g}",
        # Twice the profile's length leaves room for longer requests than the average; vLLM won't start if one can't fit.
        "max_model_len": min(longest, 2 ** math.ceil(math.log2(2 * tokens))),
        "gpu_memory_utilization": GPU_MEMORY_UTILIZATION,
        "max_num_seqs": MAX_NUM_SEQS,
        "max_num_batched_tokens": max_num_batched_tokens(gpu),
        "image": ROCM_IMAGE if gpu.resource == "amd.com/gpu" else None,
        "token_secret": TOKEN_SECRET,
        "cpu": 4 + 2 * chosen.gpu_count,
        # Room for the weights while they load, and for the process itself.
        "memory_gib": math.ceil(weights_bytes(model) / GIB) + 8 + 4 * chosen.gpu_count,
        "shared_memory_gib": 2 * chosen.gpu_count,
    }
    environment = _environment()
    files = [
        ManifestFile(path=path, content=environment.get_template(template).render(values).rstrip() + "\n")
        for path, template in TEMPLATES.items()
    ]
    return ManifestBundle(
        name=str(values["name"]),
        namespace=request.namespace,
        model_id=model.id,
        files=files,
        digest=digest_of(files),
        problems=check_bundle([(f.path, f.content) for f in files]),
    )


@cache
def _environment() -> Environment:
    # autoescape is for HTML; this is YAML, and every value is validated before it comes here
    return Environment(loader=PackageLoader("templates", package_path=""), undefined=StrictUndefined, autoescape=False)  # noqa: S701
