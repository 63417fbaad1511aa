"""Talking to a deployed endpoint as any client would: OpenAI's API over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from pydantic import computed_field

from knowledge.direct import directly
from knowledge.errors import CompassError
from tools.contract import Contract
from tools.untrusted import printable

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
PATIENCE_S = 300.0
"""For a whole answer; TIMEOUT is for each piece of it."""


class PromptResult(Contract):
    """As this client saw it, in ms; `ttft_ms` is to the first token of any kind,
    `itl_ms` the mean time between tokens.
    """

    text: str
    """Of the answer; empty where all tokens went into thoughts."""
    thoughts: str = ""
    """What came before the answer in a field of its own."""
    output_tokens: int
    ttft_ms: float
    itl_ms: float | None
    e2e_ms: float

    @computed_field  # type: ignore[prop-decorator]
    @property
    def tokens_per_second(self) -> float | None:
        """Of this one answer, once it had begun."""
        return 1000 / self.itl_ms if self.itl_ms else None


def served_models(endpoint: str) -> list[str]:
    """Ids from `/v1/models`. Raises CompassError if the endpoint doesn't answer as an OpenAI server would."""
    try:
        response = httpx.get(f"{endpoint}/v1/models", timeout=TIMEOUT, **directly())
        response.raise_for_status()
        return [str(m["id"]) for m in response.json()["data"]]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise _unusable(endpoint, error) from error


def engine_of(endpoint: str) -> str:
    """Name and version of the server, as vLLM tells it; "vLLM" where it tells none."""
    try:
        version = str(httpx.get(f"{endpoint}/version", timeout=TIMEOUT, **directly()).json()["version"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return "vLLM"
    return f"vLLM {printable(version, 40)}"


def send_prompt(
    endpoint: str,
    model_id: str,
    prompt: str,
    max_tokens: int = 256,
    on_text: Callable[[str], None] | None = None,
    patience_s: float = PATIENCE_S,
) -> PromptResult:
    """Stream one chat completion; `on_text` gets each piece as it comes. Raises
    CompassError if the stream is no good.
    """
    body = {
        "model": model_id,
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    streamed = _Streamed(time.perf_counter())
    try:
        with httpx.stream(
            "POST",
            f"{endpoint}/v1/chat/completions",
            json=body,
            timeout=TIMEOUT,
            **directly(),
        ) as response:
            if response.is_error:
                response.read()
            response.raise_for_status()
            for line in response.iter_lines():
                if time.perf_counter() - streamed.started > patience_s:
                    raise CompassError(
                        f"The endpoint {endpoint} didn't finish an answer within {patience_s:,.0f} s."
                    )
                text = streamed.take(line)
                if text and on_text:
                    on_text(text)
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
    ) as error:
        raise _unusable(endpoint, error) from error
    if not streamed.pieces and not streamed.thoughts:
        raise CompassError(f"The endpoint {endpoint} answered without any text.")
    return streamed.result()


@dataclass
class _Streamed:
    """A completion as it comes, by the clock of `time.perf_counter`."""

    started: float
    first: float = 0.0
    last: float = 0.0
    pieces: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    tokens: int | None = None
    """As the server counts them, at the end."""

    def take(self, line: str) -> str:
        """The text in one line of the stream, "" where there is none. Raises what a malformed one raises."""
        if not line.startswith("data: ") or line == "data: [DONE]":
            return ""
        chunk = json.loads(line.removeprefix("data: "))
        if chunk.get("usage"):
            self.tokens = int(chunk["usage"]["completion_tokens"])
        delta = chunk["choices"][0]["delta"] if chunk.get("choices") else {}
        text = printable(delta.get("content") or "", len(line))
        # vLLM called it reasoning_content before 0.12.
        thought = printable(delta.get("reasoning") or delta.get("reasoning_content") or "", len(line))
        if text or thought:
            self.last = time.perf_counter()
            self.first = self.first or self.last
            self.thoughts += [thought] if thought else []
            self.pieces += [text] if text else []
        return text

    def result(self) -> PromptResult:
        count = self.tokens or len(self.pieces) + len(self.thoughts)
        return PromptResult(
            text="".join(self.pieces),
            thoughts="".join(self.thoughts),
            output_tokens=count,
            ttft_ms=round((self.first - self.started) * 1000, 1),
            itl_ms=round((self.last - self.first) * 1000 / (count - 1), 2) if count > 1 else None,
            e2e_ms=round((self.last - self.started) * 1000, 1),
        )


def _unusable(endpoint: str, error: Exception) -> CompassError:
    if isinstance(error, httpx.HTTPStatusError):
        return CompassError(
            f"The endpoint {endpoint} answered HTTP {error.response.status_code}:"
            f" {printable(error.response.text, 200)}"
        )
    return CompassError(
        f"The endpoint {endpoint} doesn't answer as an OpenAI server would ({type(error).__name__}:"
        f" {str(error)[:200]})."
    )
