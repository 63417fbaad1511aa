"""A chat model's values are kept only if the person's words hold them: models invent
budgets, users and GPUs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from agent.models.builtin.checkpoints import without_checkpoint
from agent.models.builtin.mood import mood, sentences
from agent.models.builtin.names import find_models, mentioned_gpus
from agent.models.builtin.quantities import find_quantities
from agent.models.builtin.reading import read_change
from agent.models.builtin.thoughts import mentions_thinking
from agent.models.builtin.tidy import plain, tidy
from agent.models.builtin.wishes import find_use_case
from tools.specification import KINDS, Intent, SpecificationChange

C = TypeVar("C", bound=SpecificationChange)
_CONVERSIONS = (1.0, 1e3, 1e-2, 1 / 60, 60.0, 1 / 3600, 1 / 12, 730.0)
"""As said; seconds in ms; percent; per minute; per second; per hour; per year; per hour in a month."""


def figures_in(values: Mapping[str, Any]) -> list[float]:
    """The figures among some values, those of relative wishes as they were said."""
    flat = [n for value in values.values() for n in (value.values() if isinstance(value, dict) else [value])]
    return [abs(n) for n in flat if isinstance(n, int | float) and not isinstance(n, bool)]


def _makes(said: float, value: float) -> bool:
    return any(abs(value - said * c) <= 1e-6 * max(1.0, abs(value)) for c in _CONVERSIONS)


def drop_unsaid(change: C, text: str) -> C:
    """`change` without figures that no number in `text` gives, and without names and
    priorities that `text` doesn't state.
    """
    said = [q.value for q in find_quantities(text.lower())]
    read = read_change(text, of_a_need=True).fields
    kept = {}
    # A number that the rules know as something else, “1000 users”, bears out nothing but that.
    free = [q for q in said if not any(_makes(q, value) for value in figures_in(read))]
    for name, value in change.model_dump(exclude_none=True, exclude_defaults=True).items():
        if name == "use_case":
            # A telling phrase counts more than what a model makes of it; later than in a need, only the
            # words change what it is for.
            telling = find_use_case(tidy(text), by_nearness=False)
            if telling or type(change).__name__ == "DescribeNeed" or read.get(name) == value:
                kept[name] = telling or value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if any(_makes(q, value) for q in free) or read.get(name) == value:
                kept[name] = value
        elif name == "thinking":
            if name in read or mentions_thinking(tidy(text)):
                kept[name] = read.get(name, value)
        elif name in read:
            kept[name] = read[name]  # the reading has the exact catalogue names
    return type(change).model_validate(kept)


def beside_excluded(change: C, intent: Intent) -> C:
    """What words exclude comes beside what they excluded before: “no H100”, then “no B200”, is neither."""
    fields = [
        excluded
        for _, excluded in KINDS.values()
        if getattr(change, excluded) and excluded not in change.clear
    ]
    return change.model_copy(
        update={
            name: list(dict.fromkeys([*getattr(intent, name), *getattr(change, name)])) for name in fields
        }
    )


_CLAUSE = re.compile(
    r"(?<=[.!?])\s+|[;\n]|,\s+(?!\d{3}\b)|\s+(?:and|but|though|plus|also)\s+|\s+-\s+|\)\s*|\s*\("
)
_BINDING = re.compile(
    r"\b(?:must(?:n't)?|has to|have to|needs? to|should(?:n't)?|at most|at least|no more than|not more"
    r" than|less than|more than|only|never"
    r"|cannot|can't|(?:don't|do not|doesn't|won't)"
    r" (?:want|use|need|allow|accept)|without|within|under|below|above|max(?:imum)?"
    r"|min(?:imum)?)\b"
)
_COUNTED = re.compile(
    r"[$€£]\s?\d|^(?:say |about |around )?\d[\d,.]*\s?[km]$"
    r"|(?<![\w.])\d[\d,.]*\s?k?\s?(?:%|(?:percent|ms|s|sec\w*|tokens?|dollars?|usd|eur\w*|points?|rps|qps|gpus?|replicas?|/"
    r" ?month"
    r"|(?:a|per) (?:month|year|day))\b)"
)
MAX_NOT_USED, LONGEST_NAMED = 3, 80


def not_used(text: str, change: SpecificationChange) -> list[str]:
    """Parts of the words that sound like a constraint, a figure or a name, and that left no
    trace in the change; the first few.

    A part is used if the rest of the words read otherwise than all of them, or if it
    says alone what the change holds.
    """
    of_a_need = type(change).__name__ == "DescribeNeed"
    low = plain(text)
    values = change.model_dump(exclude_none=True, exclude_defaults=True)
    whole = read_change(text, of_a_need)
    if not set(values) <= set(whole.fields):
        return []  # a model read more than the rules do, and they can't tell from what
    asked = [] if of_a_need else [part for part in sentences(low) if mood(part) == "question"]
    wishes = [sentence for sentence in sentences(low) if sentence not in asked]
    parts = [
        re.sub(r"^(?:and|but|also|plus) ", "", part.strip(" .,!"))
        for wish in wishes
        for part in _CLAUSE.split(wish)
    ]
    left = [
        part
        for part in parts
        if part and _binds(part) and _leaves_no_trace(part, parts, whole.fields, of_a_need)
    ]
    unknown = read_change(", ".join(wishes), of_a_need).unknown if asked else whole.unknown
    left += [
        said
        for said in [*without_checkpoint(", ".join(wishes)), *unknown]
        if not any(said in part for part in left)
    ]
    if wishes:
        left += asked
    return [
        part if len(part) <= LONGEST_NAMED else f"{part[:LONGEST_NAMED]}…" for part in left[:MAX_NOT_USED]
    ]


def _binds(part: str) -> bool:
    named = mentioned_gpus(part) or find_models(part)
    return (
        bool(named)
        or _COUNTED.search(part) is not None
        or (_BINDING.search(part) is not None and len(part.split()) > 2)
    )


def _leaves_no_trace(part: str, parts: list[str], fields: dict[str, Any], of_a_need: bool) -> bool:
    rest = read_change(", ".join(p for p in parts if p != part), of_a_need).fields
    if rest != read_change(", ".join(parts), of_a_need).fields:
        return False
    alone = read_change(part, of_a_need).fields
    return not any(fields.get(name) == value for name, value in alone.items())
