"""From the traffic that a person has to the GuideLLM profile that measurements exist for."""

from __future__ import annotations

import math

from knowledge.catalogue import TrafficProfile, traffic_profiles


def map_to_benchmark_profile(wanted: TrafficProfile) -> TrafficProfile:
    """The nearest profile by the ratios of prompt and answer; of equally near ones the heavier. By it,
    measured and observed rows are found: a plan is sized with the lengths that were asked for.
    """

    def far(profile: TrafficProfile) -> tuple[float, int]:
        ratios = (
            profile.prompt_tokens / wanted.prompt_tokens,
            profile.output_tokens / wanted.output_tokens,
        )
        return sum(abs(math.log(ratio)) for ratio in ratios), -profile.prompt_tokens

    return min(traffic_profiles(), key=far)
