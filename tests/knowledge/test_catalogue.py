"""The data files: complete, sourced, and refused with a useful sentence when wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from knowledge.catalogue import Gpu, UseCase, gpus, model_names, models, traffic_profiles, use_cases
from knowledge.entries import data_text, validated
from knowledge.errors import CompassError
from knowledge.model import Model
from knowledge.prices import prices


def test_the_nine_use_cases_and_their_targets() -> None:
    assert len(use_cases()) == 9
    chatbot = use_cases()["chatbot_conversational"]
    assert (chatbot.traffic_profile.prompt_tokens, chatbot.traffic_profile.output_tokens) == (512, 256)
    assert chatbot.slo_targets.model_dump() == {"ttft_p95_ms": 150, "itl_p95_ms": 25, "e2e_p95_ms": 7000}


def test_there_are_four_benchmark_profiles() -> None:
    shapes = [(p.prompt_tokens, p.output_tokens) for p in traffic_profiles()]
    assert shapes == [(512, 256), (1024, 1024), (4096, 512), (10240, 1536)]


def test_it_covers_what_people_choose_from() -> None:
    assert len(model_names()) >= 40
    assert {
        "L4",
        "A10G",
        "A100-40",
        "A100-80",
        "L40S",
        "H100",
        "H200",
        "B200",
        "RTX-PRO-6000",
        "MI300X",
    } <= gpus().keys()
    assert len({p.provider for p in prices()}) >= 4


def test_every_use_case_has_models_and_every_model_a_known_use_case() -> None:
    recommended = {u for m in models().values() for u in m.recommended_for}
    assert recommended == set(use_cases())


def test_prices_are_of_known_gpus_and_all_but_one_have_one() -> None:
    """Nobody whose price list may be passed on lists the RTX PRO 6000; plans say so,
    and take a person's own price.
    """
    assert gpus().keys() - {p.gpu_type for p in prices()} == {"RTX-PRO-6000"}


@pytest.mark.parametrize("file", ["models.json", "gpus.json", "use_cases.json", "calibration.json"])
def test_every_figure_lies_beneath_a_source_and_a_date(file: str) -> None:
    """Any object that holds a number states a source and a date, or lies within one that does."""

    def walk(value: Any, covered: bool, path: str) -> None:
        if isinstance(value, dict):
            own = bool(value.get("source")) and bool(
                re.fullmatch(r"\d{4}-\d\d-\d\d", str(value.get("date", "")))
            )
            assert not ("source" in value or "date" in value) or own, f"{path}: source or date is empty"
            for name, inner in value.items():
                walk(inner, covered or own, f"{path}.{name}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                walk(inner, covered, f"{path}[{number}]")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            assert covered, f"{path} has no source"

    walk(json.loads(data_text(file)), False, file)


def test_every_score_and_every_variant_says_where_it_is_from_itself() -> None:
    for entry in json.loads(data_text("models.json"))["models"]:
        scores = [score for of_mode in entry["quality"].values() for score in of_mode.values()]
        for part in [*scores, *entry.get("variants", [])]:
            assert part["source"]
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", part["date"])


def test_a_variant_has_its_bases_shape_but_not_its_scores() -> None:
    base, variant = (
        models()["meta-llama/Llama-3.3-70B-Instruct"],
        models()["RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16"],
    )
    assert (variant.layers, variant.kv_heads, variant.context_tokens) == (
        base.layers,
        base.kv_heads,
        base.context_tokens,
    )
    assert variant.weight_format == "w4a16"
    assert base.quality
    assert not variant.quality


def test_every_model_says_in_which_modes_it_answers_and_how_vllm_is_told() -> None:
    """A model that can think and can be asked to has a parser that vLLM's pinned version
    knows; what isn't known is said to be so.
    """
    parsers = {"deepseek_r1", "gemma4", "glm45", "minimax_m2", "nemotron_v3", "openai_gptoss", "qwen3"}
    for model in models().values():
        way = model.thinking
        if way is None:
            assert not model.quality, "a score of an unknown mode can't be set against any"
            continue
        assert way.source
        assert way.date
        for mode in ("off", "on"):
            told = way.arguments(mode)
            assert all(re.fullmatch(r"--[a-z-]+=[\w{}\": ]+", argument) for argument in told)
            if way.mode(mode) == "on":
                assert told[0].removeprefix("--reasoning-parser=") in parsers
            if way.modes == "never":
                assert not told
    known = {
        name: models()[name].thinking
        for name in ("Qwen/Qwen3-4B", "deepseek-ai/DeepSeek-R1", "microsoft/phi-4")
    }
    assert [way.modes if way else None for way in known.values()] == ["switchable", "always", "never"]
    assert known["Qwen/Qwen3-4B"] is not None
    assert known["Qwen/Qwen3-4B"].arguments("off") == [
        "--reasoning-parser=qwen3",
        '--default-chat-template-kwargs={"enable_thinking": false}',
    ]
    variant, base = models()["Qwen/Qwen3-8B-FP8"], models()["Qwen/Qwen3-8B"]
    assert variant.thinking == base.thinking


def told(modes: str, argument: str | None, parser: str | None) -> dict[str, Any]:
    return {
        "modes": modes,
        "argument": argument,
        "unless_told": "on",
        "reasoning_parser": parser,
        "source": "a card",
        "date": "2026-01-01",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"thinking": None}, "scores of a mode that the model doesn't have"),
        (
            {"quality": {"on": {"gpqa": {"value": 50, "source": "a card", "date": "2026-01-01"}}}},
            "a mode that the model doesn't have",
        ),
        ({"thinking": told("always", None, None)}, "is needed"),
        ({"thinking": told("switchable", None, "x")}, "switches"),
    ],
)
def test_a_model_whose_modes_and_scores_contradict_each_other_is_refused(
    change: dict[str, Any], reason: str
) -> None:
    row = models()["microsoft/phi-4"].model_dump() | change
    with pytest.raises(CompassError, match=reason):
        validated(Model, [row], "models.json", "id")


def test_a_bad_entry_names_file_entry_and_field() -> None:
    row = json.loads(data_text("gpus.json"))["gpus"][0] | {"memory_gb": -1}
    with pytest.raises(CompassError, match=r"gpus\.json, entry L4, field memory_gb: .*greater than 0"):
        validated(Gpu, [row], "gpus.json", "id")


def test_a_missing_source_is_refused() -> None:
    row = models()["microsoft/phi-4"].model_dump() | {"source": ""}
    with pytest.raises(CompassError, match="field source"):
        validated(Model, [row], "models.json", "id")


def test_weights_of_benchmarks_sum_to_one() -> None:
    row = json.loads(data_text("use_cases.json"))["use_cases"][0] | {"quality_weights": {"gpqa": 0.7}}
    with pytest.raises(CompassError, match="must sum to 1"):
        validated(UseCase, [row], "use_cases.json", "id")


HEADER = "gpu_type,provider,region,instance_type,gpus_per_instance,usd_per_gpu_hour,effective_date,source"


def test_a_persons_own_prices_replace_those_of_the_gpus_that_they_list(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        f"{HEADER}\nRTX-PRO-6000,us,cellar,box,8,0.9,2026-11-01,our"
        " invoice\nH100,us,cellar,box,8,9.9,2026-11-01,our invoice\n"
    )
    for gpu, price in (("RTX-PRO-6000", 0.9), ("H100", 9.9)):
        assert [(p.usd_per_gpu_hour, p.provider) for p in prices(own) if p.gpu_type == gpu] == [(price, "us")]
    assert [p for p in prices(own) if p.gpu_type == "L4"] == [p for p in prices() if p.gpu_type == "L4"]


def test_an_edited_price_file_counts_at_once(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"

    def listed(usd: float) -> list[float]:
        own.write_text(f"{HEADER}\nH100,us,cellar,box,8,{usd},2026-11-01,our invoice\n")
        return [p.usd_per_gpu_hour for p in prices(own) if p.gpu_type == "H100"]

    assert [listed(usd) for usd in (2.5, 9.5, 2.5)] == [[2.5], [9.5], [2.5]]
    assert prices(own) is prices(own)
    own.write_text("nothing")
    with pytest.raises(CompassError, match=r"own\.csv"):
        prices(own)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            f"{HEADER}\nH100,us,cellar,box,8,free,2026-11-01,x\n",
            r"own\.csv, entry box, field usd_per_gpu_hour: .*found 'free'",
        ),
        (f"{HEADER}\nH100,us,cellar,box,8,1,last year,x\n", r"field effective_date"),
        (
            f"{HEADER}\nH1000,us,cellar,box,8,1,2026-11-01,x\n",
            "the GPU types H1000, which the catalogue lacks",
        ),
        (f"{HEADER}\n", "holds no prices. Columns: gpu_type, provider"),
        ("a,b\n1,2\n", "own.csv, entry number 1, field gpu_type: Field required"),
    ],
)
def test_a_wrong_price_file_is_said(content: str, reason: str, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(content)
    with pytest.raises(CompassError, match=reason):
        prices(own)


def test_a_price_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CompassError, match=r"COMPASS_PRICES names .* can't be read"):
        prices(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "name",
    [
        "google/gemma-4-26B-A4B",
        "google/gemma-3-27b-pt",
        "meta-llama/Llama-3.1-8B",
        "Qwen/Qwen2.5-7B",
        "Qwen/Qwen3-8B-Base",
        "mistralai/Mixtral-8x7B-v0.1",
        "deepseek-ai/DeepSeek-V3-Base",
        "moonshotai/Kimi-K2-Base",
    ],
)
def test_a_base_checkpoint_is_no_entry(name: str) -> None:
    """It has no chat template: vLLM answers each chat request with 400."""
    assert name not in models()
    row = models()["microsoft/phi-4"].model_dump() | {"id": name}
    with pytest.raises(CompassError, match="is a base checkpoint, which has no chat template"):
        validated(Model, [row], "models.json", "id")
