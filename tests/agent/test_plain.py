"""Nothing that a model, a cluster, a person or a digest holds is taken as markup, by
a page or by a terminal.
"""

import asyncio
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console

from agent.events import ErrorEvent, MessageEvent, TokenEvent
from agent.runtime import Runtime
from agent.terminal.chat import Chat
from agent.ui.plain import markdown, plainly

DIGESTS = [f"sha256:{letter}d03…" for letter in "abcdef"]
HOSTILE = [
    *DIGESTS,
    "context:prod and ollama:llama",
    "<script>alert(1)</script> <img src=x onerror=alert(1)> <b>bold</b>",
    "![a picture](https://evil.example/x.png) and [a link](https://evil.example)",
    "https://evil.example/x_y_z and www.evil.example, or ann@evil.example",
    "$x^2$ and $$\\sum$$ and \\(x\\)",
    "**bold** _italic_ ~~gone~~ `code` ^up^",
    "# heading\n- point\n1. first\n> quote\n---\n===",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "    indented code\n\tand so on",
    "```\nfenced\n```",
    ":::warning\nNot an alert\n:::",
    ":name[label]{a=b} ::leaf",
    "&lt;b&gt; &amp; &#65; \\* trailing \\",
    "[x]: https://evil.example\n[x] [ ] [^1]",
    "@everyone #1 @ann",
]
WRITTEN = st.one_of(
    st.text(alphabet="ab1 \t\n:*_`~<>[]()#+-.!|$&@=^/\\{}\"'https://www.", max_size=60),
    st.sampled_from(HOSTILE),
)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(tokens: list[Token]) -> str:
    """The words of what was parsed, if it is nothing but words, in paragraphs."""
    words = []
    for token in tokens:
        if token.type == "inline":
            words.append(shown(token.children or []))
        elif token.type in ("text", "code_inline"):
            words.append(token.content)
        elif token.type in ("softbreak", "hardbreak") or token.type == "paragraph_close":
            words.append("\n")
        else:
            assert token.type == "paragraph_open", token.type
    return "".join(words)


@given(WRITTEN)
def test_markdown_shows_the_words_and_nothing_else(text: str) -> None:
    assert shown(MARKDOWN.parse(markdown(text))).split() == text.split()


@pytest.mark.parametrize("text", HOSTILE)
def test_each_kind_of_markup_is_shown_as_it_was_written(text: str) -> None:
    assert shown(MARKDOWN.parse(markdown(text))).split() == text.split()


def test_an_address_is_no_link() -> None:
    assert markdown("at http://127.0.0.1:36059.") == "at `http://127.0.0.1:36059`\\."


async def sent(*events: tuple[str, Any]) -> list[tuple[str, Any]]:
    heard: list[tuple[str, Any]] = []

    async def emit(event: str, data: Any, to: str) -> None:
        heard.append((event, data))

    for event, data in events:
        await plainly(emit)(event, data, to="page")
    return heard


def test_whatever_goes_to_a_page_is_plain_and_what_is_kept_stays_as_it_was() -> None:
    message = {"type": "assistant_message", "output": "a **b**"}
    broken = {
        "type": "tool",
        "output": "x\n```\n![](y)",
        "language": "text",
        "input": "{}",
        "showInput": "json",
    }
    sound = {
        "type": "tool",
        "output": '{"a": "**b**"}',
        "language": "json",
        "input": "{}",
        "showInput": "json",
    }
    person = {"type": "user_message", "output": "a **b**"}
    steps = [message, broken, sound, person]
    live, again, token, other = asyncio.run(
        sent(
            ("new_message", message),
            ("resume_thread", {"id": "t", "steps": steps}),
            ("stream_token", {"token": " *", "id": "1"}),
            ("x", None),
        )
    )
    assert live[1]["output"] == "a \\*\\*b\\*\\*"
    assert message["output"] == "a **b**"
    first, second, third, fourth = again[1]["steps"]
    assert first["output"] == live[1]["output"]
    assert second["language"] is None
    assert "\n\\`\\`\\`\n\\!\\[\\]" in second["output"]
    assert (third["output"], third["language"], fourth["output"]) == (sound["output"], "json", "a **b**")
    assert token[1] == {"token": "&#32;\\*", "id": "1"}
    assert other == ("x", None)


def test_a_terminal_shows_the_words_and_obeys_none(runtime: Runtime) -> None:
    text = (
        "[bold red]x[/bold red] [/nothing] [link=https://evil.example]here[/link]"
        " \x1b]0;title\x07\x1b[2J\x9b5A:smile: end"
    )
    chat = Chat(runtime, None, as_json=False)
    chat.console = Console(file=io.StringIO(), highlight=False, markup=False, force_terminal=True, width=200)
    for event in (MessageEvent(text=text), ErrorEvent(text=text), TokenEvent(text=text)):
        chat._show(event)
    chat._leave("[bold]x[/nothing]")
    seen = chat.console.file.getvalue()  # type: ignore[attr-defined]
    assert seen.count("[bold red]x[/bold red] [/nothing] [link=https://evil.example]here[/link]") == 3
    assert "\x1b]" not in seen
    assert "\x1b[2J" not in seen
    assert "\x9b" not in seen
