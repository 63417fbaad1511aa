"""A specification in words, row by row: for its card, and for what a change makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.specification.change import SpecificationChange, change_specification
from tools.specification.fields import FIELDS, KINDS
from tools.specification.overrides import NO_TARGET, TARGETS, Overrides
from tools.specification.whole import Specification, build_specification, with_defaults
from tools.specification.wishes import LOADS, Intent, Weights
from tools.wording import lower, percent, rate


@dataclass(frozen=True)
class Row:
    """One field, or several that are told together."""

    label: str
    text: str
    is_set: bool = True
    """Whether there is a value; else the texts are what stands for none."""
    explained: str = ""
    """The same for a card, which has room for what it means."""
    assumed: bool = False
    """Whether an assumption of the specification tells the same."""
    is_open: bool = False
    """Whether nothing is set that might be, and nothing else says so."""


def told(specification: Specification) -> list[Row]:
    """Every field that bears on the plan, in the order of the card."""
    assumed = {assumption.name for assumption in specification.assumptions}
    unwanted = [excluded for _, excluded in KINDS.values()]
    rows: dict[str, Row] = {}
    for name, field in FIELDS.items():
        spec = field.spec
        if spec.row in TOGETHER:
            rows.setdefault(spec.row, TOGETHER[spec.row](specification))
        elif name in TARGETS and not specification.tells_target(name):
            continue
        elif specification.uses(name):
            value = specification.planned(name)
            is_set = value not in (None, [], {}, 0)
            text = field.in_words(value)
            given_way = name.removesuffix("_p95_ms") in specification.overrides.relaxed_ms
            rows[spec.label] = Row(
                spec.label,
                text,
                is_set,
                f"{text}, looser than the template's, which nothing holds"
                if given_way
                else ""
                if is_set
                else spec.means,
                spec.group == "demand" and name in assumed,
                not is_set and not spec.means and name not in (*LOADS, *unwanted),
            )
    return list(rows.values())


def difference(old: Specification, new: Specification) -> str:
    """What changed, in words."""
    before, after = _texts(old), _texts(new)
    return ", ".join(
        f"{name} {before[name]} → {after[name]}"
        for name in after
        if name in before and before[name] != after[name]
    )


def noted(old: Specification, new: Specification) -> str:
    """A sentence on what was changed beside and has no bearing on the plan, if anything."""
    idle = _idle(old, new)
    return f" Noted, with no bearing now: {idle}." if idle else ""


def _idle(old: Specification, new: Specification) -> str:
    """The active share of users, for instance, where the load is given as a rate."""
    return ", ".join(
        f"{lower(field.spec.label)} {field.in_words(new.planned(name))}"
        for name, field in FIELDS.items()
        if not new.uses(name) and new.planned(name) != old.planned(name)
    )


def unchanged(old: Specification, new: Specification, change: SpecificationChange) -> str:
    """Of a change that shows no difference: what stands there already, or that it has no bearing here."""
    if new != old:
        what = ": ".join(filter(None, ("Noted", _idle(old, new))))
        return f"{what}, but nothing in the plan depends on it now."
    plainest = build_specification(
        Intent(use_case=old.intent.use_case, user_count=(old.intent.user_count or 0) + 1), Overrides()
    )
    absolute = change.model_copy(update={"added": {}, "factors": {}})
    before, after = _texts(plainest), told(change_specification(plainest, absolute))
    stands = ", ".join(
        f"{lower(row.label)} {row.text}"
        for row in after
        if row.is_set and before.get(lower(row.label)) != row.text
    )
    return f"Nothing changes: {stands or 'it'} is planned like that already."


def _texts(specification: Specification) -> dict[str, str]:
    """As the person has it: with the template's defaults, whatever a plan made of them."""
    rows = {lower(row.label): row.text for row in told(with_defaults(specification, {}))}
    labels = (lower(FIELDS[name].spec.label) for name in TARGETS)
    return rows | {label: NO_TARGET for label in labels if label not in rows}


def _peak(s: Specification) -> Row:
    return Row("Peak", f"{rate(s.demand.peak_requests_per_second)} requests/s")


def _traffic(s: Specification) -> Row:
    prompt, answer, thoughts = s.traffic_profile.prompt_tokens, s.answer_tokens, s.thinking_tokens
    beside = "".join(f", {text}" for text in _of_lengths(s))
    if thoughts:
        text = f"{prompt}→{thoughts}+{answer} tokens"
        return Row("Traffic", text + beside, explained=f"{text} (prompt → thoughts + answer){beside}")
    text = f"{prompt}→{answer} tokens"
    return Row("Traffic", text + beside, explained=f"{text} (prompt → answer){beside}")


def _of_lengths(s: Specification) -> Iterator[str]:
    """What is said of lengths beside their means."""
    of = s.figures
    if s.workload.seen and s.overrides.traffic:
        yield f"each as long as in {s.overrides.traffic.name}"
    elif of.prompt_spread or of.output_spread:
        yield f"lengths spread by {of.prompt_spread or 0:g} and {of.output_spread or 0:g} (CV)"
    if of.cached_share:
        yield f"{percent(of.cached_share)} of the prompt in the prefix cache"


def _thinking(s: Specification) -> Row:
    asked = " as asked" if s.intent.thinking else ""
    if s.thinking == "off":
        return Row("Thinking", f"off{asked}", explained="off: the model answers at once")
    text = f"on{asked}, {s.thinking_tokens:,} tokens"
    return Row("Thinking", text, explained="on: the model thinks before it answers")


def _priorities(s: Specification) -> Row:
    levels = {name: s.planned(name) for name in Weights.model_fields}
    told = [
        f"{name.removesuffix('_priority')} {level}" for name, level in levels.items() if level != "medium"
    ]
    return Row("Priorities", ", ".join(told) or "all medium", is_set=bool(told), is_open=not told)


TOGETHER: dict[str, Callable[[Specification], Row]] = {
    "Peak": _peak,
    "Traffic": _traffic,
    "Thinking": _thinking,
    "Priorities": _priorities,
}
"""Rows that tell of several fields, or of more than one."""
