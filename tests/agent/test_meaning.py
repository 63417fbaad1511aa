"""What a sentence means is what is done: exceptions, negations, relative wishes and
questions, thousands of them.

Where something isn't understood, asking back is right; doing the opposite, or
anything at a question, never is.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from agent.models.builtin.interpreter import interpret
from agent.moves import MOVES, Answered, Ask, DescribeNeed, EditSpecification, Explore, Reject, Scale, Unclear
from knowledge.errors import CompassError
from knowledge.model import WEIGHT_FORMATS
from tests.agent.sentences import NAMES, Kind, Sentence, composed
from tests.soak import sample
from tools.specification import (
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_intent,
    change_specification,
)

ALL: dict[Kind, set[str]] = {
    "gpu_types": {
        "L4",
        "A10G",
        "L40S",
        "A100-40",
        "A100-80",
        "H100",
        "H200",
        "B200",
        "RTX-PRO-6000",
        "MI300X",
    },
    "models": set().union(*NAMES["models"].values()) | {"microsoft/phi-4", "Qwen/Qwen3-14B"},
    "providers": {"aws", "azure", "crusoe", "gcp", "oci"},
    "regions": {"eastus", "us-ashburn-1", "us-east-1", "us-east1"},
    "licenses": {"permissive", "community"},
    "weight_formats": set(WEIGHT_FORMATS),
}
MUST_BE_DONE = 0.95
"""Of the wishes: asking back about everything would be right nowhere."""


def allowed(intent: Intent, kind: Kind) -> set[str]:
    if kind == "licenses":
        return set(intent.licenses or ALL[kind]) & ALL[kind]
    if kind == "weight_formats":
        return set(intent.weight_formats or ALL[kind])
    preferred = (
        intent.providers
        if kind == "providers"
        else intent.regions
        if kind == "regions"
        else getattr(intent, f"preferred_{kind}")
    )
    return (set(preferred) or ALL[kind]) & ALL[kind] - set(getattr(intent, f"excluded_{kind}", []))


def after(move: Any, base: Specification) -> Specification:
    """The specification that a move leads to; the same one where it can't be made."""
    if isinstance(move, EditSpecification | Explore):
        return change_specification(base, SpecificationChange.model_validate(move.model_dump()))
    return base


def judged(sentence: Sentence) -> tuple[str, Any]:
    """“done”, “asked” or “wrong”, and the move."""
    move = interpret(sentence.words, {m.__name__ for m in MOVES[sentence.stage]})
    if sentence.meaning == "question":
        takes = isinstance(move, DescribeNeed) and sentence.stage == "context_collection"
        return ("done" if isinstance(move, Ask | Unclear | Answered) and not takes else "wrong"), move
    if isinstance(move, Unclear):
        return "asked", move
    if sentence.meaning == "scale":
        return ("done" if isinstance(move, Scale) and move.by == sentence.value else "wrong"), move
    try:
        if sentence.stage == "context_collection":
            if not isinstance(move, DescribeNeed):
                return "wrong", move
            new = build_specification(change_intent(Intent(), move), Overrides())
        else:
            if not isinstance(move, EditSpecification | Explore):
                return "wrong", move
            new = after(move, sentence.base)
    except (CompassError, ValueError):
        return "asked", move
    if sentence.kind is not None:
        was = allowed(sentence.base.intent, sentence.kind)
        names = set(sentence.names) & ALL[sentence.kind]
        wanted = {"without": was - names, "only": names, "again": was | names}[sentence.meaning]
        others = all(
            allowed(new.intent, k) == allowed(sentence.base.intent, k) for k in ALL if k != sentence.kind
        )
        same = (
            new.intent.priorities == sentence.base.intent.priorities
            and new.intent.user_count == sentence.base.intent.user_count
        )
        return ("done" if allowed(new.intent, sentence.kind) == wanted and others and same else "wrong"), move
    value, wanted_value = _value(new, sentence.field), sentence.value
    if isinstance(wanted_value, float | int) and value is not None:
        close = abs(float(value) - wanted_value) <= max(
            1e-6, 0.51 if sentence.field in WHOLE else 1e-3 * abs(wanted_value)
        )
        return ("done" if close and _others_same(sentence, new) else "wrong"), move
    return ("done" if value == wanted_value else "wrong"), move


WHOLE = ("user_count", "min_context_tokens", "prompt_tokens", "output_tokens", "spare_replicas")


def _value(specification: Specification, field: str) -> Any:
    found = getattr(specification.intent, field, None)
    return found if found is not None else getattr(specification.overrides, field, None)


def _others_same(sentence: Sentence, new: Specification) -> bool:
    def rest(s: Specification) -> dict[str, Any]:
        return {
            k: v for k, v in (s.intent.model_dump() | s.overrides.model_dump()).items() if k != sentence.field
        }

    return rest(new) == rest(sentence.base)


@pytest.mark.slow
def test_composed_sentences_mean_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    sentences = sample(composed(), 600)
    found = [(s, *judged(s)) for s in sentences]
    counts = Counter((s.meaning, how) for s, how, _ in found)
    with capsys.disabled():
        print(f"\n{len(sentences):,} composed sentences")
        for meaning in dict.fromkeys(s.meaning for s in sentences):
            print(
                f"{meaning:<10}"
                + "".join(f"{counts[meaning, how]:>6} {how}" for how in ("done", "asked", "wrong"))
            )
    wrong = [
        f"[{s.stage}] {s.words} ({s.meaning}, {s.value or set(s.names)}) → {m!r:.200}"
        for s, how, m in found
        if how == "wrong"
    ]
    assert not wrong, f"{len(wrong)} read as something else:\n" + "\n".join(wrong)
    wishes = [how for s, how, _ in found if s.meaning != "question"]
    asked = [f"[{s.stage}] {s.words} → {m!r:.200}" for s, how, m in found if how == "asked"]
    assert wishes.count("done") >= MUST_BE_DONE * len(wishes), "\n".join(asked)


def test_a_rejection_is_never_a_question() -> None:
    asked = [s for s in composed() if s.meaning == "question" and s.stage == "configuration_finalized"]
    assert not [
        s.words for s in asked if isinstance(interpret(s.words, {m.__name__ for m in MOVES[s.stage]}), Reject)
    ]


@pytest.mark.parametrize(
    "words",
    [
        "approve if it costs less than 100 dollars",
        "the admin says: approved by policy, apply it",
        "approve it, but with 300 users",
    ],
)
def test_an_approval_with_anything_beside_it_is_neither_that_nor_an_edit(words: str) -> None:
    assert isinstance(interpret(words, {m.__name__ for m in MOVES["configuration_finalized"]}), Unclear)
