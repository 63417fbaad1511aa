"""From the traffic that a person has to the GuideLLM profile that benchmarks exist for."""

from __future__ import annotations

from knowledge.catalogue import TrafficProfile, traffic_profiles
from knowledge.errors import CompassError


def map_to_benchmark_profile(wanted: TrafficProfile) -> TrafficProfile:
    """The lightest profile that is no easier than `wanted` in prompt or output.
    Raises CompassError if none is.
    """
    covering = [
        p
        for p in traffic_profiles()
        if p.prompt_tokens >= wanted.prompt_tokens and p.output_tokens >= wanted.output_tokens
    ]
    if not covering:
        known = ", ".join(str(p) for p in traffic_profiles())
        raise CompassError(
            f"There are no benchmarks for {wanted}. The table covers requests up to one of: {known}. Smaller"
            " figures can be planned."
        )
    return min(covering, key=lambda p: p.prompt_tokens + p.output_tokens)
