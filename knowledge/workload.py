"""What requests look like: how long, how much of them the prefix cache holds, how they arrive.

A workload is what a replica is simulated under. Lengths are a mean with a spread (lognormal, which is what
public traces look like between their p10 and p95), or requests as they were seen in a trace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from knowledge.catalogue import TrafficProfile

MOST_SEEN = 512
"""Requests of a trace that a workload keeps: enough for every percentile that is planned with, and short
enough for a checkpoint.
"""


class SeenRequest(NamedTuple):
    """One request of a trace, in tokens; `cached_tokens` of the prompt were in the prefix cache already."""

    prompt_tokens: int
    output_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True)
class Workload:
    """Tokens of requests; hashable, so that what was simulated under it is found again.

    `prompt_spread` and `output_spread` are coefficients of variation (standard deviation over mean); 0 is a
    fixed length. `cached_share` of every prompt is found in the prefix cache. Where `seen` is not empty it
    stands for all of these, and the means are its own.
    """

    prompt_tokens: int
    """Mean."""
    output_tokens: int
    """Mean; thoughts included."""
    prompt_spread: float = 0.0
    output_spread: float = 0.0
    cached_share: float = 0.0
    burstiness: float = 1.0
    """Squared coefficient of variation of the times between arrivals: 1 is Poisson."""
    seen: tuple[SeenRequest, ...] = ()

    @property
    def tokens(self) -> int:
        """Of the mean request, prompt and answer."""
        return self.prompt_tokens + self.output_tokens


def workload_of(profile: TrafficProfile) -> Workload:
    """Requests of fixed lengths."""
    return Workload(prompt_tokens=profile.prompt_tokens, output_tokens=profile.output_tokens)
