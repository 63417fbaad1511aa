"""A GGUF chat model run inside this process by llama.cpp, through the optional
package xllamacpp (extra `gguf`).
"""

from __future__ import annotations

import json
import queue
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.models.json_schema import plain_schema
from knowledge.errors import CompassError

# The prompt is read in steps of this many tokens, and a stop is noticed between two steps: under a second on
# two cores, for 3 % more time than the largest step.
_STEP_TOKENS = 64
_PROMPT_CACHE_MIB = 256


@dataclass(frozen=True)
class Completion:
    """An answer and its cost; input_tokens counts the prompt's cached part too."""

    text: str
    input_tokens: int
    output_tokens: int


class GgufEngine:
    """One model file, loaded at the first call or by warm(); calls from several
    threads wait for each other.
    """

    def __init__(self, path: Path, context_tokens: int = 8192) -> None:
        """Raises CompassError if the file isn't a GGUF model or xllamacpp isn't
        installed; loads nothing yet.
        """
        try:
            with path.open("rb") as file:
                magic = file.read(4)
        except OSError as error:
            raise CompassError(
                f"{path} can't be read: {error.strerror}. Give the path of a .gguf file."
            ) from error
        if magic != b"GGUF":
            raise CompassError(
                f"{path} isn't a GGUF model file. Give the path of a .gguf file, complete and unpacked."
            )
        try:
            import xllamacpp
        except ImportError as error:
            raise CompassError(
                "A GGUF model needs the package xllamacpp: pip install 'compass-llm[gguf]'."
            ) from error
        self._llama: Any = xllamacpp
        self._path = path
        self._context_tokens = context_tokens
        self._server: Any = None
        self._lock = threading.Lock()

    def complete(
        self,
        messages: list[dict[str, str]],
        schema: dict[str, Any] | None,
        max_tokens: int,
        stopped: threading.Event | None = None,
    ) -> Completion:
        """The likeliest answer, as JSON of the given schema if there is one.

        It's cut off at max_tokens, and within about a second of `stopped` being set: its JSON is incomplete
        then. Raises CompassError if the model can't be loaded or the prompt doesn't fit its context.
        """
        text = ""
        pieces = 0
        prompt = 0
        usage: dict[str, int] = {}
        finish = None
        for event in self._events(messages, schema, max_tokens, stopped):
            if piece := _piece(event):
                text += piece
                pieces += 1
            prompt = event.get("prompt_progress", {}).get("total", prompt)
            usage = event.get("usage", usage)
            finish = next((choice["finish_reason"] for choice in event["choices"]), finish)
        if schema is not None and finish == "stop":
            # llama.cpp goes on without constraint, and without a word, after a schema
            # that its grammar can't take.
            try:
                json.loads(text)
            except ValueError as error:
                raise CompassError(
                    f"The model's answer isn't JSON, so no schema was applied: {text[:60]!r}"
                ) from error
        return Completion(text, usage.get("prompt_tokens", prompt), usage.get("completion_tokens", pieces))

    def stream(
        self, messages: list[dict[str, str]], max_tokens: int, stopped: threading.Event | None = None
    ) -> Iterator[str]:
        """The pieces of the likeliest answer as they come; ends, and raises, like complete()."""
        for event in self._events(messages, None, max_tokens, stopped):
            if piece := _piece(event):
                yield piece

    def warm(self, messages: list[dict[str, str]]) -> None:
        """Loads the model and reads the messages, so that a call that begins with
        the same ones starts at once.
        """
        self.complete(messages, {"type": "boolean"}, 1)

    def close(self) -> None:
        """Frees the model's memory, after the running call if there is one; a later call loads it again."""
        with self._lock:
            self._server = None

    def _events(
        self,
        messages: list[dict[str, str]],
        schema: dict[str, Any] | None,
        max_tokens: int,
        stopped: threading.Event | None,
    ) -> Iterator[dict[str, Any]]:
        body = self._request(messages, schema, max_tokens)
        events: queue.SimpleQueue[dict[str, Any] | BaseException | None] = queue.SimpleQueue()
        abandoned = threading.Event()

        def halted() -> bool:
            # The main thread's end: the interpreter waits for this thread before it
            # closes a forgotten stream.
            ended = abandoned.is_set() or not threading.main_thread().is_alive()
            return ended or (stopped is not None and stopped.is_set())

        def take(event: dict[str, Any]) -> bool:
            events.put(event)
            return halted()

        def work() -> None:
            try:
                while not self._lock.acquire(timeout=0.1):
                    if halted():
                        return
                try:
                    if not halted():
                        self._loaded().handle_chat_completions(body, take)
                finally:
                    self._lock.release()
            except BaseException as error:
                events.put(error)
            finally:
                events.put(None)

        # The native call can't be interrupted: in a thread of its own it leaves Ctrl-C
        # and slow readers to the caller.
        worker = threading.Thread(target=work, name="gguf")
        worker.start()
        try:
            while (event := events.get()) is not None:
                if isinstance(event, CompassError):
                    raise event
                if isinstance(event, BaseException):
                    raise CompassError(f"The model {self._path.name} failed: {event}") from event
                if problem := event.get("error"):
                    raise CompassError(
                        f"The model {self._path.name} refused the request: {problem['message']}."
                    )
                yield event
        finally:
            abandoned.set()
            worker.join()

    def _request(
        self, messages: list[dict[str, str]], schema: dict[str, Any] | None, max_tokens: int
    ) -> dict[str, Any]:
        body: dict[str, Any] = {
            "messages": [{**message, "content": _harmless(message["content"])} for message in messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "cache_prompt": True,
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        if schema is not None:
            # A grammar of our own and not response_format: that goes through another converter, which prints
            # to stderr, allows ```json and blank lines (60 % more tokens), and refuses minLength 5000.
            compact = {**plain_schema(schema), "x-guidance": {"whitespace_flexible": False}}
            body["grammar"] = self._llama.json_schema_to_grammar(compact)
        return body

    def _loaded(self) -> Any:
        if self._server is None:
            params = self._llama.CommonParams()
            params.model.path = str(self._path)
            params.n_ctx = self._context_tokens
            params.n_parallel = 1
            params.n_batch = params.n_ubatch = _STEP_TOKENS
            params.cache_ram_mib = _PROMPT_CACHE_MIB
            params.warmup = False
            params.verbosity = -1
            params.ui = False
            # xllamacpp always starts an HTTP server as well. A socket in a private folder that's gone once
            # the model is loaded leaves it nobody to serve.
            with tempfile.TemporaryDirectory(prefix="gguf-") as folder:
                params.hostnames = [f"{folder}/unused.sock"]
                try:
                    self._server = self._llama.Server(params)
                except RuntimeError as error:
                    raise CompassError(
                        f"llama.cpp can't load {self._path}: the file is damaged, its kind of model is"
                        f" unknown to this version, or there isn't memory enough for {self._context_tokens}"
                        " tokens of context."
                    ) from error
        return self._server


def _piece(event: dict[str, Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in event["choices"])


def _harmless(content: str) -> str:
    # llama.cpp reads control tokens in the messages' text too:
    # "<|im_end|>\n<|im_start|>system" would end the turn.
    return content.replace("<|", "< |")
