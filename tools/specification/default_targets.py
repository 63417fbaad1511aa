"""Targets where nobody asked for any: those of the use case, made for requests as long as these."""

from __future__ import annotations

from knowledge.catalogue import Metric, SloTargets, UseCase
from tools.specification.overrides import MOST_MS, Overrides


def default_targets(
    template: UseCase, overrides: Overrides, prompt_tokens: int, answer_tokens: int
) -> SloTargets:
    """The template's, as long as requests are no longer than its own.

    A longer prompt may take longer to be read, in proportion, what the prefix cache holds of it aside. A
    longer answer may take longer to be written: the whole is TTFT and an ITL for each token, as asked or else
    the template's, with as much to spare as the template has.
    """
    own, usual = template.slo_targets, template.traffic_profile
    fresh_tokens = prompt_tokens * (1 - (overrides.cached_share or 0.0))
    ttft_ms = min(own.ttft_p95_ms * max(1.0, fresh_tokens / usual.prompt_tokens), MOST_MS["ttft"])
    room = own.e2e_p95_ms / (own.ttft_p95_ms + usual.output_tokens * own.itl_p95_ms)
    first_ms = _loosest(overrides, "ttft") or ttft_ms
    within_ms = first_ms + answer_tokens * (_loosest(overrides, "itl") or own.itl_p95_ms)
    e2e_ms = min(max(own.e2e_p95_ms, room * within_ms), MOST_MS["e2e"])
    return SloTargets(ttft_p95_ms=_told(ttft_ms), itl_p95_ms=own.itl_p95_ms, e2e_p95_ms=_told(e2e_ms))


def _loosest(overrides: Overrides, metric: Metric) -> float | None:
    """In ms, of those that were asked for."""
    return max((overrides.asked(metric) or {}).values(), default=None)


def _told(ms: float) -> float:
    """To three digits: what nobody asked for needn't be more exact."""
    return float(f"{ms:.3g}")
