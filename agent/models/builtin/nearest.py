"""Which labelled exemplar a text is nearest to, by static word embeddings: for the words that no rule knows.

The embeddings are wordllama's (MIT, 256 dimensions, carried in its wheel): one vector a token of Llama 2's
vocabulary, the text's is their mean. Only these two files of the package are used; nothing is downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import yaml

from agent.models.builtin import kept
from agent.models.builtin.vocabulary import HOW_MUCH

Group = Literal["use_cases", "moves"]
Vectors = npt.NDArray[np.float32]
OFF_TOPIC = "off_topic"
"""Label of what has nothing to do with any of this."""
_PARTS = re.compile(r"[.;!?:]\s+|,\s+|\s+-\s+|\(|\)")
_LEAST_WORDS = 3
_BEST_OF = 2
"""Exemplars of one label that count together: one alone is often near by accident."""


@dataclass(frozen=True)
class Near:
    """`similarity` is a cosine, from -1 to 1; `margin` is how far ahead of the next label."""

    label: str
    similarity: float
    margin: float


def nearest(text: str, group: Group, among: Sequence[str] | None = None) -> Near | None:
    """The label of `group` that `text`, or the part of it that tells most, is nearest to, of those `among`.

    None where no word of it has an embedding.
    """
    parts = [text, *(part for part in _PARTS.split(text) if len(part.split()) >= _LEAST_WORDS)]
    embedded = [v for v in (_embedded(_words(part)) for part in dict.fromkeys(parts)) if v is not None]
    if not embedded:
        return None
    found = {label: max(_score(v, vectors) for v in embedded) for label, vectors in _exemplars(group).items()}
    if among is not None:
        found = {label: score for label, score in found.items() if label in among or label == OFF_TOPIC}
    ranked = sorted(found, key=lambda label: -found[label])
    best = ranked[0]
    return Near(best, found[best], found[best] - (found[ranked[1]] if len(ranked) > 1 else 0.0))


def _score(vector: Vectors, vectors: Vectors) -> float:
    similarities = np.sort(vectors @ vector)[::-1][:_BEST_OF]
    return float(similarities.mean())


@cache
def _exemplars(group: Group) -> dict[str, Vectors]:
    data: dict[str, Any] = yaml.safe_load(
        (files("agent.models.builtin") / "exemplars.yaml").read_text(encoding="utf-8")
    )
    labelled: dict[str, list[str]] = data[group] | {OFF_TOPIC: data[OFF_TOPIC]}
    return {
        label: np.stack([v for t in texts if (v := _embedded(_words(t))) is not None])
        for label, texts in labelled.items()
    }


def _words(text: str) -> str:
    """Without figures, names and the words of targets and budgets, which say how much and not what for."""
    plain = kept.sub(r"[$€£]?\b[a-z]*\d[\w.,-]*\s?(?:%|ms\b|k\b|m\b|s\b)?", " ", text.lower())
    return " ".join(w for w in kept.findall(r"[a-z][a-z'-]*", plain) if w not in HOW_MUCH)


def _embedded(text: str) -> Vectors | None:
    tokenizer, weights = _model()
    ids = tokenizer.encode(text, add_special_tokens=False).ids if text else []
    if not ids:
        return None
    mean = weights[ids].astype(np.float32).mean(axis=0)
    length = float(np.linalg.norm(mean))
    return mean / length if length else None


@cache
def _model() -> tuple[Any, npt.NDArray[np.float16]]:
    from safetensors import safe_open
    from tokenizers import Tokenizer

    spec = find_spec(
        "wordllama"
    )  # found, not imported: its own loader looks for the tokenizer in a folder that it doesn't have
    root = Path(str(spec.origin)).parent if spec else Path()
    tokenizer = Tokenizer.from_file(str(root / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    with safe_open(str(root / "weights" / "l2_supercat_256.safetensors"), framework="np") as weights:
        return tokenizer, weights.get_tensor("embedding.weight")
