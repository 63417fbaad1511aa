"""The longest request that must be possible: as it was asked for, or as it follows from the lengths."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from knowledge.estimator.workload import requests_of
from knowledge.workload import Workload
from tools.specification.assumptions import Assumption

QUANTILE = 0.99
"""Of lengths that spread, so many requests must be possible. The tail beyond is a formula's, not a trace's:
traces look lognormal up to their p95.
"""
DRAWN = 10_000
"""Requests whose lengths that quantile is taken of: as many as a plan simulates."""
THOUSAND = 1024
"""What people may mean by a thousand tokens."""


@dataclass(frozen=True)
class LongestRequest:
    """Tokens of prompt and answer together."""

    tokens: int
    """What a model's own context must have."""
    served: int
    """What is served where the model has so many: the same in the larger of the readings that the words for
    it allow.
    """
    origin: Literal["your words", "computed"]
    text: str

    @property
    def assumption(self) -> Assumption:
        return Assumption(name="longest_request", text=self.text, origin=self.origin)


def tokens_asked(said: int) -> int:
    """What must be served so that a context holds as it was said: 32,000 may be a “32k”
    that means 32,768, and a million 1,048,576.
    """
    if said % 1000:
        return said
    return tokens_asked(said // 1000) * THOUSAND if said >= 1_000_000 else said // 1000 * THOUSAND


@lru_cache(maxsize=1024)
def longest_request(workload: Workload, asked: int | None, seen_tokens: int = 0) -> LongestRequest:
    """What was asked for, but never less than what is known to come: fixed lengths, or the longest request
    seen, which may have `seen_tokens` and not be among those of the workload. Nothing being asked, lengths
    that spread are followed up to QUANTILE.
    """
    known = max((s.prompt_tokens + s.output_tokens for s in workload.seen), default=workload.tokens)
    known = max(known, seen_tokens)
    if asked is not None and tokens_asked(asked) >= known:
        served = tokens_asked(asked)
        either = f": {asked:,} may mean so many" if served != asked else ""
        text = f"requests of up to {served:,} tokens, prompt and answer, must be possible{either}"
        return LongestRequest(max(asked, known), served, "your words", text)
    of = "prompt and answer as they are planned"
    if workload.seen:
        of = "the longest request seen"
    elif asked is None and (workload.prompt_spread or workload.output_spread):
        known, of = max(known, _of_spread(workload)), f"{QUANTILE:.0%} of all by the spread of their lengths"
    if asked is not None:
        of += f", which is more than the {asked:,} asked for"
    text = f"requests of up to {known:,} tokens must be possible: {of}"
    return LongestRequest(known, known, "computed", text)


def _of_spread(workload: Workload) -> int:
    """Tokens that QUANTILE of requests have at most, by the nearest rank."""
    drawn = requests_of(workload, DRAWN)
    place = math.ceil(DRAWN * QUANTILE) - 1
    return int(np.partition(drawn.prompts + drawn.outputs, place)[place])
