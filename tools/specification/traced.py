"""A trace beneath what a person set: its figures count where they set none."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.workload import SeenRequest
from tools.specification.assumptions import Assumption
from tools.specification.overrides import Overrides
from tools.wording import rate

LENGTHS = ("prompt_tokens", "output_tokens", "prompt_spread", "output_spread", "cached_share")
"""Figures that the requests of a trace stand for together; with one of them set, they don't any more."""
NAMES = {
    "prompt_tokens": "prompt lengths",
    "output_tokens": "answer lengths",
    "prompt_spread": "spread of prompts",
    "output_spread": "spread of answers",
    "cached_share": "prefix cache hits",
    "burstiness": "burstiness",
    "minute_peak": "highest minute",
    "trough_fraction": "quietest hour",
}
"""In the order in which they are told."""
WITH = {"prompt_spread": "prompt_tokens", "output_spread": "output_tokens"}
"""What goes without saying beside what."""


def of_trace(overrides: Overrides) -> frozenset[str]:
    """The figures that a trace gives, since the person set none."""
    figures = overrides.traffic.figures if overrides.traffic else {}
    return frozenset(name for name in figures if getattr(overrides, name) is None)


def with_trace(overrides: Overrides) -> Overrides:
    """The overrides, with a trace's figures where there are none."""
    if overrides.traffic is None:
        return overrides
    figures = overrides.traffic.figures
    return overrides.model_copy(update={name: figures[name] for name in of_trace(overrides)})


def seen_of(overrides: Overrides, thinking_tokens: int) -> tuple[SeenRequest, ...]:
    """The requests of a trace, with thoughts before their answers; none where the person set a length
    otherwise.
    """
    traffic = overrides.traffic
    if traffic is None or any(getattr(overrides, name) is not None for name in LENGTHS):
        return ()
    if not thinking_tokens:
        return traffic.seen
    return tuple(each._replace(output_tokens=each.output_tokens + thinking_tokens) for each in traffic.seen)


def of_traffic(overrides: Overrides, load_is_said: bool) -> list[Assumption]:
    """What is taken from a trace and what isn't, since the person set it, or the trace doesn't tell it."""
    traffic = overrides.traffic
    if traffic is None:
        return []
    told, taken = traffic.figures, of_trace(overrides)
    parts = [name for name in NAMES if name in taken and WITH.get(name) not in taken]
    peak = f"{rate(traffic.peak_requests_per_second)} requests/s"
    text = f"{traffic.requests:,} requests" + (f": {_listed(parts)}" if parts else "")
    if seen_of(overrides, 0) and traffic.requests > len(traffic.seen):
        text += f"; {len(traffic.seen):,} of them stand for all"
    if load_is_said:
        text += f". Not used, since you say the load: its {peak}"
    else:
        text += f". The load is that of its busiest hour: {peak}"
    if set_otherwise := [name for name in NAMES if name in told and name not in taken]:
        text += f". Not used, since you set them otherwise: {_listed(set_otherwise)}"
    if silent := [name for name in NAMES if name not in told]:
        text += f". Not told by it: {_listed(silent)}"
    return [Assumption(name="traffic", text=text, origin=f"trace {traffic.name}")]


def _listed(names: Sequence[str]) -> str:
    *first, last = (NAMES[name] for name in names)
    return f"{', '.join(first)} and {last}" if first else last
