"""The pages say what the code does: what can be written from it is, and every link leads somewhere."""

import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from evals.scenario import CATEGORIES, load_scenarios
from knowledge.settings import Settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.glob("*.md")]


def test_the_parts_that_follow_from_the_code_are_as_the_code_says() -> None:
    pages = runpy.run_path(str(DOCS / "generate.py"))["generated"]()
    assert len(pages) >= 5
    for page, text in pages.items():
        assert page.read_text(encoding="utf-8") == text, f"{page.name}: make docs writes it anew"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"https?://|#", target):
            assert (page.parent / target.split("#")[0]).exists(), target


def test_every_file_that_a_page_names_is_there() -> None:
    for page in PAGES:
        if page.name == "CHANGELOG.md":
            continue
        for name in re.findall(
            r"`((?:agent|deploy|docs|evals|knowledge|locks|prompts|simulator|templates|tests|tools)/[\w/.-]+)`",
            page.read_text(encoding="utf-8"),
        ):
            known = re.match(r"[^A-Z]*", name)  # CATEGORY, NAME: anyone
            assert known
            assert (ROOT / known[0]).exists(), f"{page.name}: {name}"


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 160


def test_every_variable_of_the_environment_is_explained_and_no_other() -> None:
    variable = re.compile(r"\bCOMPASS_[A-Z]+(?:_[A-Z]+)*\b")
    told = {name for page in PAGES for name in variable.findall(page.read_text(encoding="utf-8"))}
    rooms = ("agent", "tools", "knowledge", "simulator")
    read = {n for room in rooms for f in (ROOT / room).rglob("*.py") for n in variable.findall(f.read_text())}
    read |= {f"COMPASS_{name.upper()}" for name, f in Settings.model_fields.items() if not f.validation_alias}
    assert told - read <= {"COMPASS_TEST_KUBECONFIG", "COMPASS_TESTS_PACE"}
    assert read <= told


def test_the_figures_of_the_readmes_ten_lines_are_those_of_the_whole_conversation() -> None:
    readme, whole = (
        (ROOT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/conversation.md")
    )
    lines = readme.split("## In ten lines")[1].split("```")[1]
    figures = re.findall(r"[\d,.]*\d", lines)
    assert len(figures) > 15
    assert not [figure for figure in figures if figure not in whole]


def test_as_many_conversations_are_played_as_the_docs_say() -> None:
    told = (
        f"{len(load_scenarios([ROOT / 'evals' / 'scenarios']))} scripted conversations in {len(CATEGORIES)}"
    )
    assert told in (DOCS / "words.md").read_text(encoding="utf-8")


def test_every_dependency_has_a_line_that_says_why() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    named = {m[0].lower() for r in wanted if (m := re.match(r"[\w-]+", r))}
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", (DOCS / "dependencies.md").read_text(), re.MULTILINE
    )
    from_pypi = [name for row in rows if "(npm)" not in row for name in re.split(r"[,;]", row)]
    told = {name.strip().split(" ")[0].lower() for name in from_pypi}
    assert named == told - {"package"}


def test_every_target_of_make_is_explained_or_named() -> None:
    made = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", made, re.MULTILINE)
    assert phony
    told = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for target in phony[1].split():
        assert re.search(rf"make (?:[a-z-]+ )*{target}\b", told), target


@pytest.mark.slow
def test_the_conversation_is_what_compass_says_but_for_what_is_measured(home: Path) -> None:
    transcript = runpy.run_path(str(DOCS / "transcript.py"))
    told = transcript["PART"].search(transcript["PAGE"].read_text(encoding="utf-8"))[2]
    quick = {
        "COMPASS_SIMULATOR_TIME_SCALE": "0.001",
        "COMPASS_SIMULATOR_LATENCY_SCALE": "0.1",  # a target is held on a busy machine too
        "COMPASS_PROBE_S": "1",
    }
    try:
        shown = transcript["played"](home, quick)
    finally:
        transcript["stop"](home)
    assert transcript["steady"](shown) == transcript["steady"](told), "make transcript writes it anew"
    assert "Validation" in told


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-d", str(tmp_path / "trees")]
    done = subprocess.run([*build, str(DOCS), str(tmp_path / "site")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "tour.html").exists()
