"""A simulated replica behind a real socket, for tests."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from prometheus_client.parser import text_string_to_metric_families

from knowledge.catalogue import gpus, models
from simulator.vllm.api import application
from simulator.vllm.engine import Engine
from simulator.vllm.misbehaviour import Misbehaviour
from simulator.vllm.thoughts import Told
from tests import web
from tests.pace import patient, until

MODEL = "openai/gpt-oss-20b"


class Server:
    """A replica behind a real socket, in a thread."""

    def __init__(self, engine: Engine, told: Told) -> None:
        self.engine, self.wrong = engine, set[Misbehaviour]()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(application(engine, lambda: self.wrong, told), log_level="critical")
        )
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve([listener])), daemon=True
        )
        self._thread.start()
        until(lambda: self._server.started)

    def close(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(patient(5))

    def post(self, path: str, body: object) -> httpx.Response:
        return web.post(f"{self.url}{path}", json=body)

    def metrics(self) -> dict[str, float]:
        """By sample name; of counters by reason, with it."""
        found = {}
        for family in text_string_to_metric_families(web.get(f"{self.url}/metrics").text):
            for sample in family.samples:
                if sample.name.endswith("_bucket"):
                    continue
                assert not sample.name.startswith("vllm:") or sample.labels["model_name"] == MODEL
                found[sample.name + sample.labels.get("finished_reason", "")] = sample.value
        return found


@contextmanager
def serving(
    time_scale: float = 0.2,
    max_model_len: int = 1024,
    model: str = MODEL,
    told: Told | None = None,
    gpu: str = "B200",
    gpu_count: int = 1,
) -> Iterator[Server]:
    engine = Engine(models()[model], gpus()[gpu], gpu_count, max_model_len, time_scale)
    server = Server(engine, told or Told())
    try:
        yield server
    finally:
        server.close()
