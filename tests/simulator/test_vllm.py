"""The vLLM simulator speaks OpenAI's API."""

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from knowledge.catalogue import gpus, models
from simulator.vllm import Replica, application

MODEL = "openai/gpt-oss-20b"
CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(application(Replica(models()[MODEL], gpus()["B200"], 1, 1024))) as client:
        yield client


def test_models_and_health(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    assert [m["id"] for m in listed["data"]] == [MODEL]
    assert listed["data"][0]["max_model_len"] == 1024
    assert client.get("/health").status_code == 200


def test_a_completion_honours_max_tokens_and_counts(client: TestClient) -> None:
    answer = client.post("/v1/chat/completions", json=CHAT | {"max_tokens": 5}).json()
    assert answer["usage"]["completion_tokens"] == 5
    assert answer["choices"][0]["finish_reason"] == "length"
    assert "simulated" in client.post("/v1/chat/completions", json=CHAT).json()["choices"][0]["message"]["content"]


def test_a_stream_is_the_same_answer_in_pieces(client: TestClient) -> None:
    whole = client.post("/v1/chat/completions", json=CHAT).json()
    with client.stream("POST", "/v1/chat/completions", json=CHAT | {"stream": True, "stream_options": {"include_usage": True}}) as response:
        lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    text = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"])
    assert text == whole["choices"][0]["message"]["content"]
    assert chunks[-1]["usage"] == whole["usage"]
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (CHAT | {"model": "other"}, 404),
        (CHAT | {"max_tokens": -1}, 400),
        (CHAT | {"max_tokens": "many"}, 400),
        ({"model": MODEL}, 400),
        ({"model": MODEL, "messages": []}, 400),
        ([], 400),
        (CHAT | {"messages": [{"role": "user", "content": "x" * 10_000}]}, 400),
    ],
)
def test_bad_requests_get_openais_error_shape(client: TestClient, body: object, status: int) -> None:
    response = client.post("/v1/chat/completions", json=body)
    assert response.status_code == status
    assert response.json()["error"]["code"] == status


def test_more_requests_at_once_make_each_token_slower() -> None:
    replica = Replica(models()[MODEL], gpus()["H100"], 1, 4096)
    alone = replica.decode_s(1024)
    replica.running = 128
    assert replica.decode_s(1024) > alone
