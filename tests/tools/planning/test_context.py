"""The context that a plan serves: what was asked for at least, else the model's own as
far as memory holds it beside the planned load.
"""

from __future__ import annotations

import json
import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import TrafficProfile, gpus, models, traffic_profiles, use_cases
from knowledge.estimator.grids import GPU_COUNTS, feasible
from knowledge.estimator.memory import GIB, kv_bytes, kv_copies, plan_memory
from knowledge.prices import prices
from tests.planning import Tables, planned, rendered, specify
from tests.present import present
from tests.soak import examples
from tools.manifests.bundle import ManifestBundle
from tools.manifests.check import check_bundle
from tools.planning.memory import served_context
from tools.planning.plan import Recommendation
from tools.planning.scaling import rescaled
from tools.specification import tokens_asked


def max_model_len(bundle: ManifestBundle) -> int:
    service = next(
        d for d in (yaml.safe_load(f.content) for f in bundle.files) if d["kind"] == "InferenceService"
    )
    found = [
        a.split("=")[1]
        for a in service["spec"]["predictor"]["model"]["args"]
        if a.startswith("--max-model-len=")
    ]
    assert len(found) == 1
    promised = json.loads(service["metadata"]["annotations"]["compass.dev/predicted"])
    assert promised["context_tokens"] == int(found[0])
    return int(found[0])


@pytest.mark.parametrize("use_case", list(use_cases()))
def test_without_a_wish_it_is_the_models_own_as_far_as_memory_holds_it_beside_the_planned_load(
    tables: Tables, use_case: str
) -> None:
    specification = specify(2000, use_case)
    options = planned(tables, specification, limit=10).recommendations
    assert options
    for o in options:
        model = models()[o.model_id]
        request = specification.traffic_profile.prompt_tokens + specification.traffic_profile.output_tokens
        memory = plan_memory(model, gpus()[o.gpu_type], o.gpu_count, request)
        flight = specification.demand.peak_requests_per_second / o.replicas * o.predicted.e2e_ms.p95 / 1000
        served = present(o.context_tokens)
        assert request <= served <= memory.max_context_tokens <= model.context_tokens
        if (
            served < model.context_tokens and served > 4 * request
        ):  # not merely the least: a thousand tokens more would not fit
            copies = kv_copies(model, o.gpu_count)
            planned_bytes = math.ceil(flight) * kv_bytes(model, request) * copies
            assert planned_bytes + kv_bytes(model, served) * copies <= memory.kv_cache_gib * GIB
            assert planned_bytes + kv_bytes(model, served + 1024) * copies > memory.kv_cache_gib * GIB
        bundle = rendered(o, specification)
        assert (bundle.problems, max_model_len(bundle)) == ([], served)


def test_a_default_chatbot_is_served_with_more_than_a_few_turns(tables: Tables) -> None:
    """2,048 tokens were rendered where memory held 40,960, and a chat with history
    broke within a few turns.
    """
    for o in planned(tables, specify(1000), limit=5).recommendations:
        assert (o.context_tokens or 0) >= 32_768


EITHER = {8_000: 8_192, 32_000: 32_768, 64_000: 65_536, 128_000: 131_072, 1_000_000: 1_048_576}
"""What the larger reading of each is; other figures are what they are."""


@pytest.mark.parametrize("asked", [*EITHER, 10_001, 65_536, 131_072])
@pytest.mark.parametrize("use_case", ["chatbot_conversational", "document_analysis_rag"])
def test_what_was_asked_for_is_served_in_either_reading(tables: Tables, use_case: str, asked: int) -> None:
    """“32k” is read as 32,000, and may have meant 32,768: the endpoint takes both."""
    specification = specify(200, use_case, min_context_tokens=asked)
    found = planned(tables, specification, limit=10)
    assert found.recommendations
    for o in found.recommendations:
        either = EITHER.get(asked, asked)
        assert max_model_len(rendered(o, specification)) >= either
        assert rendered(o, specification).problems == []
        assert models()[o.model_id].context_tokens >= either


def test_what_cannot_hold_it_is_excluded_with_the_reason(tables: Tables) -> None:
    found = planned(tables, specify(200, min_context_tokens=200_000), limit=5)
    assert found.excluded["the model's context is too short"] > 0
    assert found.excluded["no memory for that context beside the weights"] > 0


def test_more_than_any_model_has_is_said_with_the_longest_there_is(tables: Tables) -> None:
    found = planned(tables, specify(200, min_context_tokens=20_000_000), limit=5)
    assert found.recommendations == []
    reason = next(why for why in found.excluded if "20,000,000" in why)
    assert "the longest, Llama 4 Scout" in reason
    assert "10,485,760" in reason


def test_scaling_what_runs_keeps_its_context(tables: Tables) -> None:
    specification = specify(5000)
    option = planned(tables, specification, limit=1).recommendations[0]
    for replicas in (1, option.replicas + 3):
        other = rescaled(option, replicas, specification, prices())
        assert other.context_tokens == option.context_tokens


def test_an_option_planned_before_its_context_was_told_is_rendered_with_one_that_fits(tables: Tables) -> None:
    specification = specify(1000)
    option = planned(tables, specification, limit=1).recommendations[0]
    old = Recommendation.model_validate(option.model_dump(exclude={"context_tokens"}))
    bundle = rendered(old, specification)
    assert bundle.problems == []
    assert max_model_len(bundle) >= 2048


@pytest.mark.parametrize("wrong", [2048, 767, 100_000])
def test_a_manifest_that_serves_another_context_than_was_planned_is_refused(
    tables: Tables, wrong: int
) -> None:
    specification = specify(1000)
    bundle = rendered(planned(tables, specification, limit=1).recommendations[0], specification)
    served = max_model_len(bundle)
    files = [
        (f.path, f.content.replace(f"--max-model-len={served}", f"--max-model-len={wrong}"))
        for f in bundle.files
    ]
    assert any("must be the one that was planned" in p.text for p in check_bundle(files))
    promised, now = rf"\"context_tokens\":{served},", rf"\"context_tokens\":{wrong},"
    assert any(promised in text for _, text in files)
    both = [(path, text.replace(promised, now)) for path, text in files]
    assert any("context" in p.text for p in check_bundle(both)) == (wrong != 2048), (
        "too little for the planned request, or too much for memory"
    )


FITTING = [
    (m.id, g.id, n)
    for m in models().values()
    for g in gpus().values()
    for n in GPU_COUNTS
    if feasible(m, g, n, traffic_profiles()[-1].prompt_tokens + traffic_profiles()[-1].output_tokens)
]


@settings(max_examples=examples(300), deadline=None)
@given(
    configuration=st.sampled_from(FITTING),
    profile=st.sampled_from(traffic_profiles()),
    in_flight=st.floats(0, 300),
    asked=st.none() | st.integers(1, 300_000),
)
def test_it_is_never_more_than_fits_never_less_than_asked_and_never_grows_with_the_load(
    configuration: tuple[str, str, int], profile: TrafficProfile, in_flight: float, asked: int | None
) -> None:
    model_id, gpu, count = configuration
    alone = plan_memory(models()[model_id], gpus()[gpu], count, 1).max_context_tokens
    longest = tokens_asked(asked or 0)
    served = served_context(*configuration, profile, in_flight, longest)
    assert served <= alone
    assert served >= min(alone, longest)
    assert served >= min(alone, 2048)
    assert served_context(*configuration, profile, in_flight + 10, longest) <= served
