"""Which configurations a plan may use at all, and which of the person's constraints excludes each of the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from knowledge.catalogue import Model, gpus, models
from knowledge.curves import Bools, CurveTable, Floats
from knowledge.estimator.memory import plan_memory
from tools.quality import ranked_quality
from tools.specification import Intent, Specification

KEPT = 20
"""Selections of models that a table keeps: one for each use case, and the latest that people named."""


def suitable_models(intent: Intent) -> list[str]:
    """The models that the person named, else those that the catalogue recommends for the use case and that may be used commercially."""
    if intent.preferred_models:
        return [m for m in models() if m in intent.preferred_models]
    return [m.id for m in models().values() if intent.use_case in m.recommended_for and m.license_kind != "non-commercial"]


def wanted_gpu_types(intent: Intent) -> list[str]:
    """The GPU types that the person wants, else all; without those excluded."""
    return [g for g in intent.preferred_gpu_types or gpus() if g not in intent.excluded_gpu_types]


def suitable(table: CurveTable, intent: Intent) -> CurveTable:
    """The configurations of suitable models, kept with the table."""
    wanted = suitable_models(intent)
    key = ("suitable", tuple(wanted))
    if key not in table.memo:
        for old in [k for k in table.memo if k[0] == "suitable"][:-KEPT]:
            del table.memo[old]
        table.memo[key] = table.select(np.flatnonzero(table.codes(wanted, "model_ids") >= 0))
    found: CurveTable = table.memo[key]
    return found


def broken(table: CurveTable, specification: Specification) -> dict[str, Bools]:
    """For each constraint that the person set on models and GPU types: its name in the intent, and where it is not met."""
    intent = specification.intent
    found: dict[str, Bools] = {}
    tokens = specification.traffic_profile.prompt_tokens + specification.traffic_profile.output_tokens
    longest = max(tokens, intent.min_context_tokens or 0)
    short = _by_model(table, lambda m: m.context_tokens < longest)
    if intent.min_context_tokens:
        short |= context_of(table, specification) < longest
    if short.any():
        found["min_context_tokens"] = short
    if intent.licenses:
        found["licenses"] = _by_model(table, lambda m: m.license_kind not in intent.licenses)
    if intent.min_quality is not None:
        found["min_quality"] = ~(published_quality(table, str(intent.use_case)) >= intent.min_quality)
    if intent.preferred_gpu_types or intent.excluded_gpu_types:
        found["gpu_types"] = table.codes(wanted_gpu_types(intent), "gpu_types") < 0
    return found


def quality_for_rank(table: CurveTable, use_case_id: str) -> Floats:
    """(configurations,), in percent: the model's, its base's, or what an unknown one is ranked as."""
    key = ("quality", use_case_id)
    if key not in table.memo:
        table.memo[key] = _figure(table, lambda m: ranked_quality(m.id, use_case_id)[0])
    found: Floats = table.memo[key]
    return found


def published_quality(table: CurveTable, use_case_id: str) -> Floats:
    """The same, NaN where neither the checkpoint's nor its base's is known."""
    key = ("published", use_case_id)
    if key not in table.memo:

        def known(model: Model) -> float:
            quality, published = ranked_quality(model.id, use_case_id)
            return quality if published else np.nan

        table.memo[key] = _figure(table, known)
    found: Floats = table.memo[key]
    return found


def context_of(table: CurveTable, specification: Specification) -> Floats:
    """(configurations,): tokens of the longest request that one replica can hold beside its weights."""
    if "context" not in table.memo:
        keys = zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)
        known = [(models().get(m), gpus().get(g), n) for m, g, n in keys]
        tokens = specification.traffic_profile.prompt_tokens + specification.traffic_profile.output_tokens
        longest = [plan_memory(m, g, n, tokens).max_context_tokens if m and g else 0 for m, g, n in known]
        table.memo["context"] = np.array(longest, dtype=np.float64)
    found: Floats = table.memo["context"]
    return found


def _by_model(table: CurveTable, test: Callable[[Model], bool]) -> Bools:
    failing = [m.id for m in models().values() if test(m)]
    found: Bools = table.codes(failing, "model_ids") >= 0
    return found


def _figure(table: CurveTable, of: Callable[[Model], float]) -> Floats:
    known = list(models().values())
    values = np.array([*(of(m) for m in known), np.nan])
    return np.asarray(values[table.codes([m.id for m in known], "model_ids")])
