"""A load generator: requests at given times, timed as a client sees them. On bare
sockets, so that it costs little itself.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Request:
    at_s: float
    prompt_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Seen:
    ttft_ms: float
    itl_ms: float
    """Mean time between tokens."""
    e2e_ms: float
    tokens: int


async def load(url: str, model_id: str, requests: list[Request]) -> list[Seen]:
    """Send each when its time has come, however many are under way (an open loop)."""
    began = time.perf_counter()
    return list(await asyncio.gather(*(_one(url, model_id, r, began) for r in requests)))


async def _one(url: str, model_id: str, request: Request, began: float) -> Seen:
    await asyncio.sleep(max(0.0, began + request.at_s - time.perf_counter()))
    target = urlsplit(url)
    body = json.dumps(
        {
            "model": model_id,
            "prompt": [7] * request.prompt_tokens,
            "max_tokens": request.output_tokens,
            "ignore_eos": True,
            "stream": True,
        }
    ).encode()
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: {target.netloc}\r\nContent-Type:"
        f" application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    sent = time.perf_counter()
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    writer.write(head.encode() + body)
    times: list[float] = []
    while True:
        line = await reader.readline()
        if not line or line.startswith(b"data: [DONE]"):
            break
        if line.startswith(b"data: "):
            times.append(time.perf_counter())
    writer.close()
    first, last = times[0], times[-1]
    return Seen(
        (first - sent) * 1000,
        (last - first) * 1000 / max(1, len(times) - 1),
        (last - sent) * 1000,
        len(times),
    )
