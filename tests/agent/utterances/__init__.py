"""Labelled utterances, and how well a reading of them fits the labels."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.models.builtin.interpreter import interpret
from agent.moves import MOVES

HERE = Path(__file__).parent
FIELDS = (
    "use_case",
    "user_count",
    "requests_per_second",
    "concurrent_requests",
    "requests_per_day",
    "cost_priority",
    "latency_priority",
    "accuracy_priority",
    "preferred_gpu_types",
    "excluded_gpu_types",
    "available_gpus",
    "preferred_models",
    "excluded_models",
    "budget_usd_per_month",
    "ttft_p95_ms",
    "itl_p95_ms",
    "e2e_p95_ms",
    "prompt_tokens",
    "output_tokens",
)


@dataclass
class Score:
    """Fields that are right, of those that were said or found; `wrong` names each one that isn't."""

    right: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def accuracy(self) -> float:
        return sum(self.right.values()) / max(1, sum(self.total.values()))

    def table(self) -> str:
        lines = [f"{name:<24} {self.right[name]:>4} of {self.total[name]:>4}" for name in self.total]
        return "\n".join(
            [
                *lines,
                (
                    f"{'all':<24} {sum(self.right.values()):>4} of {sum(self.total.values()):>4} ="
                    f" {self.accuracy:.1%}"
                ),
            ]
        )


def load(name: str) -> list[dict[str, Any]]:
    found = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    assert isinstance(found, list)
    return found


def needs_score(entries: list[dict[str, Any]]) -> Score:
    """First messages: every field that was said, or that was found though nobody said it."""
    score = Score()
    offered = {m.__name__ for m in MOVES["context_collection"]}
    for entry in entries:
        move = interpret(entry["text"], offered)
        found = move.model_dump(exclude_defaults=True)
        partial = getattr(move, "understood", None)
        found |= partial.model_dump(exclude_defaults=True) if partial is not None else {}
        for name in FIELDS:
            said, read = entry["expect"].get(name), found.get(name)
            if said is None and read is None:
                continue
            score.total[name] += 1
            if same(name, said, read):
                score.right[name] += 1
            else:
                score.wrong.append(f"{name}: said {said}, read {_short(read)}   “{entry['text']}”")
    return score


def turns_score(entries: list[dict[str, Any]]) -> Score:
    """Messages in the middle of a conversation: the move, with those of its arguments that are labelled."""
    score = Score()
    for entry in entries:
        stage, expected = entry["stage"], dict(entry["expect"])
        wanted = expected.pop("move")
        wanted = wanted if isinstance(wanted, list) else [wanted]
        move = interpret(entry["text"], {m.__name__ for m in MOVES[stage]})
        name, found = type(move).__name__, move.model_dump(exclude_defaults=True)
        fields = type(move).model_fields
        arguments = {
            k: v
            for k, v in expected.items()
            if k in fields and not (name == "Unclear" or k in ("reason", "question"))
        }
        right = name in wanted and all(
            _alternatives(k, v, getattr(move, k, None)) for k, v in arguments.items()
        )
        if name in ("EditSpecification", "Explore", "DescribeNeed"):
            right = right and set(found) - {"clear"} <= set(expected)
        score.total[stage] += 1
        if right:
            score.right[stage] += 1
        else:
            score.wrong.append(
                f"{stage}: said {wanted} {expected}, read {name} {_short(found)}   “{entry['text']}”"
            )
    return score


def _alternatives(name: str, said: Any, read: Any) -> bool:
    if name in ("topic", "criterion", "view", "subject") and isinstance(said, list):
        return read in said
    if name == "clear" and read is not None:
        return set(said) <= set(read)
    if name in ("prompt", "name", "subject"):
        return re.sub(r"\W", "", str(said)).lower() in re.sub(r"\W", "", str(read)).lower()
    return same(name, said, read)


def same(name: str, said: Any, read: Any) -> bool:
    """Names of models by what they hold, figures to a thousandth, all else as it is."""
    if said is None or read is None:
        return said is read
    if name in ("preferred_models", "excluded_models"):
        plain = [re.sub(r"[^a-z0-9]", "", str(r).lower()) for r in read]
        labels = [re.sub(r"[^a-z0-9]", "", str(label).lower()) for label in said]
        return all(any(label in p for label in labels) for p in plain) and all(
            any(label in p for p in plain) for label in labels
        )
    if isinstance(said, int | float) and not isinstance(said, bool) and isinstance(read, int | float):
        return abs(said - read) <= 1e-3 * max(1.0, abs(said))
    if isinstance(said, list):
        return set(said) == set(read)
    return bool(said == read)


def _short(value: Any) -> str:
    return str(value)[:160]
