"""The vLLM simulator as its clients meet it: OpenAI's client, curl, load generators, Prometheus."""

import asyncio
import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator

import httpx
import openai
import pytest

from simulator.vllm.misbehaviour import Misbehaviour
from tests import web
from tests.pace import at_some_pace, patient, until
from tests.simulator.load import Request, load
from tests.simulator.serving import MODEL, Server, serving

CHAT = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]}
TEXT = {"model": MODEL, "prompt": "hello", "max_tokens": 200}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


def test_openais_client_lists_the_model(client: openai.OpenAI) -> None:
    assert [m.id for m in client.models.list()] == [MODEL]


def test_openais_client_gets_a_chat_answer(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "who are you?"}]
    )
    assert answer.choices[0].finish_reason == "stop"
    assert "simulated endpoint" in str(answer.choices[0].message.content)
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_openais_client_streams_a_chat_answer(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "hello"}])
    stream = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "hello"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert (
        "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
        == whole.choices[0].message.content
    )
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == [
        "stop"
    ]
    assert chunks[-1].usage == whole.usage
    made = [
        c
        for c in chunks
        if c.choices and (c.choices[0].delta.content or getattr(c.choices[0].delta, "reasoning", ""))
    ]
    assert chunks[-1].usage is not None
    assert len(made) == chunks[-1].usage.completion_tokens


def test_openais_client_completes_texts_and_token_ids(client: openai.OpenAI) -> None:
    one = client.completions.create(model=MODEL, prompt="hello")
    assert one.usage is not None
    assert one.usage.completion_tokens == 16
    ids = client.completions.create(model=MODEL, prompt=[1, 2, 3, 4, 5], max_tokens=3)
    assert ids.usage is not None
    assert (ids.usage.prompt_tokens, ids.usage.completion_tokens) == (5, 3)
    both = client.completions.create(model=MODEL, prompt=["hello", "who?"], max_tokens=2, n=2)
    assert [c.index for c in both.choices] == [0, 1, 2, 3]
    streamed = client.completions.create(model=MODEL, prompt="hello", max_tokens=7, stream=True)
    assert len([c for c in streamed if c.choices[0].text]) == 7


def test_several_answers_are_streamed_side_by_side(client: openai.OpenAI) -> None:
    texts = {0: "", 1: "", 2: ""}
    for chunk in client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "hello"}], n=3, stream=True
    ):
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert len(set(texts.values())) == 1
    assert texts[0].startswith("Hello!")


def test_an_answer_ends_where_it_is_told_to(client: openai.OpenAI) -> None:
    messages = [{"role": "user", "content": "hello"}]
    stopped = client.chat.completions.create(model=MODEL, messages=messages, stop=["endpoint"])  # type: ignore[arg-type]
    assert stopped.choices[0].message.content == "Hello! I am a simulated "
    assert stopped.choices[0].finish_reason == "stop"
    short = client.chat.completions.create(model=MODEL, messages=messages, max_completion_tokens=3)  # type: ignore[arg-type]
    [cut] = short.choices
    assert (getattr(cut.message, "reasoning", None), cut.finish_reason) == ("I look at ", "length")
    long = client.completions.create(
        model=MODEL, prompt="hello", max_tokens=300, extra_body={"ignore_eos": True}
    )
    assert long.usage is not None
    assert long.usage.completion_tokens == 300


def test_options_that_change_nothing_here_are_accepted(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "hello"}],
        seed=1,
        temperature=0.3,
        top_p=0.9,
        logprobs=True,
        top_logprobs=2,
    )
    assert answer.choices[0].logprobs is not None
    assert answer.choices[0].logprobs.content is not None
    assert answer.usage is not None
    assert len(answer.choices[0].logprobs.content) == answer.usage.completion_tokens


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_curl_sees_one_event_a_token(server: Server) -> None:
    body = json.dumps(TEXT | {"stream": True, "max_tokens": 4, "stream_options": {"include_usage": True}})
    command = [
        "curl",
        "-sN",
        f"{server.url}/v1/completions",
        "-H",
        "Content-Type: application/json",
        "-d",
        body,
    ]
    lines = [
        line
        for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n\n")
        if line
    ]
    assert lines[-1] == "data: [DONE]"
    events = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert [len(e["choices"]) for e in events] == [1, 1, 1, 1, 0]
    assert events[-1]["usage"]["completion_tokens"] == 4


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_a_load_generators_contract(server: Server, path: str) -> None:
    """As GuideLLM asks: exactly so many tokens, streamed, with usage in the last event;
    the prompt's length is the server's count.
    """
    prompt = "word " * 100
    body = {
        "model": MODEL,
        "stream": True,
        "stream_options": {"include_usage": True, "continuous_usage_stats": True},
        "ignore_eos": True,
    }
    body |= {"messages": [{"role": "user", "content": prompt}]} if "chat" in path else {"prompt": prompt}
    body |= {"max_completion_tokens" if "chat" in path else "max_tokens": 33, "stop": None}
    assert web.get(f"{server.url}/health").status_code == 200
    with web.client().stream("POST", f"{server.url}{path}", json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    usage = json.loads(lines[-2])["usage"]
    counted = server.post("/tokenize", {"model": MODEL, "prompt": prompt}).json()["count"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (counted, 33)
    texts = [json.loads(line)["choices"] for line in lines[:-2]]
    said = [
        c[0].get("text") or c[0]["delta"].get("content") or c[0]["delta"].get("reasoning") for c in texts if c
    ]
    assert len([text for text in said if text]) == 33


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/v1/chat/completions", CHAT | {"model": "other"}, 404, "The model `other` does not exist."),
        ("/v1/chat/completions", CHAT | {"max_tokens": -1}, 400, "max_tokens"),
        ("/v1/chat/completions", CHAT | {"max_tokens": "many"}, 400, "max_tokens"),
        ("/v1/chat/completions", CHAT | {"temperature": -1}, 400, "temperature"),
        ("/v1/chat/completions", CHAT | {"n": 0}, 400, "n: "),
        ("/v1/chat/completions", CHAT | {"max_tokens": 2000}, 400, "maximum context length is 1024 tokens"),
        ("/v1/chat/completions", {"model": MODEL}, 400, "messages"),
        ("/v1/chat/completions", {"model": MODEL, "messages": []}, 400, "messages"),
        (
            "/v1/chat/completions",
            CHAT | {"messages": [{"role": "user", "content": [{"image_url": "x"}]}]},
            400,
            "part",
        ),
        (
            "/v1/chat/completions",
            CHAT | {"messages": [{"role": "user", "content": "x" * 10_000}]},
            400,
            "maximum context length",
        ),
        ("/v1/chat/completions", [], 400, ""),
        ("/v1/completions", {"model": MODEL}, 400, "prompt"),
        ("/v1/completions", TEXT | {"prompt": [1] * 2000}, 400, "maximum context length"),
        ("/tokenize", {"model": MODEL}, 400, "prompt"),
    ],
)
def test_bad_requests_get_vllms_error_shape(
    server: Server, path: str, body: object, status: int, words: str
) -> None:
    response = server.post(path, body)
    assert response.status_code == status
    error = response.json()["error"]
    assert error["code"] == status
    assert words in error["message"]


def test_what_is_no_json_is_refused(server: Server) -> None:
    response = web.post(f"{server.url}/v1/completions", content=b"{")
    assert (response.status_code, response.json()["error"]["code"]) == (400, 400)


def test_histograms_and_counters_agree_with_what_a_client_counts() -> None:
    at_some_pace(counts_agree)


def counts_agree(pace: float) -> None:
    with serving(time_scale=pace) as server:
        seen = asyncio.run(
            load(server.url, MODEL, [Request(i * 0.02 * pace, 50 + i, 5 + i) for i in range(40)])
        )
        with web.client().stream(
            "POST", f"{server.url}/v1/completions", json=TEXT | {"stream": True, "ignore_eos": True}
        ) as response:
            next(response.iter_lines())  # and leaves
        until(lambda: server.metrics()["vllm:request_success_totalabort"] == 1)
        found = server.metrics()
    assert found["vllm:request_success_totallength"] == 40
    assert found["vllm:request_success_totalabort"] == 1
    assert found["vllm:e2e_request_latency_seconds_count"] == 40
    assert found["vllm:time_to_first_token_seconds_count"] == 41
    assert found["vllm:inter_token_latency_seconds_count"] == found["vllm:generation_tokens_total"] - 41
    assert sum(s.tokens for s in seen) == found["vllm:request_generation_tokens_sum"]
    assert sum(50 + i for i in range(40)) == found["vllm:request_prompt_tokens_sum"]
    assert found["vllm:e2e_request_latency_seconds_sum"] == pytest.approx(
        sum(s.e2e_ms for s in seen) / 1000, rel=0.15
    )
    assert (
        found["vllm:num_requests_running"],
        found["vllm:num_requests_waiting"],
        found["vllm:kv_cache_usage_perc"],
    ) == (0, 0, 0)


def test_more_requests_at_once_make_each_token_slower() -> None:
    def slower(pace: float) -> None:
        with serving(time_scale=pace) as server:
            alone = asyncio.run(load(server.url, MODEL, [Request(0, 100, 100)]))[0].itl_ms
            many = statistics.median(
                s.itl_ms for s in asyncio.run(load(server.url, MODEL, [Request(0, 100, 100)] * 64))
            )
        assert many > 1.3 * alone

    at_some_pace(slower)


@pytest.mark.parametrize(
    "wrong", ["slow", "very-slow", "spikes", "429", "500", "hang", "garbage", "gibberish", "dies"]
)
def test_what_goes_wrong_on_request(wrong: Misbehaviour) -> None:
    at_some_pace(lambda pace: goes_wrong(wrong, pace))


def goes_wrong(wrong: Misbehaviour, pace: float) -> None:
    body = TEXT | {"stream": True, "ignore_eos": True}
    with serving(time_scale=pace) as server:

        def ask() -> tuple[int, float, str]:
            began = time.perf_counter()
            with web.client().stream(
                "POST",
                f"{server.url}/v1/completions",
                json=body,
                timeout=patient(3 if "hang" in server.wrong else 60 * pace),
            ) as response:
                text = response.read().decode()
            return response.status_code, time.perf_counter() - began, text

        usual = ask()[1]
        server.wrong = {wrong}
        if wrong == "hang":
            with pytest.raises(httpx.ReadTimeout):
                ask()
        elif wrong == "dies":
            with pytest.raises(httpx.RemoteProtocolError):
                ask()
        else:
            answers = [ask() for _ in range(2)]
            statuses, longest, text = {a[0] for a in answers}, max(a[1] for a in answers), answers[0][2]
            if wrong in ("429", "500"):
                assert statuses == {200, int(wrong)}
            elif wrong == "garbage":
                assert "data:" not in text
            elif wrong == "gibberish":
                assert '"text": "!"' in text
            else:
                assert (
                    longest > usual + {"spikes": 0.9, "slow": 0.12 * usual, "very-slow": 1.5 * usual}[wrong]
                )
        server.wrong = set()
        assert ask()[0] == 200
