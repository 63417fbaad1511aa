"""The description of the REST API as a page of our own: from its OpenAPI document, with
nothing from elsewhere and nothing that runs.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
body { color: #1b1f24; background: #fff }
code, pre { font: 13px/1.5 ui-monospace, monospace; background: #f3f4f6 }
code, pre { padding: .1em .3em; border-radius: 4px }
pre { padding: .7rem; overflow: auto } a { color: #0b57d0 }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de } h3 { margin: 2rem 0 .3rem }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 }
td, th { text-align: left; vertical-align: top }
td, th { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #e5e7eb }
.method { font-weight: 700; margin-right: .4rem }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117 } code, pre { background: #1c2128 }
  a { color: #7ab7ff } td, th, h2 { border-color: #30363d }
}
"""
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
    "minLength": "characters, at least",
    "maxLength": "characters, at most",
    "minItems": "of them, at least",
    "maxItems": "of them, at most",
    "pattern": "pattern",
}
CODE, MARKED = re.compile(r"`([^`]+)`"), r"<code>\1</code>"
Node = dict[str, Any]


def describe(app: FastAPI, path: str) -> None:
    """Serve the page at `path`."""

    @app.get(path, include_in_schema=False)
    async def described() -> HTMLResponse:
        return HTMLResponse(
            page(app.openapi(), app.openapi_url or ""), headers={"Content-Security-Policy": POLICY}
        )


def page(document: Node, source: str) -> str:
    """HTML of an OpenAPI document; `source` is the document's own address."""
    info, operations = document["info"], list(_operations(document))
    tags = list(dict.fromkeys(tag for *_, tag in operations))
    contents = "".join(
        f"<li>{escape(tag)}: "
        + ", ".join(_link(_id(m, p), f"{m} {p}") for m, p, _, t in operations if t == tag)
        + "</li>"
        for tag in tags
    )
    routes = "".join(
        f"<h2>{escape(tag)}</h2>"
        + "".join(_operation(m, p, node) for m, p, node, t in operations if t == tag)
        for tag in tags
    )
    schemas = document.get("components", {}).get("schemas", {})
    values = "".join(
        f'<h3 id="{_id(name)}">{escape(name)}</h3>{_text(node)}{_fields(node)}'
        for name, node in sorted(schemas.items())
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
        f' content="width=device-width">'
        f'<link rel="icon" href="/favicon"><title>{escape(info["title"])}: REST'
        f" API</title><style>{STYLE}</style></head><body>"
        f"<h1>{escape(info['title'])}: REST API, version {escape(info['version'])}</h1>{_text(info)}"
        f'<p>For programs: <a href="{escape(source)}">{escape(source)}</a>'
        f" (OpenAPI).</p><ul>{contents}</ul>{routes}"
        f"<h2>Values</h2>{values}</body></html>"
    )


def _operations(document: Node) -> list[tuple[str, str, Node, str]]:
    return [
        (method.upper(), path, node, str((node.get("tags") or ["other"])[0]))
        for path, methods in document["paths"].items()
        for method, node in methods.items()
    ]


def _operation(method: str, path: str, node: Node) -> str:
    bodies: list[Node] = list(node.get("requestBody", {}).get("content", {}).values())
    body = bodies[0].get("schema") if bodies else None
    given = "".join(
        _row(
            p["name"],
            f"{p['in']}, {_type(p.get('schema', {}))}",
            bool(p.get("required")),
            _note(p) or _note(p.get("schema", {})),
        )
        for p in node.get("parameters", [])
    )
    answers = "".join(
        f"<tr><td><code>{escape(status)}</code></td><td>{_answer(answer)}</td>"
        f"<td>{escape(answer.get('description', ''))}</td></tr>"
        for status, answer in node.get("responses", {}).items()
    )
    return (
        f'<h3 id="{_id(method, path)}"><span class="method">{method}</span>'
        f" <code>{escape(path)}</code></h3>{_text(node)}"
        + (f"<table><tr><th>Parameter</th><th>Type</th><th></th></tr>{given}</table>" if given else "")
        + (f"<p>Body: {_type(body)}</p>" if body else "")
        + f"<table><tr><th>Status</th><th>Body</th><th></th></tr>{answers}</table>"
    )


def _answer(answer: Node) -> str:
    return ", ".join(
        f"{_type(c.get('schema', {}))} <code>{escape(kind)}</code>"
        for kind, c in answer.get("content", {}).items()
    )


def _fields(node: Node) -> str:
    if "properties" not in node:
        return f"<p>{_type(node)} {_note(node)}</p>"
    required = node.get("required", [])
    rows = "".join(
        _row(name, _type(field), name in required, _note(_own(name, field)))
        for name, field in node["properties"].items()
    )
    return f"<table><tr><th>Field</th><th>Type</th><th></th></tr>{rows}</table>"


def _own(name: str, node: Node) -> Node:
    """Without a title that says no more than the name."""
    plain = str(node.get("title", "")).lower() == name.replace("_", " ").strip()
    return {key: value for key, value in node.items() if not (plain and key == "title")}


def _row(name: str, kind: str, required: bool, note: str) -> str:
    return (
        f"<tr><td><code>{escape(name)}</code>{'' if required else ' (optional)'}</td>"
        f"<td>{kind}</td><td>{note}</td></tr>"
    )


def _type(node: Node) -> str:
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        return _link(_id(name), name)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in node:
            return " or ".join(_type(one) for one in node[several])
    if "enum" in node or "const" in node:
        return " | ".join(f"<code>{escape(str(one))}</code>" for one in node.get("enum", [node.get("const")]))
    if node.get("type") == "array":
        return f"list of {_type(node.get('items', {}))}"
    if node.get("type") == "object" and isinstance(node.get("additionalProperties"), dict):
        return f"object of {_type(node['additionalProperties'])}"
    return escape(str(node.get("type", "anything")))


def _note(node: Node) -> str:
    limits = [
        f"{words} <code>{escape(str(node[name]))}</code>" for name, words in LIMITS.items() if name in node
    ]
    said = [escape(str(node[key])) for key in ("title", "description") if node.get(key)]
    said += [f"in {escape(node['x-unit'])}"] if "x-unit" in node else []
    default = (
        [f"default <code>{escape(str(node['default']))}</code>"]
        if node.get("default") not in (None, [], {})
        else []
    )
    return "; ".join([*said, *limits, *default])


def _text(node: Node) -> str:
    paragraphs = str(node.get("description") or "").split("\n\n")
    return "".join(f"<p>{CODE.sub(MARKED, escape(text))}</p>" for text in paragraphs if text.strip())


def _link(target: str, words: str) -> str:
    return f'<a href="#{target}">{escape(words)}</a>'


def _id(*parts: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(parts).lower()).strip("-")
