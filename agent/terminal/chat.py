"""`compass chat`: turns from the keyboard, a script or a pipe; events as cards or as lines of JSON."""

from __future__ import annotations

import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.status import Status
from rich.text import Text

from agent.background import apart
from agent.cards.card import Card
from agent.events import (
    CheckpointEvent,
    ErrorEvent,
    Event,
    MessageEvent,
    ProgressEvent,
    StateEvent,
    TokenEvent,
    ToolResultEvent,
)
from agent.runtime import Runtime
from agent.storage.tags import Unreadable
from agent.terminal.cards import print_card, show_checkpoint
from knowledge.errors import CompassError
from tools.untrusted import printable

PATIENCE_S = 0.5
"""Work longer than this shows a spinner."""
WORKING = {
    "context_collection": "Reading",
    "model_recommendation": "Looking up benchmarks",
    "capacity_planning": "Planning",
    "configuration_finalized": "Rendering manifests",
    "deployment_execution": "Applying",
    "post_deployment_validation": "Waiting for the deployment",
}


class Chat:
    """One conversation on one terminal."""

    def __init__(self, runtime: Runtime, thread_id: str | None, as_json: bool) -> None:
        self.runtime = runtime
        self.named = thread_id is not None
        self.thread_id = thread_id or f"c-{secrets.token_hex(4)}"
        self.as_json = as_json
        self.console = Console(highlight=False, markup=False, soft_wrap=False)
        self.open: CheckpointEvent | None = None
        self.failed = False
        self.column = 0
        self.begun = False
        self.failed_turn = False
        self.interrupted = False
        """By Ctrl-C, which compiled code may turn into an error of its own."""
        self.drawn: Card | None = None

    def run(self, script: Path | None) -> int:
        """Talk until the words run out or the person leaves; returns the exit code:
        1 if a turn ended in an error.
        """
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            self._greet()
            for words in self._turns(script):
                self._follow(
                    self.runtime.say(self.thread_id, words, self.open.interrupt_id if self.open else None)
                )
                if self.interrupted:
                    break
        except (KeyboardInterrupt, Exception) as error:
            if not self.interrupted and not isinstance(error, KeyboardInterrupt):
                raise
            self.interrupted = True
        finally:
            signal.signal(signal.SIGINT, before)
        self._leave("\nLeft; nothing is lost." if self.interrupted else "")
        return 1 if self.failed and not self.interrupted else 0

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True
        signal.default_int_handler(number, frame)

    def _greet(self) -> None:
        """Say what this is and what reads the words; then where the conversation is, if it isn't new."""
        try:
            here, problem = self.runtime.position(self.thread_id), None
        except Unreadable as error:
            problem = error
        self._show(
            MessageEvent(
                text=(
                    "Compass plans and deploys LLM inference with you. Your words are read by"
                    f" {self.runtime.chosen.label}."
                )
            )
        )
        if problem is not None:
            self._show(MessageEvent(text=str(problem)))
            return
        if self.named and not here.exists:
            self._show(MessageEvent(text=f"There is no conversation {self.thread_id} yet; this begins it."))
        if not here.exists:
            self._show(
                MessageEvent(
                    text=(
                        "What do you need? For instance: “I need a chatbot for 1000 users, low latency"
                        " critical”."
                    )
                )
            )
            return
        self.begun = True
        self._show(MessageEvent(text=f"Back in conversation {self.thread_id}."))
        if not self.as_json:
            for kind, text in here.last_words[-2:]:
                self.console.print(Text(f"{'› ' if kind == 'human' else ''}{text}", style="dim"))
        if here.interrupted_at:
            self._show(MessageEvent(text=f"It was cut off in {here.interrupted_at}; going on from there."))
            self._follow(self.runtime.resume(self.thread_id))
        elif here.checkpoint:
            self._show(here.checkpoint)

    def _turns(self, script: Path | None) -> Iterator[str]:
        if script is not None:
            with script.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    if not self.as_json:
                        self.console.print(Text(f"› {line.rstrip()}", style="bold"))
                    yield line.rstrip("\r\n")
            return
        interactive = sys.stdin.isatty() and not self.as_json
        if interactive:
            with suppress(ImportError):
                import readline  # noqa: F401 - gives input() a history and editing
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
        while True:
            try:
                if interactive:
                    yield input("› ")
                else:
                    line = sys.stdin.readline()
                    if not line:
                        return
                    if not self.as_json:
                        self.console.print(Text(f"› {line.rstrip()}", style="bold"))
                    yield line.rstrip("\r\n")
            except EOFError:
                print()
                return

    def _leave(self, why: str) -> None:
        if self.as_json:
            return
        if why:
            self.console.print(why)
        if self.begun:
            self.console.print(Text(f"Resume with: compass chat --thread {self.thread_id}", style="dim"))

    def _follow(self, events: Iterator[Event]) -> None:
        """Show a turn as it happens, with a spinner where it takes long."""
        self.begun = True
        self.failed_turn = False
        self.open = None
        if self.as_json:
            for event in events:
                self._show(event)
            return
        waiting = _Waiting(self.console)
        try:
            for told in apart(lambda: events, PATIENCE_S):
                if told is None:
                    waiting.start()
                elif isinstance(told, StateEvent):
                    waiting.about(WORKING.get(told.state, "Working"))
                elif isinstance(told, ProgressEvent):
                    waiting.about(told.text)
                else:
                    waiting.stop()
                    self._show(told)
        finally:
            waiting.stop()
        if self.open is None and self.failed_turn:
            self._show_pause()
        if self.open is not None and self.open.state == "configuration_finalized" and sys.stdin.isatty():
            _forget_typed_ahead()

    def _show_pause(self) -> None:
        """After an error: the question that is still open, if the database can tell."""
        with suppress(CompassError):
            pause = self.runtime.position(self.thread_id).checkpoint
            if pause:
                self._show(pause)

    def _show(self, event: Event) -> None:
        if isinstance(event, CheckpointEvent):
            self.open = event
        if isinstance(event, ErrorEvent):
            if self.interrupted:
                return
            self.failed = self.failed_turn = True
        if self.as_json:
            print(event.line(), flush=True)
            return
        if isinstance(event, MessageEvent | ErrorEvent | TokenEvent):
            event = event.model_copy(
                update={"text": printable(event.text, len(event.text))}
            )  # whoever wrote it: a terminal obeys some
        if isinstance(event, CheckpointEvent):
            # A question was answered and the pause stays as it was: its card is still on the screen.
            show_checkpoint(self.console, event, draw=self.drawn != event.card)
            self.drawn = event.card
        elif isinstance(event, ErrorEvent):
            self.console.print(Text(event.text, style="red"))
        elif isinstance(event, TokenEvent):
            self._stream(event.text)
        elif isinstance(event, MessageEvent):
            if event.kind in ("answer", "prose"):
                self.console.print()  # after the streamed tokens
                self.column = 0
            if event.kind == "prose":  # they were all of it
                return
            self.console.print(Text(event.text, style="dim" if event.kind == "answer" else ""))
            print_card(self.console, event.card)
        elif isinstance(event, ToolResultEvent):
            self.console.print(
                Text(f"  {'✓' if event.ok else '✗'} {event.tool}", style="dim" if event.ok else "red")
            )

    def _stream(self, text: str) -> None:
        """A piece of a streamed answer; a word that would cross the edge starts a new line."""
        if self.column + len(text.rstrip()) > self.console.width:
            self.console.print()
            self.column = 0
        self.column += len(text)
        self.console.print(Text(text, style="green"), end="", soft_wrap=True)


def _forget_typed_ahead() -> None:
    """What was typed before the manifests were shown must not approve them."""
    with suppress(ImportError, OSError):
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


class _Waiting:
    """A spinner that appears only once nothing was heard for a while."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._text = "Working"
        self._status: Status | None = None

    def about(self, text: str) -> None:
        self._text = text
        if self._status:
            self._status.update(f"{text}…")

    def start(self) -> None:
        if self._status is None and self._console.is_terminal:
            self._status = self._console.status(f"{self._text}…")
            self._status.start()

    def stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None


def start(runtime: Runtime, thread_id: str | None, script: Path | None, as_json: bool) -> int:
    """Run a conversation to its end; errors of the start are the caller's."""
    if script is not None and not script.is_file():
        raise CompassError(f"There is no script {script}. It is a text file with one turn a line.")
    return Chat(runtime, thread_id, as_json).run(script)
