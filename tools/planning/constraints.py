"""Which configurations a plan may use at all, and which of the person's constraints
excludes each of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from knowledge.catalogue import gpus, models
from knowledge.curves import Bools, CurveTable, Floats
from knowledge.estimator.withheld import withheld
from knowledge.model import LICENSE_KINDS, Model, WeightFormat
from knowledge.thinking import ThinkingMode
from tools.planning.memory import longest_alone
from tools.planning.quality import ranked_quality
from tools.specification import Intent, Specification
from tools.specification.sizes import sizes_of

_LICENSES = list(LICENSE_KINDS)
_MODES: list[ThinkingMode | None] = ["off", "on", None]


def suitable_models(intent: Intent) -> list[str]:
    """The models that the person named, else those that the catalogue recommends for the use case and
    that may be used commercially; of sizes and formats that those lack and that are asked for, all that
    there are.

    Without those that the person doesn't want.
    """
    wanted = [m for m in models() if m in intent.preferred_models] or [
        *_recommended_for(intent.use_case),
        *_of_its_kind_alone(intent.use_case, tuple(intent.model_sizes), tuple(intent.weight_formats)),
    ]
    return [m for m in wanted if m not in intent.excluded_models]


@cache
def _recommended_for(use_case_id: str | None) -> tuple[str, ...]:
    return tuple(
        m.id
        for m in models().values()
        if use_case_id in m.recommended_for and m.license_kind != "non-commercial"
    )


@cache
def _of_its_kind_alone(
    use_case_id: str | None, sizes: tuple[str, ...], formats: tuple[WeightFormat, ...]
) -> tuple[str, ...]:
    """Of each size asked for, in the formats asked for, every model that may be used commercially, if none
    of the recommended is one: who asks for a 70B chatbot shall have one.
    """
    recommended, found = _recommended_for(use_case_id), []
    for size in sizes or [""] * bool(formats):
        meant = [
            m.id
            for m in models().values()
            if of_the_sizes(m, [size] if size else [])
            and in_the_formats(m, formats)
            and m.license_kind != "non-commercial"
        ]
        found += meant if not set(meant) & set(recommended) else []
    return tuple(dict.fromkeys(found))


def of_the_sizes(model: Model, sizes: Sequence[str]) -> bool:
    """Whether a model is of one of some sizes; any is, where there are none."""
    return not sizes or any(sizes_of(size).hold(model.size_b) for size in sizes)


def in_the_formats(model: Model, formats: Sequence[WeightFormat]) -> bool:
    return not formats or model.weight_format in formats


def wanted_gpu_types(intent: Intent) -> list[str]:
    """The GPU types that the person wants, else all; without those excluded."""
    return [g for g in intent.preferred_gpu_types or gpus() if g not in intent.excluded_gpu_types]


def suitable(table: CurveTable, intent: Intent) -> CurveTable:
    """The configurations of suitable models, kept with the table."""
    wanted = suitable_models(intent)
    return table.kept(
        ("suitable", tuple(wanted)),
        lambda: table.select(np.flatnonzero(table.codes(wanted, "model_ids") >= 0)),
    )


def broken(table: CurveTable, specification: Specification) -> dict[str, Bools]:
    """For each constraint on models and GPU types, those that the person set first: its
    name, and where it is not met.
    """
    intent = specification.intent
    found: dict[str, Bools] = {}
    longest, own = specification.longest, _kept(table, ("model context",), lambda m: m.context_tokens)
    short: Bools = own < longest.tokens
    if short.any():
        found["min_context_tokens"] = short
    # Of the planned length, which stands for all where nothing else is asked, every row holds at least one.
    if intent.min_context_tokens or longest.served > specification.workload.tokens:
        found["context_memory"] = context_of(table) < np.minimum(longest.served, own)
    if intent.licenses:
        codes = _kept(table, ("licence",), lambda m: _LICENSES.index(m.license_kind))
        found["licenses"] = ~np.isin(codes, [_LICENSES.index(kind) for kind in intent.licenses])
    if intent.model_sizes:
        asked = tuple(intent.model_sizes)
        found["model_sizes"] = _kept(table, ("size", *asked), lambda m: of_the_sizes(m, asked)) != 1
    if intent.weight_formats:
        formats = tuple(intent.weight_formats)
        found["weight_formats"] = (
            _kept(table, ("format", *formats), lambda m: in_the_formats(m, formats)) != 1
        )
    if intent.min_quality is not None:
        found["min_quality"] = ~(
            published_quality(table, str(intent.use_case), specification.thinking) >= intent.min_quality
        )
    if intent.preferred_gpu_types or intent.excluded_gpu_types:
        found["gpu_types"] = table.codes(wanted_gpu_types(intent), "gpu_types") < 0
    wanted = specification.thinking
    modes: Floats = _kept(table, ("mode", wanted), lambda m: _MODES.index(m.mode(wanted)))
    if wanted == "off":
        found["always_thinks"] = modes == _MODES.index("on")
    elif intent.thinking == "on":
        found["never_thinks"] = modes != _MODES.index("on")
    doubted = in_doubt(table)
    if doubted.any():
        found["withheld"] = doubted
    return found


def in_doubt(table: CurveTable) -> Bools:
    """(configurations,): nothing but an estimate is known of it, and no plan may use that."""

    def listed() -> Bools:
        keys = zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)
        return np.asarray(table.estimated & np.array([key in withheld() for key in keys], dtype=bool))

    return table.kept(("withheld",), listed)


def quality_for_rank(table: CurveTable, use_case_id: str, mode: ThinkingMode) -> Floats:
    """(configurations,), in percent: the model's in this mode, its base's, or what
    an unknown one is ranked as.
    """
    return _kept(table, ("quality", use_case_id, mode), lambda m: ranked_quality(m.id, use_case_id, mode)[0])


def published_quality(table: CurveTable, use_case_id: str, mode: ThinkingMode) -> Floats:
    """The same, NaN where neither the checkpoint's nor its base's is known."""

    def known(model: Model) -> float:
        quality, published = ranked_quality(model.id, use_case_id, mode)
        return quality if published else np.nan

    return _kept(table, ("published", use_case_id, mode), known)


def context_of(table: CurveTable) -> Floats:
    """(configurations,): tokens of the longest request that one replica can hold beside its weights."""

    def longest() -> Floats:
        keys = zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)
        return np.array([longest_alone(*key) for key in keys], dtype=np.float64)

    return table.kept(("context",), longest)


def _kept(table: CurveTable, key: tuple[str, ...], figure: Callable[[Model], float]) -> Floats:
    """A figure of each configuration's model, kept with the table; NaN for a model
    that the catalogue lacks.
    """

    def figures() -> Floats:
        known = list(models().values())
        values = np.array([*(figure(m) for m in known), np.nan])
        return np.asarray(values[table.codes([m.id for m in known], "model_ids")])

    return table.kept(key, figures)
