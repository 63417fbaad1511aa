"""httpx for servers on this machine: through no proxy, and as patient as tests are."""

from typing import Any

import httpx

from tests.pace import patient

ANSWER_S = 30.0
"""More than any answer takes on an idle machine."""


def client(base_url: str = "", **more: Any) -> httpx.Client:
    return httpx.Client(base_url=base_url, **_as_here(more))


def asynchronous(base_url: str = "", **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=base_url, **_as_here(more))


def get(url: str, **more: Any) -> httpx.Response:
    return httpx.get(url, **_as_here(more))


def put(url: str, **more: Any) -> httpx.Response:
    return httpx.put(url, **_as_here(more))


def post(url: str, **more: Any) -> httpx.Response:
    return httpx.post(url, **_as_here(more))


def request(method: str, url: str, **more: Any) -> httpx.Response:
    return httpx.request(method, url, **_as_here(more))


def answers(url: str) -> bool:
    """Whether somebody is there and ready."""
    try:
        return get(url).status_code == 200
    except httpx.HTTPError:
        return False


def _as_here(more: dict[str, Any]) -> dict[str, Any]:
    return {"trust_env": False, "timeout": patient(ANSWER_S)} | more
