"""Exactly which constraint excludes what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from knowledge.catalogue import METRICS, gpus, models
from knowledge.curves import Bools
from tools.planning.plan import OVER_BUDGET
from tools.planning.sizing import Sizing
from tools.specification import FIELDS, KINDS, MAX_GPUS, Specification
from tools.wording import lower

EXCLUSIONS = {
    name: field.spec.unmet or f"{lower(field.spec.label)} not as you want it"
    for name, field in FIELDS.items()
} | {
    "context_memory": "no memory for that context beside the weights",
    "always_thinks": "always think before they answer (“with thinking” plans them)",
    "never_thinks": "not known to think before they answer",
    "gpu_types": "not on the GPU types you want",
    "withheld": (
        "the estimate is in doubt (by it, narrower weights would be much slower than wider ones, or than the"
        " GPU's roofline)"
    ),
}


def _too_long(specification: Specification) -> str:
    """Where no model at all has the context that is needed, that is said."""
    profile, longest = specification.traffic_profile, max(models().values(), key=lambda m: m.context_tokens)
    needed = max(profile.prompt_tokens + profile.output_tokens, specification.intent.min_context_tokens or 0)
    if needed <= longest.context_tokens:
        return EXCLUSIONS["min_context_tokens"]
    return (
        f"no model has a context of {needed:,} tokens (the longest, {longest.name}:"
        f" {longest.context_tokens:,})"
    )


def exclusions_in_words(counts: Mapping[str, int]) -> str:
    """As `excluded` gives them."""
    return "; ".join(f"{count:,}: {why}" for why, count in counts.items())


def excluded(sizing: Sizing, among: Bools | None = None) -> dict[str, int]:
    """How many suitable configurations, or of some of them, each constraint excludes, the
    first that does, the most first.
    """
    candidates, intent = sizing.candidates, sizing.specification.intent
    left = np.ones(len(candidates.table), dtype=bool) if among is None else among.copy()
    found: Counter[str] = Counter()

    def exclude(why: str, mask: Bools) -> None:
        found[why] += int(np.count_nonzero(left & mask))
        left[mask] = False

    for name, mask in candidates.broken.items():
        exclude(_too_long(sizing.specification) if name == "min_context_tokens" else EXCLUSIONS[name], mask)
    exclude("not simulated under bursts", ~candidates.estimates.known)
    failing = np.array([1, 2, 4]) @ (sizing.by_metric[0] <= 0)
    for pattern in np.flatnonzero(np.bincount(failing)):
        together = [metric.upper() for m, metric in enumerate(METRICS) if pattern & 1 << m]
        if together:
            exclude(f"{' and '.join(together)} p95 above target", failing == pattern)
    exclude("p95 above target at any number of replicas", ~np.isfinite(sizing.replicas))
    chosen = any(getattr(intent, name) for name in (*KINDS["providers"], *KINDS["regions"]))
    where = " at the providers and in the regions you want" if chosen else " (yours: COMPASS_PRICES)"
    unpriced = ~np.isfinite(sizing.costs)
    for code in sorted(set(candidates.gpu_codes[left & unpriced].tolist())):
        gpu = [*gpus(), "unknown GPU type"][code]
        why = (
            f"no listed machine holds so many {gpu}s"
            if candidates.offers.prices[code]
            else f"no price listed for {gpu}{where}"
        )
        exclude(why, unpriced & (candidates.gpu_codes == code))
    few = "more GPUs than you have" if intent.available_gpus else f"more than {MAX_GPUS:,} GPUs needed"
    exclude(few, sizing.gpus_needed(sizing.replicas) > candidates.available)
    if sizing.budget is not None:
        exclude(OVER_BUDGET, sizing.costs > sizing.budget)
    return {why: count for why, count in found.most_common() if count}
