"""What the terminal shows: within 100 columns, with nothing lost."""

import io
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from agent.cards.facts import SpecificationFacts
from agent.events import Event, MessageEvent
from agent.runtime import Runtime
from agent.terminal.cards import show_checkpoint
from agent.terminal.chat import Chat
from tests.talking import converse


def drawn(runtime: Runtime, thread: str, *words: str, width: int = 100) -> str:
    pause = converse(runtime, thread, *words).pause
    out = io.StringIO()
    show_checkpoint(Console(file=out, width=width, highlight=False), pause)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_cards_fit_and_show_what_matters(runtime: Runtime, thread: str, width: int) -> None:
    need = (
        "RAG over our documents for 30k employees with p95 TTFT 900 ms, budget $900k a month, anything but"
        " L4, accuracy is critical"
    )
    card = drawn(runtime, thread, need, width=width)
    for wanted in (
        "30,000",
        "4096→512 tokens",
        "900 ms",
        "18.3 s",
        "$900,000 a month",
        "accuracy high",
        "L4",
    ):
        assert wanted in card
    table = drawn(runtime, thread, "looks good", width=width)
    for wanted in ("TTFT p95", "≤900 ms", "estimated", "$/month", "cheapest", "of capacity free"):
        assert wanted in " ".join(table.split())
    assert re.search(r"^ *1 +\S*\w{4}", table, re.MULTILINE)  # which option is which
    assert not re.search(r"^ {3,}-\s*$", table, re.MULTILINE)  # a name breaks after its hyphens, not before
    approval = drawn(runtime, thread, "option 1", width=width)
    for wanted in ("simulated cluster", "namespace default", "a month"):
        assert wanted in " ".join(approval.split())
    for text in (card, table, approval):
        assert max(len(line.rstrip()) for line in text.splitlines()) <= width


def test_words_of_others_are_shown_as_they_are_and_never_as_markup(runtime: Runtime, thread: str) -> None:
    out = io.StringIO()
    pause = converse(runtime, thread, "a chatbot for 1000 users").pause
    assert isinstance(pause.details, SpecificationFacts)
    pause.details.specification.intent.domain_specialization = ["[red]bold[/red]", "[/]"]
    show_checkpoint(Console(file=out, width=100), pause)
    assert "[red]bold[/red]" in out.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437"])
def test_an_output_that_lacks_our_characters_gets_others(encoding: str) -> None:
    said = "“a → b” … 3 × L40S ≤ 5 € — Müller’s 日本 │╭─╮│ ✓"
    code = f"from agent.terminal.plain import plain_where_needed; plain_where_needed(); print({said!r})"
    environment = {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert done.stderr == b""
    shown = done.stdout.decode(encoding)
    if encoding == "ascii":
        assert shown == '"a -> b" ... 3 x L40S <= 5 EUR - Muller\'s ?? |+-+| ok\n'
    else:
        assert "Müller" in shown
        assert "->" in shown


def test_an_interrupt_that_comes_out_as_another_error_leaves_cleanly(
    runtime: Runtime, thread: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compiled code that is interrupted raises errors of its own."""

    def broken(*_: object) -> Iterator[Event]:
        yield MessageEvent(text="begun")
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise RuntimeError("Error building model serializer")

    chat = Chat(runtime, thread, as_json=True)
    chat._turns = lambda script: iter(["a chatbot", "never said"])  # type: ignore[method-assign]
    chat.runtime = cast(
        Runtime, SimpleNamespace(position=runtime.position, chosen=runtime.chosen, say=broken)
    )
    before = signal.getsignal(signal.SIGINT)  # ignored, where a shell began this in the background
    assert chat.run(None) == 0
    assert "serializer" not in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is before
