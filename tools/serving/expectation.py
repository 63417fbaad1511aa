"""What a deployment was planned to do: written into its InferenceService when it was
rendered, and covered by the approval.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

import numpy as np
import yaml
from pydantic import ValidationError

from knowledge.catalogue import METRICS, Metric, SloTargets, TrafficProfile, models
from knowledge.database import Database
from knowledge.thinking import ThinkingMode
from tools.clusters.objects import Object, annotation, notes_of, spec_of
from tools.contract import Contract
from tools.manifests.annotations import MODEL, PREDICTED, TARGETS
from tools.manifests.digests import ManifestFile
from tools.planning.pricing import HOURS_PER_MONTH
from tools.planning.quality import MODES, mode_in_words


class Expectation(Contract):
    """`requests_per_second` is the planned peak, of all `replicas`; `predicted` are p95s there, in ms."""

    model_id: str
    gpu_type: str
    gpu_count: int
    replicas: int
    prompt_tokens: int
    output_tokens: int
    context_tokens: int | None = None
    """Of the longest request that is served; None in deployments from before it was told."""
    thinking: ThinkingMode | None = None
    """The mode it was planned in; None where it isn't known, as of older deployments."""
    thinking_tokens: int = 0
    """Of the output, those that come before the answer."""
    requests_per_second: float
    max_requests_per_second: float
    """That all replicas can take within the targets."""
    cost_usd_per_month: float
    provenance: str
    ttft_p95_ms: float
    itl_p95_ms: float
    e2e_p95_ms: float
    targets: SloTargets

    @property
    def profile(self) -> TrafficProfile:
        return TrafficProfile(prompt_tokens=self.prompt_tokens, output_tokens=self.output_tokens)

    @property
    def usd_per_hour(self) -> float:
        return self.cost_usd_per_month / HOURS_PER_MONTH

    def at_peak(self, metric: Metric) -> float:
        """The p95 in ms that was predicted at the planned peak."""
        return float(getattr(self, f"{metric}_p95_ms"))

    def at(self, requests_per_second: float, replicas: int, database: Database) -> dict[Metric, float] | None:
        """p95s in ms by the benchmark table if so many replicas share this rate; None
        where it has no rows of exactly this traffic.
        """
        table = database.curves(self.profile)
        known = (table.codes([self.model_id], "model_ids") == 0) & (
            table.codes([self.gpu_type], "gpu_types") == 0
        )
        found = np.flatnonzero(known & (table.gpu_counts == self.gpu_count))
        if not len(found) or not replicas:
            return None
        seen = table.select(found).curves.p95_at(np.array([requests_per_second / replicas]))[:, 0]
        return (
            {metric: float(p95) for metric, p95 in zip(METRICS, seen, strict=True)}
            if np.isfinite(seen).all()
            else None
        )


def inference_service_of(files: list[ManifestFile]) -> Object | None:
    """The InferenceService among manifests, to be read and not changed."""
    content = next((f.content for f in files if "\nkind: InferenceService\n" in f"\n{f.content}"), None)
    return None if content is None else _read(content)


@lru_cache(maxsize=256)
def _read(content: str) -> Object:
    document: Object = yaml.load(content, Loader=yaml.CSafeLoader)
    return document


def _arguments(service: Object | None) -> list[str]:
    """Of the vLLM that an InferenceService starts."""
    predictor: Object = spec_of(service or {}).get("predictor") or {}
    container: Object = predictor.get("model") or next(iter(predictor.get("containers") or []), {})
    return [str(argument) for argument in container.get("args") or []]


def served_thinking(service: Object | None) -> str | None:
    """Whether what is served thinks before it answers, in words; None where its vLLM
    isn't told, as in older deployments.
    """
    model = models().get(str(annotation(service, MODEL))) if service else None
    if model is None:
        return None
    if model.thinking is None:
        return mode_in_words(None, None)
    told = [
        a
        for a in _arguments(service)
        if a.startswith(("--reasoning-parser=", "--default-chat-template-kwargs="))
    ]
    mode = next((mode for mode in MODES if model.thinking.arguments(mode) == told), None)
    return None if mode is None else mode_in_words(model.thinking, model.thinking.mode(mode))


def served_context(service: Object | None) -> int | None:
    """Tokens of the longest request that an InferenceService takes, as its vLLM is
    started; None where it doesn't say.
    """
    said = [
        a.removeprefix("--max-model-len=") for a in _arguments(service) if a.startswith("--max-model-len=")
    ]
    return int(said[-1]) if said and re.fullmatch("[0-9]{1,9}", said[-1]) else None


def expectation_of(service: Object | None) -> Expectation | None:
    """Of an InferenceService; None where it carries none, or one that can't be read,
    as of older deployments.
    """
    notes = notes_of(service) if service else {}
    try:
        return Expectation.model_validate(
            json.loads(notes[PREDICTED]) | {"targets": json.loads(notes[TARGETS])}
        )
    except (KeyError, ValueError, TypeError, ValidationError):
        return None
