"""What an InferenceService serves, by the arguments of the vLLM that it starts."""

from __future__ import annotations

import re
from functools import lru_cache

import yaml

from knowledge.catalogue import models
from knowledge.thinking import MODES, mode_in_words
from tools.clusters.objects import Object, annotation, spec_of
from tools.manifests.annotations import MODEL
from tools.manifests.digests import ManifestFile


def inference_service_of(files: list[ManifestFile]) -> Object | None:
    """The InferenceService among manifests, to be read and not changed."""
    content = next((f.content for f in files if "\nkind: InferenceService\n" in f"\n{f.content}"), None)
    return None if content is None else _read(content)


@lru_cache(maxsize=256)
def _read(content: str) -> Object:
    document: Object = yaml.load(content, Loader=yaml.CSafeLoader)
    return document


def arguments_of(service: Object | None) -> list[str]:
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
        for a in arguments_of(service)
        if a.startswith(("--reasoning-parser=", "--default-chat-template-kwargs="))
    ]
    mode = next((mode for mode in MODES if model.thinking.arguments(mode) == told), None)
    return None if mode is None else mode_in_words(model.thinking, model.thinking.mode(mode))


def served_context(service: Object | None) -> int | None:
    """Tokens of the longest request that an InferenceService takes, as its vLLM is
    started; None where it doesn't say.
    """
    said = [
        a.removeprefix("--max-model-len=") for a in arguments_of(service) if a.startswith("--max-model-len=")
    ]
    return int(said[-1]) if said and re.fullmatch("[0-9]{1,9}", said[-1]) else None
