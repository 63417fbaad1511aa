"""JSON schemas in the plain form that grammars for constrained decoding take."""

from __future__ import annotations

from typing import Any

_KEPT = frozenset(("type", "enum", "const", "required"))
# A bound above these goes: the grammar's builder gives up, without a word, at maxItems 1e5 (0.7 s), number
# 1e22 or maxLength 1e12, and takes more than 20 GB of memory for maxItems 1e9.
_LARGEST = {
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), 1e15),
    **dict.fromkeys(("minLength", "maxLength"), 1e6),
    **dict.fromkeys(("minItems", "maxItems"), 1e3),
}


def plain_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its references inlined, and only keywords that the grammar is known to take.

    It may accept more than the original (pattern, format, uniqueItems, huge bounds go), so
    validate the answer. Objects that list their properties get no others. Raises ValueError for
    a schema that refers to itself.
    """

    def resolve(node: dict[str, Any], seen: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
        while "$ref" in node or "allOf" in node:
            merged = {key: value for key, value in node.items() if key not in ("$ref", "allOf")}
            parts = list(node.get("allOf", []))
            if reference := node.get("$ref"):
                if reference in seen:
                    raise ValueError(f"the schema refers to itself at {reference}")
                seen = (*seen, reference)
                target: Any = schema
                for step in reference.removeprefix("#").strip("/").split("/"):
                    target = target[step]
                parts.append(target)
            for part in parts:
                merged = {**part, **merged}
            node = merged
        return node, seen

    def plain(node: Any, seen: tuple[str, ...]) -> Any:
        if not isinstance(node, dict):
            return node
        node, seen = resolve(node, seen)
        kept = {
            key: value
            for key, value in node.items()
            if key in _KEPT or (key in _LARGEST and abs(value) <= _LARGEST[key])
        }
        for key in ("items", "additionalProperties"):
            if key in node:
                kept[key] = plain(node[key], seen)
        if "prefixItems" in node:
            kept["prefixItems"] = [plain(item, seen) for item in node["prefixItems"]]
        if choices := node.get("anyOf", node.get("oneOf")):
            kept["anyOf"] = [plain(choice, seen) for choice in choices]
        if "properties" in node:
            kept["properties"] = {name: plain(value, seen) for name, value in node["properties"].items()}
            kept.setdefault("additionalProperties", False)
        return kept

    result: dict[str, Any] = plain(schema, ())
    return result


def compact(schema: dict[str, Any]) -> dict[str, Any]:
    """What a chat model needs of a tool's schema: names, types, choices and descriptions, without
    titles, defaults, bounds and nulls.

    A quarter of the tokens; whatever a model answers is validated against the whole schema all the same.
    """
    node = plain_schema(schema)
    described = {name: value.get("description") for name, value in _properties(schema).items()}

    def small(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        choices = [c for c in value.get("anyOf", []) if c != {"type": "null"}]
        if len(choices) == 1:
            return small(choices[0])
        kept = {k: v for k, v in value.items() if k in ("type", "enum", "const", "required")}
        kept |= {
            k: small(value[k]) for k in ("items", "additionalProperties") if isinstance(value.get(k), dict)
        }
        if choices:
            kept["anyOf"] = [small(c) for c in choices]
        if "properties" in value:
            kept["properties"] = {name: small(item) for name, item in value["properties"].items()}
        return kept

    found: dict[str, Any] = small(node)
    for name, text in described.items():
        if text:
            found["properties"][name]["description"] = text
    return found


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = schema.get("properties", {})
    return properties
