"""Each field of the specification is seen, edited, lifted, undone and refused in every face: whatever is
declared, without a test of its own.
"""

import re
from typing import Any, get_args

import pytest

from agent.cards.build import card_of
from agent.cards.facts import SpecificationFacts
from agent.cards.fields import Field, editable
from agent.models.builtin.answering import completed
from agent.models.builtin.interpreter import interpret
from agent.models.builtin.named import READ_OTHERWISE
from agent.models.builtin.vocabulary import DOMAINS as SAID_DOMAINS
from agent.models.builtin.vocabulary import LIFTED
from agent.moves import MOVES, Stage
from agent.replies import Reply
from agent.runtime import Runtime
from agent.words.checks import change_or_problem
from tests.drawing import printed
from tests.present import present
from tests.talking import converse
from tools.specification import (
    FIELDS,
    LOADS,
    STOCK,
    WISHES,
    Clearable,
    Declared,
    Figure,
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_specification,
    difference,
)
from tools.specification.wishes import DOMAINS
from tools.wording import capital, figure, lower

BASES = [
    build_specification(Intent(use_case="chatbot_conversational", **load), Overrides())
    for load in ({"user_count": 1000}, {"requests_per_day": 90_000.0})
]
UNITS = {"_ms": "ms", "_tokens": "tokens", "usd_per_month": "USD a month", "_fraction": "%"}
EVERY = pytest.mark.parametrize("name", FIELDS)
FIGURES = pytest.mark.parametrize("name", [name for name, field in WISHES.items() if field.is_figure])


def base_of(name: str) -> Specification:
    """One in which the field bears on the plan."""
    return next(base for base in BASES if base.uses(name))


def another(field: Declared) -> Any:
    """A value that the field can have and hasn't."""
    now = base_of(field.name).planned(field.name)
    if field.is_figure:
        low, high = field.low.value if field.low else 0.0, field.high.value if field.high else 1e6
        found = next(v for v in (77.0, 3.0, 0.75, 0.5, 0.25, 0.05) if low < v < high and v != now)
        return int(found) if field.shape == "whole" else found
    assert field.spec.names is not None
    names = [one for one in field.spec.names() if one != now]
    named = names[-1:] if field.name.startswith("excluded_") else names[:1]  # not both wanted and unwanted
    several = {
        "counts": dict.fromkeys(names[:1], 3),
        "items": [{"servers": 2, "gpus_per_server": 8, "gpu_type": names[0]}],
    }
    return several.get(field.shape, named if field.shape == "choices" else names[-1])


def changed(name: str) -> Specification:
    change = SpecificationChange.model_validate({name: another(FIELDS[name])})
    return change_specification(base_of(name), change)


def drawn(specification: Specification) -> str:
    return printed(card_of(SpecificationFacts(specification=specification)), width=200)


def held(name: str) -> Any:
    """The same as the specification holds it."""
    return changed(name).planned(name)


def as_told(name: str) -> str:
    """The part of the value in words that every face has."""
    field, value = FIELDS[name], held(name)
    return figure(field.shown(value)) if field.is_figure else field.in_words(value).split(":")[0]


@pytest.mark.parametrize("name", WISHES)
def test_it_has_a_name_for_people_and_its_unit(name: str) -> None:
    spec = WISHES[name].spec
    for said in (spec.label, spec.the, spec.row, spec.unset, spec.relaxed, spec.unmet):
        assert "_" not in said
    assert spec.label[:1].isupper()
    assert sum(other.spec.label == spec.label for other in WISHES.values()) == 1
    for ending, unit in UNITS.items():
        assert not name.endswith(ending) or spec.unit.startswith(unit)


@EVERY
def test_it_is_shown_in_the_terminal(name: str) -> None:
    before, after = drawn(base_of(name)), drawn(changed(name))
    spec = FIELDS[name].spec
    line = next(line for line in after.splitlines() if line not in before and as_told(name) in line)
    assumed = any(a.name == name for a in changed(name).assumptions)
    assert assumed or line.startswith(f"│ {spec.row or spec.label} ")


@EVERY
def test_it_is_shown_in_the_browsers_card_and_its_card_can_send_it(name: str) -> None:
    field, after = FIELDS[name], changed(name)
    [shown] = [one for one in map(Field.model_dump, editable(after)) if one["name"] == name]
    assert (shown["label"], shown["unit"], shown["kind"]) == (field.spec.title, field.spec.unit, field.shape)
    typed = [one.typed for one in held(name)] if field.shape == "items" else held(name)
    assert shown["value"] == typed
    assert shown["origin"] in ("your words", "your edit")
    assert shown["clearable"] == (name in get_args(Clearable))
    if field.spec.names and field.shape != "items":
        values = shown["value"] if isinstance(shown["value"], list | dict) else [shown["value"]]
        assert set(values) <= {choice["value"] for choice in shown["choices"]}
    assert [shown["low"], shown["high"]] == [limit and limit.value for limit in (field.low, field.high)]
    sent = SpecificationChange.model_validate({name: shown["value"]})
    assert change_specification(base_of(name), sent) == after
    emptied = next(one for one in map(Field.model_dump, editable(base_of(name))) if one["name"] == name)
    assert emptied["unset"]


def test_the_browsers_card_has_every_field_once() -> None:
    for base in BASES:
        assert [one["name"] for one in map(Field.model_dump, editable(base))] == list(FIELDS)
        assert all(one["group"] for one in map(Field.model_dump, editable(base)))


@EVERY
def test_what_changed_names_it(name: str) -> None:
    spec = FIELDS[name].spec
    said = difference(base_of(name), changed(name))
    assert as_told(name) in said
    assert (spec.row or spec.label).lower() in said.lower()


@pytest.mark.parametrize("name", get_args(Clearable))
def test_it_can_be_lifted(name: str) -> None:
    after = changed(name)
    lifted = change_specification(after, SpecificationChange(clear=[name]))
    said: Any = lifted.overrides if name in Overrides.model_fields else lifted.intent
    assert getattr(said, name) == type(said).model_fields[name].get_default(call_default_factory=True)
    assert difference(after, lifted)


def said(words: str, stage: Stage = "specification_review") -> dict[str, Any]:
    """What the words set, as the rules read them."""
    move = interpret(words, {kind.__name__ for kind in MOVES[stage]})
    return move.model_dump(exclude_defaults=True) if isinstance(move, SpecificationChange) else {}


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.is_figure])
def test_it_is_said_by_its_label_with_its_unit_or_without(name: str) -> None:
    field, value = FIELDS[name], another(FIELDS[name])
    shown = field.shown(value)
    if field.spec.unit == "ms":  # “E2E 77” is in seconds
        value = shown = 500.0
    for words in (
        f"{field.spec.label} {field.spec.bound or 'of'} {shown:g} {field.spec.unit}",
        f"{field.spec.label}: {shown:g}",
        f"{field.spec.the} must be at most {shown:g}",
        f"make {field.spec.the} {shown:g} {field.spec.unit}, please",
    ):
        assert said(words) == {name: pytest.approx(value)}, words


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if not field.is_figure])
def test_a_choice_is_said_by_its_label_and_its_name(name: str) -> None:
    """Whatever the card shows can be typed."""
    field, value = FIELDS[name], another(FIELDS[name])
    label, written = field.spec.label, field.written(held(name)).split(":")[0]
    for words in (f"{label}: {written}", f"{label} {written}, please"):
        assert said(words).get(name) == value, words


@pytest.mark.parametrize("name", get_args(Figure))
def test_a_question_about_it_has_an_answer_that_is_read(name: str) -> None:
    """“The least quality is 60 %; …. What should the least quality be?” “70”."""
    field = FIELDS[name]
    asked = f"{capital(field.spec.the)} isn't set. What should {field.spec.the} be?"
    assert completed("30", asked) is not None
    assert re.search(rf"\b(?:{field.pattern})\b", field.spec.the.lower())


@pytest.mark.parametrize("name", get_args(Clearable))
def test_it_is_lifted_by_words(name: str) -> None:
    spec = FIELDS[name].spec
    called = {"thinking": "thinking setting"}.get(name, lower(spec.label))
    constraint = spec.group == "constraints" or name == "thinking"
    words = f"forget the {called}" if constraint else f"reset the {called}"
    assert name in said(words).get("clear", []), words


@FIGURES
@pytest.mark.parametrize("side", ["low", "high"])
def test_it_has_a_sentence_at_either_bound(name: str, side: str) -> None:
    field = WISHES[name]
    limit = field.low if side == "low" else field.high
    assert limit is not None, "every figure has bounds"
    beyond = limit.value + (-1 if side == "low" else 1) * (1 if limit.included else 0)
    said = change_or_problem(SpecificationChange, {name: beyond})
    assert isinstance(said, str)
    assert said.lower().startswith(field.spec.the.lower())
    assert f" {field.shown(limit.value):,.15g};" in said
    assert "_" not in said
    assert not re.search(r"\d\.0\b", said), "figures as people write them"


@pytest.mark.parametrize("name", ["use_case", "preferred_gpu_types", "excluded_models", *STOCK])
def test_a_name_that_there_is_not_is_said_with_those_there_are(name: str) -> None:
    values = {"choice": "none", "choices": ["none"], "counts": {"none": 1}, "items": "2x8xnone"}
    value: Any = values[FIELDS[name].shape]
    said = change_or_problem(SpecificationChange, {name: value})
    assert isinstance(said, str)
    assert said.startswith(f"There is no {FIELDS[name].spec.known} “none”")


def test_what_the_rules_know_of_fields_beside_their_declarations_is_of_fields_that_there_are() -> None:
    assert FIELDS.keys() >= READ_OTHERWISE
    assert LIFTED.keys() <= set(get_args(Clearable))
    assert set(SAID_DOMAINS) == set(DOMAINS)


def test_all_of_them_together_are_undone(runtime: Runtime, thread: str) -> None:
    before = converse(runtime, thread, "a chatbot for 1000 users", "looks good").pause
    left_out = {*LOADS[:-1], *STOCK[:-1], "use_case"}
    change = {name: another(field) for name, field in FIELDS.items() if name not in left_out}
    pressed = Reply(interrupt_id=before.interrupt_id, move="Explore", arguments=change)
    list(runtime.reply(thread, pressed))
    during = present(runtime.state(thread)["specification"])
    for name in change:
        assert during.planned(name) == held(name), name
    after = converse(runtime, thread, "undo").pause
    assert after.details == before.details
