"""Which models and GPU types a plan considers at all."""

from __future__ import annotations

from knowledge.catalogue import gpus, models
from tools.specification import Specification


def candidate_models(specification: Specification) -> list[str]:
    """The models that the person named, else those that the catalogue recommends for the use case; with enough context."""
    intent = specification.intent
    tokens = specification.traffic_profile.prompt_tokens + specification.traffic_profile.output_tokens
    return [
        m.id
        for m in models().values()
        if m.context_tokens >= tokens
        and (m.id in intent.preferred_models if intent.preferred_models else intent.use_case in m.recommended_for)
    ]


def candidate_gpu_types(specification: Specification) -> list[str]:
    """The GPU types that the person wants, else all; without those excluded."""
    intent = specification.intent
    return [g for g in intent.preferred_gpu_types or gpus() if g not in intent.excluded_gpu_types]
