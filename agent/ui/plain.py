"""Words as words: the browser renders what it is sent as Markdown, and nothing that we say, or pass on
from others, is meant as that.

A digest `sha256:ad03…` would lose its end as a directive, and what a cluster, a model or a person wrote could
be a link or a picture. Kept are the words themselves (they are searched); what is sent to a page is made
plain on its way, old messages of a thread too.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
AS_CODE = re.compile(r":::|[^\s“”‘’()\[\]<>]*(?:://|www\.|@)[^\s“”‘’()\[\]<>]*[^\s“”‘’()\[\]<>.,;:!?]")
"""What is looked for in the words that are left: escaped, addresses would still be made
links, and three colons a box.
"""
INDENT = re.compile(r"(?<=\n)[ \t]|^[ \t]|(?<=[ \t])[ \t]")
"""White space that may begin a block of code."""
FENCE = "```"
Emit = Callable[..., Awaitable[Any]]


def markdown(text: str) -> str:
    """Markdown that shows exactly `text`."""
    parts, at = [], 0
    for found in AS_CODE.finditer(text):
        parts += [_escaped(text[at : found.start()]), _code(found[0])]
        at = found.end()
    return INDENT.sub(_reference, "".join([*parts, _escaped(text[at:])]))


def plain_step(step: dict[str, Any]) -> dict[str, Any]:
    """A message or step as Chainlit sends it to a page, which then shows its words. What
    a person said is shown plainly as it is.
    """
    if step.get("type") == "user_message":
        return step
    made = dict(step)
    output, shown = str(step.get("output") or ""), str(step.get("input") or "")
    if not step.get("language") or FENCE in output:  # otherwise it goes between fences, which it can't close
        made |= {"output": markdown(output), "language": None}
    if not isinstance(step.get("showInput"), str) or FENCE in shown:
        made |= {"input": markdown(shown), "showInput": bool(step.get("showInput"))}
    return made


def plainly(emit: Emit) -> Emit:
    """Chainlit's way to its pages, by which nothing gets there as markup."""

    async def emit_plainly(event: str, data: Any = None, *others: Any, **more: Any) -> Any:
        return await emit(event, _plain(event, data), *others, **more)

    return emit_plainly


def _plain(event: str, data: Any) -> Any:
    if event in ("new_message", "update_message", "stream_start"):
        return plain_step(data)
    if event == "stream_token":  # the whole message follows when it is over
        return data | {"token": INDENT.sub(_reference, _escaped(data["token"]))}
    if event == "resume_thread":
        return data | {"steps": [plain_step(step) for step in data.get("steps") or []]}
    return data


def _escaped(text: str) -> str:
    return PUNCTUATION.sub(r"\\\1", text)


def _code(text: str) -> str:
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    room = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{room}{text}{room}{fence}"


def _reference(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
