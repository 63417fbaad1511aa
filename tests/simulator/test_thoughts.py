"""Thoughts as vLLM serves them: by the template's argument, in a field of their own where
a parser is named, else in the answer.
"""

from __future__ import annotations

import openai
import pytest

from knowledge.catalogue import SloTargets, models
from knowledge.database import Database
from simulator.cluster.serving import serving_of
from simulator.vllm.thoughts import Told
from tests.present import present
from tests.simulator.serving import Server, serving
from tools.manifests.expectation import Expectation
from tools.serving.endpoint import send_prompt
from tools.serving.validation import Validation
from tools.validate_endpoint import ValidationQuery, validate_endpoint

QWEN = "Qwen/Qwen3-4B"
OFF, ON = '{"enable_thinking": false}', '{"enable_thinking": true}'


def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


def whole(server: Server, model: str = QWEN, **template: object) -> tuple[str | None, str | None]:
    """Thoughts and answer."""
    answer = client(server).chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "hi"}],
        extra_body={"chat_template_kwargs": template} if template else None,
    )
    message = answer.choices[0].message
    return getattr(message, "reasoning", None), message.content


@pytest.mark.parametrize(("said", "thinks"), [(None, True), (ON, True), (OFF, False)])
def test_the_servers_default_holds_and_a_request_may_say_otherwise(said: str | None, thinks: bool) -> None:
    with serving(model=QWEN, told=Told.by("qwen3", said)) as server:
        thoughts, answer = whole(server)
        assert (thoughts is not None) == thinks
        assert str(answer).startswith("Hello!")
        assert (
            whole(server, enable_thinking=not thinks)[0] is not None
            if not thinks
            else whole(server, enable_thinking=False)[0] is None
        )


def test_without_a_parser_the_thoughts_stand_in_the_answer() -> None:
    with serving(model=QWEN) as server:
        thoughts, answer = whole(server)
    assert thoughts is None
    assert str(answer).startswith("<think>\n")
    assert "</think>\n\nHello!" in str(answer)


def test_thoughts_are_streamed_first_in_their_own_field_and_count_as_tokens() -> None:
    with serving(model=QWEN, told=Told.by("qwen3", ON)) as server:
        stream = client(server).chat.completions.create(
            model=QWEN,
            messages=[{"role": "user", "content": "hi"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
        kinds = [
            "thought" if getattr(c.choices[0].delta, "reasoning", None) else "answer"
            for c in chunks
            if c.choices and (getattr(c.choices[0].delta, "reasoning", None) or c.choices[0].delta.content)
        ]
        assert kinds == sorted(kinds, reverse=True)
        assert {"thought", "answer"} == set(kinds)
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.completion_tokens == len(kinds)
        cut = (
            client(server)
            .chat.completions.create(model=QWEN, messages=[{"role": "user", "content": "hi"}], max_tokens=5)
            .choices[0]
        )
        assert (cut.finish_reason, cut.message.content) == ("length", None)


@pytest.mark.parametrize(
    ("model", "thinks"),
    [
        ("openai/gpt-oss-20b", True),
        ("microsoft/phi-4", False),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", True),
        ("google/gemma-4-31B-it", False),
    ],
)
def test_each_model_does_as_it_does_unless_told(model: str, thinks: bool) -> None:
    way = present(models()[model].thinking)
    with serving(model=model, told=Told.by(way.reasoning_parser, None)) as server:
        thoughts, answer = whole(server, model)
    assert (thoughts is not None) == thinks
    assert str(answer).startswith("Hello!")


def test_raw_completions_pass_no_template() -> None:
    with serving(model=QWEN, told=Told.by("qwen3", ON)) as server:
        text = client(server).completions.create(model=QWEN, prompt="hello").choices[0].text
    assert text.startswith("Hello!")


@pytest.mark.parametrize(
    ("parser", "kwargs", "why"),
    [("qwen", None, "chose from"), ("qwen3", "[1]", "must be an object"), ("qwen3", "{x", "Expecting")],
)
def test_what_vllm_would_not_start_with_is_refused(parser: str, kwargs: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Told.by(parser, kwargs)


def test_the_simulated_cluster_reads_it_from_the_pods_arguments() -> None:
    arguments = models()[QWEN].thinking.arguments("off")  # type: ignore[union-attr]
    pod = {"spec": {"containers": [{"args": [f"--model={QWEN}", "--gpu=L4", *arguments]}]}}
    found = present(serving_of(pod))
    assert found.told == Told("qwen3", {"enable_thinking": False})


def test_the_first_token_of_any_kind_is_the_first_token() -> None:
    with serving(time_scale=5.0, model=QWEN, told=Told.by("qwen3", ON)) as server:
        seen = send_prompt(server.url, QWEN, "hi", max_tokens=200)
        off = send_prompt(server.url, QWEN, "hi", max_tokens=5)
    assert seen.thoughts
    assert seen.text.startswith("Hello!")
    assert seen.itl_ms is not None
    assert seen.ttft_ms < seen.e2e_ms - 10 * seen.itl_ms  # before the thoughts, not after them
    assert (off.text, off.output_tokens) == ("", 5)
    assert off.thoughts


def expected(mode: str, tokens: int) -> Expectation:
    return Expectation.model_validate(
        {
            **{
                "model_id": QWEN,
                "gpu_type": "B200",
                "gpu_count": 1,
                "replicas": 1,
                "prompt_tokens": 512,
                "output_tokens": 256,
            },
            **{
                "thinking": mode,
                "thinking_tokens": tokens,
                "requests_per_second": 1,
                "max_requests_per_second": 1,
            },
            **{
                "cost_usd_per_month": 1,
                "provenance": "estimated",
                "ttft_p95_ms": 1,
                "itl_p95_ms": 1,
                "e2e_p95_ms": 1,
            },
            "targets": SloTargets(ttft_p95_ms=1000, itl_p95_ms=100, e2e_p95_ms=30_000),
        }
    )


@pytest.mark.parametrize(
    ("told", "mode", "why"),
    [
        (Told.by("qwen3", OFF), "off", "A first prompt was answered"),
        (Told.by("qwen3", ON), "on", "A first prompt was answered"),
        (Told.by("qwen3", ON), "off", "It thinks before it answers, though it is planned without"),
        (Told.by(None, ON), "on", "Its thoughts stand in its answers"),
    ],
)
def test_an_endpoint_must_serve_the_mode_that_was_planned(
    told: Told, mode: str, why: str, database: Database
) -> None:
    with serving(model=QWEN, told=told) as server:
        query = ValidationQuery(name="chatbot", endpoint=server.url, model_id=QWEN, seconds=0)
        found: Validation = validate_endpoint(
            query, expected(mode, 40 if mode == "on" else 0), "", database, lambda text: None
        )
    assert why in found.reasons[0]
    assert found.outcome == ("unjudged" if why.startswith("A first") else "fail")
