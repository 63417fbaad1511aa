"""The longest request that must be possible: what decides it, and that it is served, by every use case's
options and by random specifications on random hardware.
"""

from __future__ import annotations

import re
from typing import Any

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import gpus, models, use_cases
from knowledge.estimator.grids import GPU_COUNTS
from knowledge.estimator.memory import plan_memory, runs_on, tensor_parallel_possible
from knowledge.estimator.workload import requests_of
from knowledge.workload import SeenRequest, Workload
from simulator.vllm.openai_requests import CompletionRequest, Refused
from simulator.vllm.openai_requests import planned as answered
from tests.planning import Tables, made_table, planned, rendered, specify
from tests.present import present
from tests.simulator.serving import serving
from tests.soak import examples
from tools.manifests.bundle import ManifestBundle
from tools.manifests.check import check_bundle
from tools.planning.constraints import broken
from tools.planning.memory import memory_of, requests_at_once, served_context
from tools.planning.plan import Recommendation
from tools.specification.longest import longest_request


def max_model_len(bundle: ManifestBundle) -> int:
    found = {n for f in bundle.files for n in re.findall(r"--max-model-len=(\d+)", f.content)}
    assert len(found) == 1
    return int(found.pop())


def admits(longest: int, prompt_tokens: int, answer_tokens: int) -> bool:
    """Whether an endpoint of this context takes such a request."""
    request = CompletionRequest(model="m", prompt="x", max_tokens=answer_tokens)
    try:
        answered(request, "word" * prompt_tokens, "m", longest)
    except Refused:
        return False
    return True


FIXED = Workload(prompt_tokens=3000, output_tokens=500)
SPREAD = Workload(prompt_tokens=3000, output_tokens=500, prompt_spread=1.0, output_spread=0.5)
SEEN = Workload(
    prompt_tokens=3000, output_tokens=500, seen=(SeenRequest(60_000, 10, 59_000), SeenRequest(900, 990))
)


@pytest.mark.parametrize(
    ("workload", "asked", "tokens", "served", "origin"),
    [
        (FIXED, None, 3500, 3500, "computed"),
        (FIXED, 32_000, 32_000, 32_768, "your words"),
        (FIXED, 32_768, 32_768, 32_768, "your words"),
        (FIXED, 2000, 3500, 3500, "computed"),
        (SEEN, None, 60_010, 60_010, "computed"),
        (SEEN, 8000, 60_010, 60_010, "computed"),
        (SEEN, 1_000_000, 1_000_000, 1_048_576, "your words"),
        (SPREAD, 8000, 8000, 8192, "your words"),
    ],
)
def test_it_is_what_was_asked_but_no_less_than_what_is_known_to_come(
    workload: Workload, asked: int | None, tokens: int, served: int, origin: str
) -> None:
    found = longest_request(workload, asked)
    assert (found.tokens, found.served, found.origin) == (tokens, served, origin)
    assert f"{served:,}" in found.assumption.text
    assert found.assumption.origin == origin


def test_of_a_spread_99_of_100_simulated_requests_must_be_possible() -> None:
    found = longest_request(SPREAD, None).tokens
    of = requests_of(SPREAD, 10_000)
    longer = int((of.prompts + of.outputs > found).sum())
    assert 0 < longer <= 100
    assert found > 2 * SPREAD.tokens


@settings(max_examples=examples(60), deadline=None)
@given(
    prompt=st.integers(1, 1_000_000),
    answer=st.integers(1, 100_000),
    spread=st.floats(0, 4.9),
    more=st.floats(0.01, 0.1),
)
def test_more_spread_or_longer_requests_never_make_it_shorter(
    prompt: int, answer: int, spread: float, more: float
) -> None:
    def longest(prompt: int, spread: float) -> int:
        return longest_request(Workload(prompt, answer, spread, spread), None).tokens

    assert prompt + answer <= longest(prompt, spread) <= longest(prompt, spread + more)
    assert longest(prompt, spread) <= longest(prompt + 1, spread)


def test_it_is_told_with_the_specification() -> None:
    def told(**changes: Any) -> tuple[str, str]:
        of = next(a for a in specify(1000, **changes).assumptions if a.name == "longest_request")
        return re.sub(r"\D", " ", of.text).split()[0], of.origin

    assert told() == ("768", "computed")
    assert told(min_context_tokens=10_001)[1] == "your words"


SPECIFICATIONS = st.fixed_dictionaries(
    {
        "use_case": st.sampled_from(list(use_cases())),
        "prompt_tokens": st.sampled_from((1, 512, 200_000, 1_000_000)) | st.integers(1, 60_000),
        "output_tokens": st.just(1) | st.integers(1, 8000) | st.integers(1, 100_000),
        "min_context_tokens": st.none()
        | st.sampled_from((32_000, 128_000, 1_000_000))
        | st.integers(1, 200_000),
        "prompt_spread": st.none() | st.floats(0, 2),
        "output_spread": st.none() | st.floats(0, 2),
        "cached_share": st.none() | st.floats(0, 0.99),
    }
)
CONFIGURATIONS = st.tuples(
    st.sampled_from(list(models())), st.sampled_from(list(gpus())), st.sampled_from(GPU_COUNTS)
).filter(
    lambda c: (
        tensor_parallel_possible(models()[c[0]], c[2])
        and runs_on(models()[c[0]], gpus()[c[1]])
        and plan_memory(models()[c[0]], gpus()[c[1]], c[2], 1).fits
    )
)


@pytest.fixture(scope="session", name="option")
def an_option(tables: Tables) -> Recommendation:
    return planned(tables, specify(1000), limit=1).recommendations[0]


@settings(max_examples=examples(1000), deadline=None)
@given(asked=SPECIFICATIONS, configuration=CONFIGURATIONS, in_flight=st.floats(0, 300))
def test_what_is_rendered_admits_the_longest_request_and_nothing_longer_than_it_says(
    asked: dict[str, Any], configuration: tuple[str, str, int], in_flight: float, option: Recommendation
) -> None:
    given_ = {name: value for name, value in asked.items() if value is not None}
    specification = specify(1000, given_.pop("use_case"), **given_)
    model_id, gpu_type, gpu_count = configuration
    profile, longest = specification.traffic_profile, specification.longest
    own = models()[model_id].context_tokens
    room = plan_memory(models()[model_id], gpus()[gpu_type], gpu_count, 1).max_context_tokens
    out = broken(made_table({configuration: [(1.0, 1.0, 1.0, 1.0)]}), specification)
    excluded = any(bool(out[name].any()) for name in ("min_context_tokens", "context_memory") if name in out)
    if longest.tokens > profile.prompt_tokens + profile.output_tokens:
        assert excluded == (own < longest.tokens or room < min(own, longest.served))
    if excluded or room < longest.tokens:
        return  # of fixed lengths, what doesn't hold one has no row in any table
    served = served_context(*configuration, profile, in_flight, longest.served)
    chosen = option.model_copy(
        update={
            "model_id": model_id,
            "gpu_type": gpu_type,
            "gpu_count": gpu_count,
            "thinking": models()[model_id].mode(specification.thinking),
            "memory": memory_of(*configuration, profile, longest.served),
            "context_tokens": served,
        }
    )
    bundle = rendered(chosen, specification)
    length = max_model_len(bundle)
    assert bundle.problems == []
    assert min(longest.served, own) <= length == served <= room
    assert present(chosen.memory.longest_at_once) >= 1
    prompt, answer = longest.tokens - 1, 1
    assert admits(length, prompt, answer)
    assert admits(length, length - 1, 1)
    assert not admits(length, length - 1, 2)
    assert not admits(length, length, 1)


def test_a_manifest_that_promises_too_little_for_the_longest_request_is_refused(tables: Tables) -> None:
    specification = specify(1000, min_context_tokens=32_768)
    option = planned(tables, specification, limit=1).recommendations[0]
    bundle = rendered(option.model_copy(update={"context_tokens": 16_384}), specification)
    assert any("32768" in problem.text for problem in bundle.problems)
    plain = specify(1000)
    less = planned(tables, plain, limit=1).recommendations[0].model_copy(update={"context_tokens": 16_384})
    assert check_bundle([(f.path, f.content) for f in rendered(less, plain).files]) == []


ENDPOINTS = [
    *((case, {}) for case in use_cases()),
    ("document_analysis_rag", {"min_context_tokens": 128_000}),
    ("chatbot_conversational", {"min_context_tokens": 1_000_000}),
    ("chatbot_conversational", {"prompt_tokens": 4000, "prompt_spread": 1.0, "output_tokens": 1}),
]


@pytest.mark.parametrize(("use_case", "changes"), ENDPOINTS)
def test_the_endpoint_takes_a_request_of_that_length_and_refuses_a_token_more(
    tables: Tables, use_case: str, changes: dict[str, Any]
) -> None:
    specification = specify(500, use_case, **changes)
    option = planned(tables, specification, limit=1).recommendations[0]
    length = max_model_len(rendered(option, specification))
    longest = present(option.memory.longest_tokens)
    assert specification.longest.tokens <= longest <= length == option.context_tokens
    assert option.context_at_once == requests_at_once(
        option.model_id, option.gpu_type, option.gpu_count, length
    )
    with serving(1e-6, length, option.model_id, gpu=option.gpu_type, gpu_count=option.gpu_count) as server:
        client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=120)

        def ask(prompt_tokens: int, answer_tokens: int) -> Any:
            return client.completions.create(
                model=option.model_id, prompt="word" * prompt_tokens, max_tokens=answer_tokens
            )

        for tokens in {longest, length}:
            assert ask(tokens - 1, 1).usage.total_tokens == tokens
        with pytest.raises(openai.BadRequestError) as too_long:
            ask(length, 1)
        assert f"maximum context length is {length} tokens" in too_long.value.message
        with pytest.raises(openai.BadRequestError) as too_many:
            ask(length - 1, 2)
        assert f"({2} > {length} - {length - 1})" in too_many.value.message
