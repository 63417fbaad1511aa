"""Writes the parts of these pages that follow from the code: `make docs` runs it, and a test compares.

A part stands between `<!-- NAME: generated -->` and `<!-- end -->`; its text is what the function of
this name returns. The conversation in conversation.md takes minutes, and is written by `make transcript`.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parent
PART = re.compile(r"(<!-- (\w+): generated -->\n).*?(<!-- end -->)", re.DOTALL)


def settings() -> str:
    """Each variable with its default and the docstring of its field."""
    from knowledge.settings import Settings

    (declared,) = (n for n in ast.parse(inspect.getsource(Settings)).body if isinstance(n, ast.ClassDef))
    told: dict[str, str] = {}
    for field, text in zip(declared.body, declared.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            told[ast.unparse(field.target)] = " ".join(ast.literal_eval(text.value).split())
    rows = ["| variable | default | what |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        variable = field.validation_alias or f"COMPASS_{name.upper()}"
        default = "" if field.default_factory or field.default in (None, "") else f"`{_plain(field.default)}`"
        rows.append(f"| `{variable}` | {default} | {_cell(told[name])} |")
    return "\n".join(rows)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def glossary() -> str:
    """What Compass answers to “what does … mean?”."""
    from agent.models.builtin.glossary import GLOSSARY

    return "\n\n".join(f"**{name}**: {meaning}" for name, meaning in sorted(GLOSSARY.values(), key=_alphabet))


def _alphabet(term: tuple[str, str]) -> str:
    return term[0].lower()


def diagram() -> str:
    from agent.graph import build_graph
    from agent.transitions import mermaid

    return f"```mermaid\n{mermaid(build_graph())}\n```"


def transitions() -> str:
    """The plan's main line."""
    from agent.transitions import DESIGN

    return _table(DESIGN)


def extras() -> str:
    """What a person needs beside it."""
    from agent.transitions import EXTRAS

    return _table(EXTRAS)


def _table(rows: tuple[tuple[str, str, str], ...]) -> str:
    ends = {"__start__": "start", "__end__": "end"}
    lines = (f"| {ends.get(a, a)} | {ends.get(b, b)} | {when} |" for a, b, when in rows)
    return "\n".join(["| from | to | when |", "|---|---|---|", *lines])


def commands() -> str:
    """What each command's --help says."""
    from typer.main import get_command

    from agent.cli import app

    return "\n".join(_described(get_command(app), "compass"))


def _described(command: Any, path: str) -> Iterator[str]:
    """A command, its arguments and options, and its commands."""
    given = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    words = [path, *(f"{p.name.upper()}" if p.required else f"[{p.name.upper()}]" for p in given)]
    yield f"### `{' '.join(words)}`\n\n{_cell(command.help or '')}\n"
    rows = [f"| `{p.name.upper()}` | {_cell(p.help or '')} |" for p in given]
    for p in options:
        default = (
            ""
            if p.default in (None, False, []) or callable(p.default)
            else f" Default: `{_plain(p.default)}`."
        )
        rows.append(f"| `{', '.join(p.opts)}` | {_cell((p.help or '') + default)} |")
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows, ""])
    for name, part in getattr(command, "commands", {}).items():
        yield from _described(part, f"{path} {name}")


def failures() -> str:
    """What is known to keep an endpoint from starting, and what helps."""
    from tools.deploying.causes import IMAGES, LOGS, STARTS, TAKEN_AWAY

    told = [*((k.cause, k) for k in (*TAKEN_AWAY, *STARTS)), *((f"The image {k.cause}", k) for k in IMAGES)]
    told += [(k.cause, k) for k in LOGS]
    rows = dict.fromkeys(f"| {_cell(cause)} | {_cell(known.remedy)} |" for cause, known in told)
    return "\n".join(["| cause | what helps |", "|---|---|", *rows])


def rooms() -> str:
    """Each folder of ours, with the first sentence of its package's docstring."""
    rows = ["| folder | what |", "|---|---|"]
    for package in (
        "compass_llm",
        "agent",
        "prompts",
        "tools",
        "templates",
        "knowledge",
        "simulator",
        "evals",
    ):
        for file in sorted((PAGES.parent / package).rglob("__init__.py")):
            told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            sentence = re.split(r"(?<=\.) (?=[A-Z`])", " ".join(told.split()))[0]
            rows.append(f"| `{file.parent.relative_to(PAGES.parent)}/` | {_cell(sentence)} |")
    return "\n".join(rows)


def generated() -> dict[Path, str]:
    """Every page that has such parts, as it should be."""
    pages = {}
    for page in sorted(PAGES.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        new = PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}\n{part[3]}", text)
        if PART.search(text):
            pages[page] = new
    return pages


PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part
    for part in (settings, glossary, diagram, transitions, extras, commands, failures, rooms)
}

if __name__ == "__main__":
    for page, text in generated().items():
        page.write_text(text, encoding="utf-8")
