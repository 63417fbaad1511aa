import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from agent.api.app import build_api
from agent.commands.serve import _listener
from agent.runtime import Runtime
from knowledge.settings import Settings
from tests import web
from tests.pace import patient, until

TOKENS = {"ann": "ann's secret", "bob": "bob's secret"}


@dataclass(frozen=True)
class Api:
    url: str
    runtime: Runtime

    def client(self, user: str = "ann") -> httpx.Client:
        headers = {"Authorization": f"Bearer {TOKENS[user]}"} if user else {}
        return web.client(f"{self.url}/api/v1", headers=headers)


def hashed() -> str:
    return ",".join(f"{name}:{hashlib.sha256(token.encode()).hexdigest()}" for name, token in TOKENS.items())


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    """A server on a real socket, for users with tokens."""
    runtime = Runtime(settings.model_copy(update={"api_tokens": hashed()}))
    listener = _listener("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(build_api(runtime, "127.0.0.1"), log_level="critical"))
    thread = threading.Thread(target=lambda: server.run([listener]), daemon=True)
    thread.start()
    until(lambda: server.started)
    yield Api(f"http://127.0.0.1:{listener.getsockname()[1]}", runtime)
    server.should_exit = True
    thread.join(patient(5))
    runtime.close()
