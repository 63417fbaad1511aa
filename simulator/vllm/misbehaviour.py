"""What an endpoint can do wrong on request, to see that whoever watches it notices."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal, get_args

Misbehaviour = Literal["slow", "very-slow", "spikes", "429", "500", "hang", "garbage", "gibberish", "dies"]
MISBEHAVIOURS: tuple[Misbehaviour, ...] = get_args(Misbehaviour)
EXPLAINED: dict[Misbehaviour, str] = {
    "slow": "every latency is 1.2 times what it should be",
    "very-slow": "every latency is 4 times what it should be",
    "spikes": "one step in a hundred takes a second",
    "429": "every second request is refused for too much load",
    "500": "every second request ends in an internal error",
    "hang": "requests are taken and never answered",
    "garbage": "answers are no JSON of OpenAI's API",
    "gibberish": "answers are one character over and over",
    "dies": "the connection breaks after some tokens",
}
Misbehaving = Callable[[], Collection[Misbehaviour]]
"""What is wrong now; asked at each request and each step."""
SLOWER: dict[Misbehaviour, float] = {"slow": 1.2, "very-slow": 4.0}
SPIKE_S = 1.0
SPIKE_EVERY = 100
DIES_AFTER_TOKENS = 5


def well_behaved() -> Collection[Misbehaviour]:
    return ()
