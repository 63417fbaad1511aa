"""The house keeps its order: imports run one way and in no circle, functions and files stay
readable in one sitting, nothing of the workshop is committed.
"""

import ast
import json
import re
import subprocess
from collections.abc import Collection, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("agent", "tools", "knowledge", "simulator", "evals", "prompts", "templates")
MAY_IMPORT = {
    "knowledge": {"knowledge"},
    "tools": {"tools", "knowledge"},
    "simulator": {"simulator", "knowledge"},
    "agent": {"agent", "tools", "knowledge"},
    "evals": {"evals", "agent", "tools", "knowledge", "simulator"},
    "prompts": {"prompts"},
    "templates": {"templates"},
}
ENTRY_POINTS = {
    "agent.commands.simulate": ({"simulator"}, "`compass simulate` starts the simulators"),
    "agent.commands.eval": ({"evals"}, "`compass eval` plays the scripted conversations"),
}
"""Modules that may import against the direction: what, and why."""
CALLED_LATE = {
    ("knowledge.estimator.grids", "knowledge.estimator.withheld"): (
        "the command that builds the grids ends by checking them, and the check reads grids"
    ),
}
"""Imports inside functions that would close a circle, and why."""

FUNCTION_LINES = 60
FILE_LINES = 350
HOT_LOOP = "the simulator's hot loop: a call for each step would cost more than the step itself"
REBUILT = "the offline reader is to be rebuilt of spans, rules and phrases"
LONGER = {
    "agent/models/builtin/amounts.py": REBUILT,
    "agent/models/builtin/interpreter.py": REBUILT,
    "agent/models/builtin/phrases.py": REBUILT,
    "agent/models/builtin/relative.py": REBUILT,
    "agent/models/builtin/vocabulary.py": REBUILT,
    "evals/plain_scheduler.py simulate": HOT_LOOP,
    "knowledge/estimator/loop.py serve": HOT_LOOP,
}
"""What is longer all the same, and why: files, and functions as `file name`."""


class Import(NamedTuple):
    """What a module needs of ours, and whether it is only a function of it that does, when it is called."""

    module: str
    late: bool


@cache
def modules() -> dict[str, Path]:
    """Our files by the name that Python imports them by."""
    files = {".".join(f.relative_to(ROOT).with_suffix("").parts): f for f in sources()}
    return {name.removesuffix(".__init__"): file for name, file in files.items()}


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(module: str) -> Iterator[Import]:
    """With the packages around what is imported: Python runs these first."""
    for statement, late in statements(parsed(modules()[module])):
        for name in names(statement):
            packages = [name[:end] for end, letter in enumerate(name) if letter == "."]
            outside = [p for p in packages if not f"{module}.".startswith(f"{p}.")]
            yield from (Import(n, late) for n in [*outside, name] if n in modules() and n != module)


def statements(tree: ast.AST, late: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Each import, and whether it stands in a function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, late
        else:
            yield from statements(node, late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def names(statement: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    assert statement.level == 0, "imports are absolute here"
    within = [f"{statement.module}.{alias.name}" for alias in statement.names]
    return [name if name in modules() else str(statement.module) for name in within]


def circle(late: bool, without: Collection[tuple[str, str]] = ()) -> list[str]:
    """One among the imports, those inside functions too if they count."""
    needs = {
        module: {i.module for i in imports(module) if late or not i.late}
        - {other for one, other in without if one == module}
        for module in modules()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def lengths() -> Iterator[tuple[str, int, int]]:
    """Of each file and function: the lines that it has, and may have."""
    for file in sources():
        name = str(file.relative_to(ROOT))
        yield name, len(file.read_text(encoding="utf-8").splitlines()), FILE_LINES
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name} {node.name}", 1 + (node.end_lineno or 0) - node.lineno, FUNCTION_LINES


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room: str) -> None:
    for module in modules():
        if module.split(".")[0] == room:
            against = {i.module.split(".")[0] for i in imports(module)} - MAY_IMPORT[room]
            allowed, _why = ENTRY_POINTS.get(module, (set(), ""))
            assert against == allowed, module


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circle(late=False) == []


def test_the_rooms_of_tools_need_each_other_one_way() -> None:
    """A folder, or a file beside the folders, counts as one."""

    def part(module: str) -> str:
        return ".".join(module.split(".")[:2])

    needs: dict[str, set[str]] = {}
    for module in modules():
        if module.startswith("tools."):
            others = {part(i.module) for i in imports(module) if i.module.startswith("tools.")}
            needs.setdefault(part(module), set()).update(others - {part(module)})
    TopologicalSorter(needs).prepare()


def test_imports_inside_functions_close_no_circle_but_those_listed() -> None:
    assert circle(late=True, without=CALLED_LATE) == []
    for listed in CALLED_LATE:
        others = CALLED_LATE.keys() - {listed}
        assert circle(late=True, without=others), f"{listed} closes none (any more): take it off the list"


def test_functions_and_files_are_short_but_those_listed() -> None:
    too_long = {name for name, lines, most in lengths() if lines > most}
    assert too_long - LONGER.keys() == set(), (
        f"a function has at most {FUNCTION_LINES} lines, a file {FILE_LINES}"
    )
    assert LONGER.keys() - too_long == set(), "short enough by now: take it off the list"


def test_locks_have_hashes_no_index_and_nothing_twice() -> None:
    pinned: dict[str, set[str]] = {}
    for name in ("run", "dev", "estimator"):
        text = (ROOT / "locks" / f"{name}.txt").read_text()
        assert "://" not in text
        assert text.count("-r run.txt\n") == (name != "run")
        pinned[name] = set(re.findall(r"^[\w.\[\]-]+==.*$", text, re.MULTILINE))
        for block in re.split(r"\n(?=\S)", text):
            if "==" in block.split("\n")[0]:
                assert "--hash=sha256:" in block, block.split("\n")[0]
    assert len(pinned["run"]) > 50
    assert not pinned["run"] & (pinned["dev"] | pinned["estimator"])


def test_the_lock_of_what_checks_the_cards_has_hashes_and_no_registry() -> None:
    packages = json.loads((ROOT / "agent/ui/web/package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


def test_no_machine_path_or_secret_is_committed() -> None:
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if name.endswith((".gz", ".png")) or name == "tests/test_house.py":
            continue
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"/root/|/home/\w+/|hf_[A-Za-z]{30}|-----BEGIN [A-Z]+ ", text), name
