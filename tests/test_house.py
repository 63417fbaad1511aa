"""The house keeps its order: imports run one way, nothing of the workshop is committed."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("agent", "tools", "knowledge", "simulator", "evals", "prompts", "templates")
MAY_IMPORT = {
    "knowledge": {"knowledge"},
    "tools": {"tools", "knowledge"},
    "simulator": {"simulator", "knowledge"},
    "agent": {"agent", "tools", "knowledge"},
    "evals": {"evals", "agent", "tools", "knowledge", "simulator"},
    "prompts": set(),
    "templates": set(),
}
ENTRY_POINTS = {"agent/commands/simulate.py": {"simulator"}, "agent/commands/eval.py": {"evals"}}


def imported(file: Path) -> set[str]:
    """Our packages that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found & set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room: str) -> None:
    for file in (ROOT / room).rglob("*.py"):
        allowed = MAY_IMPORT[room] | ENTRY_POINTS.get(str(file.relative_to(ROOT)), set())
        assert imported(file) <= allowed, file


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
