"""A vLLM server without a GPU: OpenAI's API, streamed, with the timing that the estimator gives for the model and GPU."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from knowledge.catalogue import Gpu, Model
from knowledge.estimator.calibration import calibration
from knowledge.estimator.grids import shipped_grid
from knowledge.estimator.roofline import roofline_grid
from knowledge.estimator.steps import StepTimes

MAX_BODY_BYTES = 4_000_000
DEFAULT_MAX_TOKENS = 256


class Replica:
    """One engine: how many requests run on it now decides how long the next token takes."""

    def __init__(self, model: Model, gpu: Gpu, gpu_count: int, max_model_len: int) -> None:
        self.model = model
        self.max_model_len = max_model_len
        self.running = 0
        grid = shipped_grid(model.id, gpu.id, gpu_count) or roofline_grid(model, gpu, gpu_count)
        self._steps = StepTimes(grid, calibration().overheads(gpu.architecture))

    def prefill_s(self, prompt_tokens: int) -> float:
        return (self._steps.prefill_ms(prompt_tokens) + self._steps.overheads.request_ms) / 1000

    def decode_s(self, context_tokens: int) -> float:
        running = min(max(1, self.running), self._steps.max_num_seqs)
        return self._steps.decode_ms(running, running * context_tokens) / 1000


def application(replica: Replica) -> Starlette:
    """The ASGI application of one replica."""

    async def list_models(request: Request) -> Response:
        entry = {"id": replica.model.id, "object": "model", "owned_by": "vllm", "max_model_len": replica.max_model_len}
        return JSONResponse({"object": "list", "data": [entry]})

    async def health(request: Request) -> Response:
        return PlainTextResponse("")

    async def version(request: Request) -> Response:
        return JSONResponse({"version": "compass-simulator"})

    async def chat(request: Request) -> Response:
        return await _complete(request, replica, chat=True)

    async def completions(request: Request) -> Response:
        return await _complete(request, replica, chat=False)

    return Starlette(
        routes=[
            Route("/v1/models", list_models),
            Route("/v1/chat/completions", chat, methods=["POST"]),
            Route("/v1/completions", completions, methods=["POST"]),
            Route("/health", health),
            Route("/version", version),
        ]
    )


def _error(status: int, message: str, kind: str = "BadRequestError") -> Response:
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": status}}, status_code=status)


async def _complete(request: Request, replica: Replica, chat: bool) -> Response:
    raw = await request.body()
    if len(raw) > MAX_BODY_BYTES:
        return _error(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    try:
        body = json.loads(raw)
        prompt = _prompt_of(body, chat)
        wanted = int(body.get("max_tokens") or body.get("max_completion_tokens") or DEFAULT_MAX_TOKENS)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _error(400, f"The request can't be read: {error}")
    if body.get("model") != replica.model.id:
        return _error(404, f"The model `{body.get('model')}` does not exist.", "NotFoundError")
    if wanted < 1:
        return _error(400, f"max_tokens must be at least 1, got {wanted}.")
    prompt_tokens = _count_tokens(prompt)
    if prompt_tokens + 1 > replica.max_model_len:
        return _error(400, f"This model's maximum context length is {replica.max_model_len} tokens. Your request has {prompt_tokens}.")

    words = _answer(replica, prompt)[: min(wanted, replica.max_model_len - prompt_tokens)]
    finish = "length" if len(words) == wanted and len(_answer(replica, prompt)) > wanted else "stop"
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": len(words), "total_tokens": prompt_tokens + len(words)}
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": replica.model.id}
    tokens = _timed(replica, prompt_tokens, words)
    if body.get("stream"):
        with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        chunks = _stream(tokens, head, finish, usage if with_usage else None, chat)
        return StreamingResponse(chunks, media_type="text/event-stream")
    text = "".join([token async for token in tokens])
    choice = {"index": 0, "finish_reason": finish, "logprobs": None}
    choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    return JSONResponse(head | {"object": "chat.completion" if chat else "text_completion", "choices": [choice], "usage": usage})


async def _timed(replica: Replica, prompt_tokens: int, words: list[str]) -> AsyncIterator[str]:
    """The tokens, each when the engine would have it. Due times are absolute, so that the sleeps' own lateness doesn't add up."""
    replica.running += 1
    try:
        due = time.perf_counter() + replica.prefill_s(prompt_tokens)
        for produced, word in enumerate(words, start=1):
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            yield word
            due += replica.decode_s(prompt_tokens + produced)
    finally:
        replica.running -= 1


async def _stream(
    tokens: AsyncIterator[str], head: dict[str, Any], finish: str, usage: dict[str, int] | None, chat: bool
) -> AsyncIterator[str]:
    head = head | {"object": "chat.completion.chunk" if chat else "text_completion"}

    def event(choices: list[dict[str, Any]], **more: Any) -> str:
        return f"data: {json.dumps(head | {'choices': choices} | more)}\n\n"

    def choice(text: str, reason: str | None) -> dict[str, Any]:
        content: dict[str, Any] = {"delta": {"content": text} if text else {}} if chat else {"text": text}
        return {"index": 0, "finish_reason": reason, "logprobs": None} | content

    if chat:
        yield event([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None, "logprobs": None}])
    async for token in tokens:
        yield event([choice(token, None)])
    yield event([choice("", finish)])
    if usage is not None:
        yield event([], usage=usage)
    yield "data: [DONE]\n\n"


def _prompt_of(body: Any, chat: bool) -> str:
    if not chat:
        prompt = body["prompt"]
        return prompt if isinstance(prompt, str) else " ".join(map(str, prompt))
    messages = body["messages"]
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages must be a list with at least one message")
    parts = [m["content"] if isinstance(m["content"], str) else " ".join(p.get("text", "") for p in m["content"]) for m in messages]
    return "\n".join(parts)


def _count_tokens(text: str) -> int:
    """About four characters a token, as English has it."""
    return max(1, -(-len(text) // 4))


def _answer(replica: Replica, prompt: str) -> list[str]:
    """Words that say what this is; one word stands for one token."""
    asked = " ".join(prompt.split())[:120]
    text = (
        f"Hello! I am a simulated endpoint standing in for {replica.model.name}. I was asked: “{asked}”. "
        "No language model produced these words; their timing follows the estimate for this model on this GPU. "
        "On a real cluster the same request goes to vLLM, unchanged."
    )
    words = text.split(" ")
    return [*(f"{w} " for w in itertools.islice(words, len(words) - 1)), words[-1]]
