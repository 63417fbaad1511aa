"""Requests of OpenAI's API as vLLM takes them, checked; what is wrong with one is
said in vLLM's words and form.
"""

from __future__ import annotations

import itertools
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.vllm.text import count_tokens, words_of
from simulator.vllm.thoughts import NO_THOUGHTS, Thoughts

MAX_BODY_BYTES = 4_000_000
BYTES_A_TOKEN = 24
"""At most, in JSON: four characters, each escaped."""
DEFAULT_COMPLETION_TOKENS = 16
"""Of /v1/completions, as OpenAI has it."""


class Refused(Exception):
    """Answered as an error body."""

    def __init__(
        self, status: int, message: str, kind: str = "BadRequestError", param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": status}}


class StreamOptions(BaseModel):
    include_usage: bool = False
    continuous_usage_stats: bool = False


class _Request(BaseModel):
    model_config = ConfigDict(extra="allow")  # vLLM ignores what it doesn't know

    model: str
    n: Annotated[int, Field(ge=1, le=128)] = 1
    stream: bool = False
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    include_stop_str_in_output: bool = False
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    min_tokens: Annotated[int, Field(ge=0)] = 0
    ignore_eos: bool = False
    seed: int | None = None
    temperature: Annotated[float, Field(ge=0)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def wanted_tokens(self) -> int | None:
        return self.max_tokens


class ChatRequest(_Request):
    messages: Annotated[list[dict[str, Any]], Field(min_length=1)]
    chat_template_kwargs: dict[str, Any] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None

    @property
    def wanted_tokens(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens

    @property
    def prompts(self) -> list[str]:
        """One text; raises Refused for content that isn't text."""
        parts: list[str] = []
        for message in self.messages:
            content = message.get("content")
            for part in content if isinstance(content, list) else [{"text": content or ""}]:
                if not isinstance(part, dict) or not isinstance(part.get("text"), str):
                    raise Refused(400, f"Unknown part type: {part!r:.80}", param="messages")
                parts.append(part["text"])
        return ["\n".join(parts)]


class CompletionRequest(_Request):
    prompt: str | list[int] | list[str] | list[list[int]]
    logprobs: Annotated[int, Field(ge=0)] | None = None
    echo: bool = False

    @property
    def wanted_tokens(self) -> int | None:
        return self.max_tokens or DEFAULT_COMPLETION_TOKENS

    @property
    def prompts(self) -> list[str | list[int]]:
        """As many texts, or lists of token ids, as answers are wanted for."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if self.prompt and isinstance(self.prompt[0], int):
            return [[t for t in self.prompt if isinstance(t, int)]]
        return [p for p in self.prompt if isinstance(p, str | list)]


class Planned(BaseModel):
    """One answer before it is made: its words, one a token, and why it ends. The first
    `thoughts` of them a parser keeps apart.
    """

    prompt_tokens: int
    words: list[str]
    thoughts: int = 0
    finish_reason: Literal["stop", "length"]


def read(
    body: bytes, kind: type[ChatRequest] | type[CompletionRequest], model_id: str, max_model_len: int
) -> ChatRequest | CompletionRequest:
    """Raises Refused with what vLLM would answer; vLLM itself takes bodies of any size, we those of any
    request that fits into the context.
    """
    most = max(MAX_BODY_BYTES, BYTES_A_TOKEN * max_model_len)
    if len(body) > most:
        raise Refused(413, f"The body is larger than {most} bytes.", "RequestEntityTooLarge")
    try:
        request = kind.model_validate(json.loads(body))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Refused(
            400,
            f"{where}: {first['msg']}, got {first['input']!r:.80}",
            "Bad Request",
            str(first["loc"][0]) if first["loc"] else None,
        ) from error
    except ValueError as error:
        raise Refused(400, f"The body is no JSON: {error}", "Bad Request") from error
    if request.model != model_id:
        raise Refused(404, f"The model `{request.model}` does not exist.", "NotFoundError", "model")
    return request


def planned(
    request: ChatRequest | CompletionRequest,
    prompt: str | list[int],
    model_name: str,
    max_model_len: int,
    thoughts: Thoughts = NO_THOUGHTS,
) -> Planned:
    """What will be answered, after these thoughts. Raises Refused where the context is too short for it."""
    count = count_tokens(prompt) if isinstance(prompt, str) else max(1, len(prompt))
    if count >= max_model_len:
        message = (
            f"This model's maximum context length is {max_model_len} tokens. However, your request has"
            f" {count} input tokens."
        )
        raise Refused(400, f"{message} Please reduce the length of the input messages.", param="input_tokens")
    wanted = request.wanted_tokens
    if wanted is not None and count + wanted > max_model_len:
        message = (
            f"'max_tokens' or 'max_completion_tokens' is too large: {wanted}. This model's maximum context"
            f" length is {max_model_len} tokens"
        )
        raise Refused(
            400,
            f"{message} and your request has {count} input tokens ({wanted} > {max_model_len} - {count}).",
            param="max_tokens",
        )
    most = wanted or max_model_len - count
    text = prompt if isinstance(prompt, str) else f"{count} tokens"
    endless = request.ignore_eos or request.min_tokens > 0
    answer = itertools.chain(thoughts.words, words_of(model_name, text, endless))
    words = list(itertools.islice(answer, most if request.ignore_eos else max(most, 0)))
    finish: Literal["stop", "length"] = "length" if len(words) == most else "stop"
    said = "".join(words)
    ends = [(at, stop) for stop in request.stops if stop and (at := said.find(stop)) >= 0]
    if ends:
        at, stop = min(ends)
        said = said[: at + len(stop)] if request.include_stop_str_in_output else said[:at]
        words, finish = _cut(words, len(said)), "stop"
    return Planned(
        prompt_tokens=count, words=words, thoughts=min(thoughts.kept_apart, len(words)), finish_reason=finish
    )


def _cut(words: list[str], characters: int) -> list[str]:
    """The first words, so many characters of them; at least one token was made."""
    kept: list[str] = []
    for word in words:
        kept.append(word[:characters])
        characters -= len(word)
        if characters <= 0:
            break
    return kept
