"""What of a latency is meant: its mean, median or a percentile, a user's tokens a second, or no target."""

from __future__ import annotations

import re
from typing import Any

from agent.models.builtin.units import METRICS
from knowledge.catalogue import STATISTICS, Statistic
from tools.specification import TARGETS

_CALLED: dict[Statistic, str] = {
    "mean": r"mean|average|avg",
    "p50": r"p50|median|50th percentile",
    "p90": r"p90|90th percentile",
    "p95": r"p95|95th percentile",
    "p99": r"p99|99th percentile",
}
_ANY = "|".join(f"(?P<{statistic}>{_CALLED[statistic]})" for statistic in STATISTICS)
_BEFORE = re.compile(rf"\b(?:{_ANY})(?: (?:of|for|the|a|an|latency|value))*\s*$")
_BEHIND = re.compile(rf"[\s(,]*(?:(?:at|for|as|in|on|the|latency|target)\s+)*(?:{_ANY})\b")
TOKENS_A_SECOND = re.compile(
    r"\s*(?:output )?tok(?:en)?s?\s*(?:per|/|a|each)\s*s(?:ec(?:ond)?)?\b\s*"
    r"(?:per|/|for|to|and|a)\s*(?:each |every |the |an? )?(?:user|person|request|stream|client)s?\b"
)
"""Behind the figure: “20 tokens per second per user”."""
_WITHOUT = re.compile(
    r"\b(?:no|without(?: an?| any)?|(?:don['’]?t|do not) (?:need|want|have)(?: an?| any)?)"
    rf" (?:(?P<every>latency)|{'|'.join(f'(?P<{name}>{said})' for name, said in METRICS.items())})"
    r" (?:targets?|limits?|requirements?|slos?|objectives?)\b"
)


def at_statistic(low: str, field: str, metric: tuple[int, int], figure_ends: int) -> str:
    """The field of a target whose metric stands at `metric`, by the statistic that stands before it,
    behind it, or behind the figure and its unit; the p95's where none does.
    """
    start, end = metric
    found = (
        _BEFORE.search(low[max(0, start - 40) : start])
        or _BEHIND.match(low, end)
        or _BEHIND.match(low, figure_ends)
    )
    statistic = next((s for s in STATISTICS if found and found[s]), "p95")
    return next(name for name, of in TARGETS.items() if of == (TARGETS[field][0], statistic))


def read_without(low: str, fields: dict[str, Any]) -> None:
    """“No TTFT target”; “no latency target” is of all three."""
    without = []
    for found in _WITHOUT.finditer(low):
        without += [TARGETS[name][0] for name in METRICS if found["every"] or found[name]]
    if without:
        fields["no_target"] = list(dict.fromkeys(without))
