"""The least that other constraints must give: each lifted alone, as far as it takes."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from knowledge.catalogue import gpus, models
from knowledge.formats import formats_in_words
from knowledge.thinking import MODES
from tools.planning.constraints import context_of, published_quality
from tools.planning.more_hardware import any_number, enough
from tools.planning.plan import NearMiss
from tools.planning.relaxing import cheapest_after, relaxed
from tools.planning.settling import Settling
from tools.specification import (
    CONSTRAINTS,
    FIELDS,
    KINDS,
    STOCK,
    Specification,
    SpecificationChange,
    tokens_asked,
)
from tools.specification.sizes import nearest
from tools.wording import a_month, dollars


def larger_budget(before: Settling) -> Iterable[NearMiss]:
    if before.sizing.budget is None:
        return
    without = relaxed(before, SpecificationChange(clear=["budget_usd_per_month"]))
    best = without.cheapest()
    if best is None:
        return
    needed = float(math.ceil(without.sizing.costs[best]))
    text = f"a budget of {a_month(needed)} instead of {dollars(before.sizing.budget)}"
    miss = cheapest_after(
        before, SpecificationChange(budget_usd_per_month=needed), text, needed / before.sizing.budget
    )
    if miss is not None:
        yield miss


GIVING = [name for name in CONSTRAINTS if FIELDS[name].spec.gives]
_AS_ONE = {field: fields for fields in KINDS.values() if set(fields) <= set(GIVING) for field in fields}
"""Constraints by name that are lifted together: what is wanted, and what isn't."""


def lifted(before: Settling) -> Iterable[NearMiss]:
    """Each other constraint that the person set, lifted alone as far as it takes."""
    intent = before.specification.intent
    for fields in dict.fromkeys(_AS_ONE.get(name, (name,)) for name in GIVING):
        name = fields[0]
        if name == "budget_usd_per_month" or not any(getattr(intent, field) for field in fields):
            continue
        changes = [SpecificationChange.model_validate({"clear": fields})]
        if name in STOCK:
            changes = [any_number(intent, name)]
        if name == "model_sizes":  # the nearest that there are, before whatever is cheapest
            changes[:0] = [
                SpecificationChange(model_sizes=[*intent.model_sizes, f"{size:g}B"])
                for size in nearest(intent.model_sizes, {m.size_b for m in models().values()})[:2]
            ]
        for change in changes:
            without = relaxed(before, change)
            best = without.cheapest()
            if best is not None and without.sizing.option[best]:
                miss = cheapest_after(before, *_least_of(before.specification, without, name, best))
                if miss is not None:
                    yield miss
                    break


def _least_of(
    specification: Specification, without: Settling, name: str, best: int
) -> tuple[SpecificationChange, str, float | None]:
    """The smallest change of one constraint that admits what was found `without` it, of which `best` is
    the cheapest; in words, and how many times as loose it is.
    """
    intent, mode, options = specification.intent, specification.thinking, without.sizing.option
    gpu = without.table.gpu_types[best]
    published = published_quality(without.table, str(intent.use_case), mode)[options]
    if name == "min_quality" and np.isfinite(published).any():
        highest = math.floor(10 * float(np.nanmax(published))) / 10
        wanted = intent.min_quality or highest
        text = f"a quality of at least {highest:g} % {MODES[mode]} instead of {wanted:g} %"
        return SpecificationChange(min_quality=highest), text, wanted / highest
    if name == "min_context_tokens":
        longest = int(context_of(without.table)[options].max())
        longest -= tokens_asked(longest) > longest  # a round number would be read as a few tokens more
        least = intent.min_context_tokens or longest
        text = f"a context of {longest:,} tokens instead of {least:,}"
        return SpecificationChange(min_context_tokens=longest), text, least / longest
    if name in STOCK:
        replicas = int(without.sizing.all_replicas(without.sizing.replicas)[best])
        return enough(intent, name, gpu, int(without.table.gpu_counts[best]), replicas)
    if name == "preferred_gpu_types" and gpu in intent.excluded_gpu_types and not intent.preferred_gpu_types:
        rest = [g for g in intent.excluded_gpu_types if g != gpu]
        clear = SpecificationChange(clear=["excluded_gpu_types"])
        return SpecificationChange(excluded_gpu_types=rest) if rest else clear, f"{gpu} allowed too", None
    if name == "preferred_gpu_types":
        wider = [g for g in gpus() if g in (*intent.preferred_gpu_types, gpu)]
        return SpecificationChange(preferred_gpu_types=wider), f"{gpu} as well", None
    if name in ("model_sizes", "weight_formats"):
        return *_another_kind(specification, without, name, best), None
    spec = FIELDS[name].spec
    without_it = SpecificationChange.model_validate({"clear": _AS_ONE.get(name, (name,))})
    return without_it, spec.relaxed or f"without {spec.the}", None


def _another_kind(
    specification: Specification, without: Settling, name: str, best: int
) -> tuple[SpecificationChange, str]:
    """One more format of weights, that of the cheapest; or one more size, the nearest to those asked for."""
    intent, known = specification.intent, models()
    if name == "weight_formats":
        more = known[without.table.model_ids[best]].weight_format
        change = SpecificationChange(weight_formats=[*intent.weight_formats, more])
        return change, f"weights in {formats_in_words([more])} as well"
    options = {known[without.table.model_ids[n]].size_b for n in np.flatnonzero(without.sizing.option)}
    one = nearest(intent.model_sizes, options)[0]
    change = SpecificationChange(model_sizes=[*intent.model_sizes, f"{one:g}B"])
    return change, f"models of about {one:g}B as well"
