"""OpenAI's API as vLLM serves it, over an engine that answers in estimated time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from simulator.vllm.engine import Engine
from simulator.vllm.misbehaviour import DIES_AFTER_TOKENS, Misbehaving, well_behaved
from simulator.vllm.openai_requests import ChatRequest, CompletionRequest, Planned, Refused, planned, read
from simulator.vllm.text import tokens_of
from simulator.vllm.thoughts import NO_THOUGHTS, NOTHING_TOLD, Told, thoughts_of

VERSION = "0.24.0+compass-simulator"


class Died(Exception):
    """The connection breaks here, as if the process had been killed."""


def application(
    engine: Engine, misbehaving: Misbehaving = well_behaved, told: Told = NOTHING_TOLD
) -> Starlette:
    """The ASGI application of one replica."""
    engine.misbehaving = misbehaving
    return Starlette(routes=_Server(engine, misbehaving, told).routes())


class _Server:
    def __init__(self, engine: Engine, misbehaving: Misbehaving, told: Told) -> None:
        self._engine, self._misbehaving, self._told = engine, misbehaving, told
        self._started, self._requests = int(time.time()), 0

    def routes(self) -> list[Route]:
        return [
            Route("/v1/models", self._models),
            Route("/v1/chat/completions", self._chat, methods=["POST"]),
            Route("/v1/completions", self._completions, methods=["POST"]),
            Route("/tokenize", self._tokenize, methods=["POST"]),
            Route("/health", self._health),
            Route("/ping", self._health, methods=["GET", "POST"]),
            Route("/version", self._version),
            Route("/metrics", self._metrics),
        ]

    async def _models(self, request: Request) -> Response:
        card = {
            "id": self._engine.model.id,
            "object": "model",
            "created": self._started,
            "owned_by": "vllm",
            "root": self._engine.model.id,
            "parent": None,
            "max_model_len": self._engine.max_model_len,
        }
        return JSONResponse({"object": "list", "data": [card]})

    async def _health(self, request: Request) -> Response:
        return PlainTextResponse("")

    async def _version(self, request: Request) -> Response:
        return JSONResponse({"version": VERSION})

    async def _metrics(self, request: Request) -> Response:
        text = self._engine.metrics.text()
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _tokenize(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            text = (
                body["prompt"] if "prompt" in body else "\n".join(str(m["content"]) for m in body["messages"])
            )
            pieces = tokens_of(str(text))
        except (ValueError, KeyError, TypeError) as error:
            return _error(Refused(400, f"prompt or messages are needed: {error}"))
        ids = [int.from_bytes(p.encode()[:3], "big") for p in pieces]
        head = {"count": len(ids), "max_model_len": self._engine.max_model_len}
        return JSONResponse(head | {"tokens": ids, "token_strs": None})

    async def _chat(self, request: Request) -> Response:
        return await self._complete(request, ChatRequest)

    async def _completions(self, request: Request) -> Response:
        return await self._complete(request, CompletionRequest)

    async def _complete(
        self, request: Request, kind: type[ChatRequest] | type[CompletionRequest]
    ) -> Response:
        response = await self._answered(request, kind)
        self._engine.metrics.answered(request.url.path, response.status_code)
        return response

    async def _answered(
        self, request: Request, kind: type[ChatRequest] | type[CompletionRequest]
    ) -> Response:
        self._requests += 1
        wrong = self._misbehaving()
        if "hang" in wrong:
            await asyncio.sleep(3600)
        if "garbage" in wrong:
            return PlainTextResponse("<html>It works!</html>")
        if "429" in wrong and self._requests % 2:
            return _error(Refused(429, "The engine is overloaded.", "TooManyRequests"))
        if "500" in wrong and self._requests % 2:
            return _error(Refused(500, "EngineCore encountered an issue.", "InternalServerError"))
        try:
            wanted = read(await request.body(), kind, self._engine.model.id, self._engine.max_model_len)
            plans = self._planned(wanted)
        except Refused as refused:
            return _error(refused)
        if "gibberish" in wrong:
            for plan in plans:
                plan.words[:] = ["!"] * len(plan.words)
        answer = _Answer(wanted, plans, self._engine)
        if wanted.stream:
            return StreamingResponse(answer.stream("dies" in wrong), media_type="text/event-stream")
        return JSONResponse(await answer.whole())

    def _planned(self, wanted: ChatRequest | CompletionRequest) -> list[Planned]:
        """Each answer that is wanted. Raises Refused."""
        model, most, thoughts = self._engine.model, self._engine.max_model_len, NO_THOUGHTS
        if isinstance(wanted, ChatRequest):
            thoughts = thoughts_of(model, self._told, wanted.chat_template_kwargs)
        each = [p for p in wanted.prompts for _ in range(wanted.n)]
        return [planned(wanted, p, model.name, most, thoughts) for p in each]


class _Answer:
    """One response: its choices are made side by side."""

    def __init__(
        self, request: ChatRequest | CompletionRequest, plans: list[Planned], engine: Engine
    ) -> None:
        self._request, self._plans, self._engine = request, plans, engine
        self._chat = isinstance(request, ChatRequest)
        self._with_logprobs = request.logprobs not in (None, False)
        kind = "chat.completion" if self._chat else "text_completion"
        identity = f"{'chatcmpl' if self._chat else 'cmpl'}-{uuid.uuid4().hex}"
        self._head = {"id": identity, "object": kind, "created": int(time.time()), "model": engine.model.id}

    @property
    def _usage(self) -> dict[str, Any]:
        # The prompt counts once however many answers it has.
        prompt = sum(p.prompt_tokens for p in self._plans[:: self._request.n])
        made = sum(len(p.words) for p in self._plans)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": made,
            "total_tokens": prompt + made,
            "prompt_tokens_details": None,
        }

    async def whole(self) -> dict[str, Any]:
        """The response in one piece, when all of it is made."""
        async for _ in self._made():
            pass
        choices = []
        for index, plan in enumerate(self._plans):
            thoughts, text = "".join(plan.words[: plan.thoughts]), "".join(plan.words[plan.thoughts :])
            choice: dict[str, Any] = {
                "index": index,
                "finish_reason": plan.finish_reason,
                "stop_reason": None,
            }
            choice["logprobs"] = self._logprobs(plan.words)
            message: dict[str, Any] = {
                "role": "assistant",
                "content": text or None,
                "reasoning": thoughts or None,
                "tool_calls": [],
            }
            choice |= {"message": message} if self._chat else {"text": text}
            choices.append(choice)
        return self._head | {"choices": choices, "usage": self._usage}

    async def stream(self, dies: bool) -> AsyncIterator[str]:
        """Server-sent events, one a token."""
        head = self._head | ({"object": "chat.completion.chunk"} if self._chat else {})
        opening = json.dumps(head, ensure_ascii=False)[:-1]

        def event(choices: str, more: str = "") -> str:
            return f'data: {opening}, "choices": [{choices}]{more}}}\n\n'

        def choice(index: int, delta: dict[str, Any] | str, reason: str | None, words: list[str]) -> str:
            content = {"delta": delta} if self._chat else {"text": delta}
            return json.dumps(
                {"index": index} | content | {"logprobs": self._logprobs(words), "finish_reason": reason},
                ensure_ascii=False,
            )

        if self._chat:
            for index in range(len(self._plans)):
                yield event(choice(index, {"role": "assistant", "content": ""}, None, []))
        async for index, made in self._made():
            plan = self._plans[index]
            word = plan.words[made - 1]
            if dies and made >= DIES_AFTER_TOKENS:
                raise Died
            reason = plan.finish_reason if made == len(plan.words) else None
            field = "reasoning" if made <= plan.thoughts else "content"
            yield event(choice(index, {field: word} if self._chat else word, reason, [word]))
        options = self._request.stream_options
        if options is not None and options.include_usage:
            yield event("", f', "usage": {json.dumps(self._usage)}')
        yield "data: [DONE]\n\n"

    async def _made(self) -> AsyncIterator[tuple[int, int]]:
        """(choice, tokens made of it so far), token by token."""
        streams = [self._engine.tokens(p.prompt_tokens, len(p.words), p.finish_reason) for p in self._plans]
        if len(streams) == 1:
            async with contextlib.aclosing(streams[0]) as only:
                async for made in only:
                    yield 0, made
            return
        news: asyncio.Queue[tuple[int, int]] = asyncio.Queue()

        async def follow(index: int, stream: AsyncIterator[int]) -> None:
            async for made in stream:
                news.put_nowait((index, made))

        tasks = [asyncio.create_task(follow(i, s)) for i, s in enumerate(streams)]
        try:
            left = len(tasks)
            while left:
                index, made = await news.get()
                left -= made == len(self._plans[index].words)
                yield index, made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _logprobs(self, words: list[str]) -> dict[str, Any] | None:
        """There are no probabilities behind these words: each is as sure as can be."""
        if not self._with_logprobs:
            return None
        if self._chat:
            return {
                "content": [
                    {"token": w, "logprob": 0.0, "bytes": list(w.encode()), "top_logprobs": []} for w in words
                ]
            }
        return {
            "tokens": words,
            "token_logprobs": [0.0] * len(words),
            "top_logprobs": [{w: 0.0} for w in words],
            "text_offset": [],
        }


def _error(refused: Refused) -> Response:
    return JSONResponse(refused.body, status_code=refused.status)
