"""Exactly which constraint excludes what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from knowledge.catalogue import METRICS, gpus, models, models_in_words
from knowledge.curves import Bools
from knowledge.formats import formats_in_words
from tools.planning.constraints import in_the_formats, of_the_sizes
from tools.planning.plan import OVER_BUDGET
from tools.planning.pricing import Offers
from tools.planning.sizing import Sizing
from tools.specification import FIELDS, KINDS, MAX_GPUS, STOCK, Intent, Specification
from tools.specification.sizes import nearest_in_words
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
    needed, longest = specification.longest.tokens, max(models().values(), key=lambda m: m.context_tokens)
    if needed <= longest.context_tokens:
        return EXCLUSIONS["min_context_tokens"]
    return (
        f"no model has a context of {needed:,} tokens (the longest, {longest.name}:"
        f" {longest.context_tokens:,})"
    )


def _of_no_such_kind(intent: Intent, name: str) -> str:
    """Where no model that there is, or none that is named, is of such a size or in such a format, that is
    said with what there is.
    """
    among = [models()[i] for i in intent.preferred_models] or list(models().values())
    whose = models_in_words(intent.preferred_models) or "the models that I know"
    wanted = FIELDS[name].written(getattr(intent, name))
    if name == "model_sizes" and not any(of_the_sizes(m, intent.model_sizes) for m in among):
        near = nearest_in_words(intent.model_sizes, {m.size_b for m in among})
        return f"of {whose} none is {wanted} (the nearest there are: {near})"
    if name == "weight_formats" and not any(in_the_formats(m, intent.weight_formats) for m in among):
        there_are = formats_in_words([m.weight_format for m in among])
        return f"of {whose} there is no checkpoint in {wanted} (there are {there_are})"
    return EXCLUSIONS[name]


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

    def any_of(names: Iterable[str]) -> bool:
        return any(getattr(intent, name) for name in names)

    def exclude(why: str, mask: Bools) -> None:
        found[why] += int(np.count_nonzero(left & mask))
        left[mask] = False

    for name, mask in candidates.broken.items():
        if name == "min_context_tokens":
            exclude(_too_long(sizing.specification), mask)
        elif name in ("model_sizes", "weight_formats"):
            exclude(_of_no_such_kind(intent, name), mask)
        else:
            exclude(EXCLUSIONS[name], mask)
    exclude("not simulated under bursts", ~candidates.estimates.known)
    figure = "p95" if candidates.judging.plain else "latency"
    failing = np.array([1, 2, 4]) @ (sizing.by_metric[0] <= 0)
    for pattern in np.flatnonzero(np.bincount(failing)):
        together = [metric.upper() for m, metric in enumerate(METRICS) if pattern & 1 << m]
        if together:
            exclude(f"{' and '.join(together)} {figure} above target", failing == pattern)
    exclude(f"{figure} above target at any number of replicas", ~np.isfinite(sizing.replicas))
    where = " (yours: COMPASS_PRICES)"
    if any_of((*KINDS["providers"], *KINDS["regions"], "instance_types")):
        where = " at the providers and in the regions you want"
    if intent.instance_types:
        where += f" as {' or '.join(intent.instance_types)}"
    supply, unpriced = candidates.supply, ~np.isfinite(sizing.costs)
    if isinstance(supply, Offers):
        for code in sorted(set(candidates.gpu_codes[left & unpriced].tolist())):
            gpu = [*gpus(), "unknown GPU type"][code]
            sold = f"no listed machine holds so many {gpu}s"
            exclude(
                sold if supply.prices[code] else f"no price listed for {gpu}{where}",
                unpriced & (candidates.gpu_codes == code),
            )
    else:
        too_small = supply.has(candidates.gpu_codes) & (candidates.room < 1)
        exclude("no server of yours holds that many GPUs", too_small)
    few = "more GPUs than you have" if any_of(STOCK) else f"more than {MAX_GPUS:,} GPUs needed"
    exclude(few, sizing.all_replicas(sizing.replicas) > candidates.room)
    if sizing.budget is not None:
        exclude(OVER_BUDGET, sizing.costs > sizing.budget)
    return {why: count for why, count in found.most_common() if count}
