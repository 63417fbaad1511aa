"""The cards' types for the browser, from those in Python: `python -m tests.browser.card_types`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from agent.cards.card import Card
from agent.cards.parts import Charts, Work

FILE = Path(__file__).parents[2] / "agent" / "ui" / "web" / "types" / "card.ts"
HEAD = "// Made from agent/cards by `python -m tests.browser.card_types`: what the cards are told.\n"
PLAIN = {"string": "string", "number": "number", "integer": "number", "boolean": "boolean", "null": "null"}
Node = dict[str, Any]


def typescript() -> str:
    """An interface for each piece, by name."""
    roots: Any = [(each, "serialization") for each in (Card, Charts, Work)]
    _, schema = models_json_schema(roots)
    return HEAD + "".join(_interface(name, node) for name, node in sorted(schema["$defs"].items()))


def _interface(name: str, node: Node) -> str:
    if "properties" not in node:
        return f"\nexport type {name} = {_type(node)}\n"
    fields = "".join(f"  {field}: {_type(inner)}\n" for field, inner in node["properties"].items())
    return f"\nexport interface {name} {{\n{fields}}}\n"


def _type(node: Node) -> str:
    if "$ref" in node:
        return str(node["$ref"].rsplit("/", 1)[1])
    if "const" in node:
        return f"'{node['const']}'"
    if "enum" in node:
        return " | ".join(f"'{one}'" for one in node["enum"])
    for several in ("anyOf", "oneOf"):
        if several in node:
            return " | ".join(dict.fromkeys(map(_type, node[several])))
    if "prefixItems" in node:
        return f"[{', '.join(map(_type, node['prefixItems']))}]"
    if node.get("type") == "array":
        inner = _type(node["items"])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if node.get("type") == "object":
        values = node.get("additionalProperties")
        return f"Record<string, {_type(values)}>" if isinstance(values, dict) else "object"
    return PLAIN[node["type"]]


if __name__ == "__main__":
    FILE.write_text(typescript(), encoding="utf-8")
