"""The scenarios that come with Compass, and files that can't be ones."""

from collections import Counter
from pathlib import Path

import pytest

from evals.scenario import CATEGORIES, load_scenarios
from knowledge.catalogue import use_cases
from knowledge.errors import CompassError

ASKS = "category: asks\nabout: x\nturns: [{say: hi}]\nmusts: [{must: x, about: words, seen: "
SHIPPED = Path(__file__).parents[2] / "evals" / "scenarios"


def test_each_stands_in_the_folder_of_its_category_under_a_name_of_its_own() -> None:
    scenarios = load_scenarios([SHIPPED])
    assert len({s.name for s in scenarios}) == len(scenarios)
    assert min(Counter(s.category for s in scenarios)[c] for c in CATEGORIES) >= 5
    for file in SHIPPED.rglob("*.yaml"):
        assert load_scenarios([file])[0].category == file.parent.name, file


def test_every_use_case_has_a_happy_path() -> None:
    happy = [s for s in load_scenarios([SHIPPED]) if s.category == "happy_path"]
    planned = {
        t.expect.fields["use_case"]
        for s in happy
        for t in s.turns
        if t.expect.fields and "use_case" in t.expect.fields
    }
    assert planned == set(use_cases())


def test_nearly_every_turn_expects_something() -> None:
    turns = [t for s in load_scenarios([SHIPPED]) for t in s.turns if not s.musts]
    bare = [t for t in turns if t.expect.model_dump(exclude_defaults=True) == {}]
    assert len(bare) < len(turns) / 10


@pytest.mark.parametrize(
    ("text", "because"),
    [
        (
            "category: happy_path\nabout: x\nturns: [{say: hi, expect: {chekpoint: none}}]",
            "turns.0.expect.chekpoint",
        ),
        ("category: nonsense\nabout: x\nturns: [{say: hi}]", "category"),
        ("category: happy_path\nabout: x\nturns: []", "turns"),
        ("category: happy_path\nabout: x\nturns: [{}]", "either `say` or `press`"),
        ("category: asks\nabout: x\nturns: [{say: hi}]\nmusts: [{must: x, about: words}]", "waits_for"),
        (f"{ASKS}[{{turn: 2, shows: {{state: x}}}}]}}]", "a turn that there isn't"),
        (f"{ASKS}[{{turn: 1}}]}}]", "nothing is said"),
        (f"{ASKS}[{{shows: {{state: x}}}}]}}]", "either in a `turn` or in a `specification`"),
        (f"{ASKS}[{{specification: {{}}, says: [x]}}]}}]", "says nothing"),
        ("category: [", "is no YAML"),
        ("just words", "a mapping"),
    ],
)
def test_a_file_that_is_wrong_is_told_where(tmp_path: Path, text: str, because: str) -> None:
    (tmp_path / "wrong.yaml").write_text(text)
    with pytest.raises(CompassError, match=because) as raised:
        load_scenarios([tmp_path])
    assert "wrong.yaml" in str(raised.value)


def test_a_folder_without_scenarios_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CompassError, match="no scenarios"):
        load_scenarios([tmp_path])
