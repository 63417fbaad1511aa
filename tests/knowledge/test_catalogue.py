"""The data files: complete, sourced, and refused with a useful sentence when wrong."""

import json

import pytest

from knowledge.catalogue import Gpu, Model, _validated, data_text, gpus, models, prices, traffic_profiles, use_cases
from knowledge.errors import CompassError


def test_the_nine_use_cases_and_their_targets() -> None:
    assert len(use_cases()) == 9
    chatbot = use_cases()["chatbot_conversational"]
    assert (chatbot.traffic_profile.prompt_tokens, chatbot.traffic_profile.output_tokens) == (512, 256)
    assert chatbot.slo_targets.model_dump() == {"ttft_p95_ms": 150, "itl_p95_ms": 25, "e2e_p95_ms": 7000}


def test_there_are_four_benchmark_profiles() -> None:
    shapes = [(p.prompt_tokens, p.output_tokens) for p in traffic_profiles()]
    assert shapes == [(512, 256), (1024, 1024), (4096, 512), (10240, 1536)]


def test_every_use_case_has_models_and_every_model_a_known_use_case() -> None:
    recommended = {u for m in models().values() for u in m.recommended_for}
    assert recommended == set(use_cases())


def test_every_gpu_has_a_price() -> None:
    assert {p.gpu_type for p in prices()} == set(gpus())


@pytest.mark.parametrize("kind", ["models", "gpus", "use_cases"])
def test_every_entry_says_where_it_is_from_and_as_of_when(kind: str) -> None:
    for entry in json.loads(data_text(f"{kind}.json"))[kind]:
        assert entry["source"]
        assert entry["date"][:2] == "20"
    for model in models().values():
        for score in model.quality.values():
            assert score.source
            assert score.date


def test_a_bad_entry_names_file_entry_and_field() -> None:
    row = json.loads(data_text("gpus.json"))["gpus"][0] | {"memory_gb": -1}
    with pytest.raises(CompassError, match=r"gpus\.json, entry L4, field memory_gb: .*greater than 0"):
        _validated(Gpu, [row], "gpus.json", "id")


def test_a_missing_source_is_refused() -> None:
    row = json.loads(data_text("models.json"))["models"][0] | {"source": ""}
    with pytest.raises(CompassError, match="field source"):
        _validated(Model, [row], "models.json", "id")
