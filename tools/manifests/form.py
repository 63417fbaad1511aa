"""Whether a file is one that a template of ours can give: every line, in its order, with values in
their places and nowhere else.

The templates themselves are the only declaration of what may stand in a file: arguments,
environment, annotations, labels, ports.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from jinja2 import nodes

from tools.manifests.templating import TEMPLATES, environment

PATH = re.compile(r"[a-z0-9-]+\.yaml")
WORD = r"""[^\s"'\\]+"""
QUOTED = r'"(?:[^"\\\n]|\\.)*"'


def foreign(path: str, text: str) -> str | None:
    """What of a file no template gives, in words; None for a file as Compass renders it."""
    if path not in TEMPLATES:
        return f"is no file of a bundle: there are {', '.join(TEMPLATES)}"
    form = _form(TEMPLATES[path])
    if (found := form.whole.fullmatch(text)) is None:
        odd = [
            line for line in text.splitlines() if not any(pattern.fullmatch(line) for pattern in form.lines)
        ]
        return (
            f"has a line that Compass never renders: {odd[0].strip()[:120]!r}"
            if odd
            else "isn't laid out as Compass renders it"
        )
    for name, groups in form.values.items():
        given = list(dict.fromkeys(value for group in groups if (value := found[group]) is not None))
        if len(given) > 1:
            return f"says both {given[0][:60]!r} and {given[1][:60]!r} where {name} belongs"
    return None


@dataclass(frozen=True)
class _Form:
    """`values` are the groups in which the value of an expression stands."""

    whole: re.Pattern[str]
    lines: list[re.Pattern[str]]
    values: dict[str, list[str]]


@cache
def _form(template: str) -> _Form:
    walk = _Walk()
    whole = re.compile(walk.pattern(_parsed(template), "") + r"\n?")
    return _Form(whole, [re.compile(_unnamed(line)) for line in "".join(walk.flat).split("\n")], walk.values)


@dataclass
class _Walk:
    """From a template's syntax tree to a regular expression; `flat` is the same with both
    ways of every condition, one after the other.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    flat: list[str] = field(default_factory=list)

    def pattern(self, body: Sequence[nodes.Node], indent: str) -> str:
        return "".join(self._node(node, indent) for node in body)

    def _node(self, node: nodes.Node, indent: str) -> str:
        if isinstance(node, nodes.Output):
            return "".join(self._output(child, indent) for child in node.nodes)
        if isinstance(node, nodes.If):
            bodies = (node.body, *(e.body for e in node.elif_), node.else_)
            return f"(?:{'|'.join(self.pattern(body, indent) for body in bodies)})"
        if isinstance(node, nodes.For):
            return f"(?:{self.pattern(node.body, indent)})*"
        if isinstance(node, nodes.Include) and isinstance(node.template, nodes.Const):
            return self.pattern(_parsed(node.template.value), indent)
        if (
            isinstance(node, nodes.FilterBlock)
            and node.filter.name == "indent"
            and isinstance(node.filter.args[0], nodes.Const)
        ):
            return self.pattern(node.body, indent + " " * node.filter.args[0].value)
        return ""

    def _output(self, node: nodes.Expr, indent: str) -> str:
        if isinstance(node, nodes.TemplateData):
            lines = [re.escape(line) for line in re.sub("\n(?=[^\n])", f"\n{indent}", node.data).split("\n")]
            self.flat.append("\n".join(lines))
            return r"\n".join(lines)
        made = self._expression(node)
        self.flat.append(made)
        return made

    def _expression(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.Const):
            return re.escape(str(node.value))
        if isinstance(node, nodes.CondExpr):
            ways = [self._expression(way) for way in (node.expr1, node.expr2) if way is not None]
            return f"(?:{'|'.join(ways)})"
        if isinstance(node, nodes.Filter) and node.name == "quoted":
            return QUOTED
        name = _name(node)
        if name is None:
            return WORD
        groups = self.values.setdefault(name, [])
        groups.append(f"v{sum(map(len, self.values.values()))}")
        return f"(?P<{groups[-1]}>{WORD})"


def _name(node: nodes.Node | None) -> str | None:
    """Of a value, as templates write it; None for what is worked out from values."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (before := _name(node.node)):
        return f"{before}.{node.attr}"
    return None


def _parsed(template: str) -> list[nodes.Node]:
    made = environment()
    source = made.loader.get_source(made, template)[0] if made.loader else ""
    return made.parse(source).body


def _unnamed(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)
