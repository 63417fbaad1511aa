"""A short load test of an endpoint, as its clients would see it: requests of the
planned lengths at a given rate.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from knowledge.direct import directly
from tools.contract import Contract
from tools.untrusted import printable

TOKEN_IDS = range(1_000, 30_000)
"""In the vocabulary of every catalogued model, and no special tokens."""
CONNECT_S = 5.0
Progress = Callable[[str], None]


class ProbeRequest(Contract):
    """`requests` of them, Poisson at `requests_per_second`; one that takes longer than
    `patience_s` counts as failed.
    """

    endpoint: str
    model_id: str
    prompt_tokens: int
    output_tokens: int
    requests: int
    requests_per_second: float
    patience_s: float


@dataclass(frozen=True)
class Answered:
    """One answered request, in ms; `itl_ms` is the mean time between its tokens."""

    ttft_ms: float
    itl_ms: float
    e2e_ms: float


@dataclass(frozen=True)
class ProbeResult:
    answered: list[Answered]
    failures: Counter[str]
    """What went wrong, and how often."""

    @property
    def requests(self) -> int:
        return len(self.answered) + self.failures.total()


class _Failed(Exception):
    pass


def probe(request: ProbeRequest, progress: Progress = lambda text: None) -> ProbeResult:
    """Send the requests and wait for all, at most as long as the last one's patience.
    Nothing that the endpoint does is an error here.
    """
    return asyncio.run(_probe(request, progress))


async def _probe(request: ProbeRequest, progress: Progress) -> ProbeResult:
    gaps = random.Random(f"{request.model_id} {request.requests}")  # noqa: S311 - arrivals, not secrets; the same each time
    result = ProbeResult([], Counter())

    async def one(number: int, at_s: float, client: httpx.AsyncClient) -> None:
        await asyncio.sleep(at_s)
        try:
            async with asyncio.timeout(request.patience_s):
                result.answered.append(await _send(request, number, client))
        except TimeoutError:
            result.failures[f"no answer within {request.patience_s:,.0f} s"] += 1
        except (httpx.HTTPError, _Failed) as error:
            result.failures[
                str(error) if isinstance(error, _Failed) else f"the connection broke ({type(error).__name__})"
            ] += 1
        if result.requests * 4 % request.requests < 4:  # four times in all
            progress(f"Probing: {result.requests} of {request.requests} requests are back")

    arrivals, now = [], 0.0
    for _ in range(request.requests):
        arrivals.append(now)
        now += gaps.expovariate(request.requests_per_second)
    limits = httpx.Limits(max_connections=None)
    timeout = httpx.Timeout(None, connect=CONNECT_S)
    async with httpx.AsyncClient(timeout=timeout, limits=limits, **directly()) as client:
        await asyncio.gather(*(one(number, at, client) for number, at in enumerate(arrivals)))
    return result


async def _send(request: ProbeRequest, number: int, client: httpx.AsyncClient) -> Answered:
    # Other tokens each time: a prompt that was seen before would come out of the server's prefix cache. Raw
    # tokens pass no chat template, so whether the model thinks is out of the question: as many tokens are
    # made as are planned, thoughts and answer.
    tokens = random.Random(number).choices(TOKEN_IDS, k=request.prompt_tokens)  # noqa: S311
    body = {
        "model": request.model_id,
        "prompt": tokens,
        "max_tokens": request.output_tokens,
        "ignore_eos": True,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    sent = time.perf_counter()
    first = last = 0.0
    start, end = b"", b""
    async with client.stream("POST", f"{request.endpoint}/v1/completions", json=body) as response:
        if response.is_error:
            raise _Failed(f"HTTP {response.status_code}")
        async for piece in response.aiter_raw():
            last = time.perf_counter()
            if not first:
                start += piece
                if b"data: " in start:
                    first = last
            end = (end + piece)[-4096:]
    made = _tokens_made(end)
    if made < 2:
        raise _Failed("an answer of one token")
    return Answered((first - sent) * 1000, (last - first) * 1000 / (made - 1), (last - sent) * 1000)


def _tokens_made(end: bytes) -> int:
    """From the usage that ends a whole stream."""
    for line in reversed(end.decode(errors="replace").splitlines()):
        if line.startswith("data: {"):
            try:
                return int(json.loads(line.removeprefix("data: "))["usage"]["completion_tokens"])
            except (ValueError, KeyError, TypeError):
                break
    if b"data: " not in end:
        raise _Failed(f"no stream of events: {printable(end[:80].decode(errors='replace'), 80)}")
    raise _Failed("the stream broke off")
