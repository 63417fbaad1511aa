"""Each card in one file, as Chainlit draws it: with all parts that it imports, and nothing twice."""

import re
from collections import Counter
from pathlib import Path

import pytest

from agent.ui.cards import ELEMENTS as DRAWN
from agent.ui.cards import PLAIN, PROGRESS
from agent.ui.mount import in_one
from tests.browser.card_types import FILE, typescript
from tests.test_house import FILE_LINES, FUNCTION_LINES

LINE_LENGTH = 110
WEB = Path(__file__).parents[2] / "agent" / "ui" / "web"
ELEMENTS = {file.stem: file for file in (WEB / "elements").glob("*.tsx")}
NAMED = re.compile(
    r"^(?:export )?(?:default )?(?:async )?(?:function|const|let|class|interface|type) (\w+)", re.MULTILINE
)
IMPORTED = re.compile(r"^import (?!type )[^;]*? from '([^']+)'", re.MULTILINE)
COMPONENT = re.compile(r"^(?:export )?(?:default )?(?:async )?function (\w+).*?^}$", re.MULTILINE | re.DOTALL)
FROM_CHAINLIT = {"react", "lucide-react", "@chainlit/react-client"}


def test_every_card_has_an_element() -> None:
    assert {*DRAWN.values(), PLAIN, PROGRESS} == set(ELEMENTS)


@pytest.mark.parametrize("name", sorted(ELEMENTS))
def test_one_file_holds_what_it_needs_and_no_name_twice(name: str) -> None:
    text = in_one(ELEMENTS[name])
    twice = [named for named, times in Counter(NAMED.findall(text)).items() if times > 1]
    assert not twice, f"the parts of {name} name these twice, and one would hide the other: {twice}"
    assert set(IMPORTED.findall(text)) <= FROM_CHAINLIT
    assert text.count("export default ") == 1


def test_a_part_stands_before_what_uses_it_and_once() -> None:
    text = in_one(ELEMENTS["Options"])
    assert text.count("export function useDraft") == 1
    assert text.index("export function useDraft") < text.index("export function Frame")
    assert text.index("export function Charts") < text.index("export default function Options")


def test_no_part_is_left_over() -> None:
    """A part that no card imports checks green, and is drawn nowhere."""
    whole = "".join(in_one(element) for element in ELEMENTS.values())
    for part in (WEB / "parts").iterdir():
        exported = re.findall(r"^export \S+ \w+", part.read_text(encoding="utf-8"), re.MULTILINE)
        assert exported
        assert exported[0] in whole, part


def test_the_types_of_cards_are_those_of_python() -> None:
    assert FILE.read_text(encoding="utf-8") == typescript(), "python -m tests.browser.card_types"


@pytest.mark.parametrize("folder", ["elements", "parts", "tests", "types", "public/scripts", "public/styles"])
def test_files_and_components_are_as_short_as_those_in_python(folder: str) -> None:
    written = [file for file in (WEB / folder).iterdir() if file != FILE]
    assert written
    for file in written:
        text = file.read_text(encoding="utf-8")
        lines = text.splitlines()
        assert len(lines) <= FILE_LINES, file
        assert max(map(len, lines)) <= LINE_LENGTH, file
        for component in COMPONENT.finditer(text):
            assert component[0].count("\n") < FUNCTION_LINES, (file, component[1])
