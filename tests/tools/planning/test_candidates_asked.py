"""Models asked for by their size and by the format of their weights: exactly those are planned with, and
where there are none, what there is is said.
"""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from knowledge.catalogue import checkpoints_in, models
from knowledge.formats import BITS, FORMAT_NAMES
from knowledge.model import WEIGHT_FORMATS
from tests.planning import Tables, planned, specify
from tools.planning.constraints import suitable_models
from tools.specification import SpecificationChange, change_specification
from tools.specification.sizes import known_sizes, sizes_of

LLAMA_70B = [i for i, m in models().items() if m.name.startswith("Llama 3.3 70B")]


@pytest.mark.parametrize(
    ("asked", "meant", "not_meant"),
    [
        ("70B", [65, 70, 72, 75], [47, 60, 80]),
        ("7B", [7], [8, 3.8]),
        ("8B", [8], [7, 9]),
        ("13b", [12, 14], [9, 20]),
        ("1-8B", [1, 3.4, 8], [0.6, 9]),
        ("1–8B", [1, 8], [0.6, 9]),
        ("0.5b to 3b", [0.5, 3], [0.4, 4]),
        ("500M", [0.5], [0.6, 5]),
        ("<=14B", [14, 0.5], [15]),
        ("< 14B", [12], [14]),
        (">=30B", [30, 671], [27]),
        ("≥ 30", [30], [27]),
        (">30B", [31], [30]),
    ],
)
def test_what_a_size_means(asked: str, meant: list[float], not_meant: list[float]) -> None:
    assert [size for size in [*meant, *not_meant] if sizes_of(asked).hold(size)] == meant
    assert sizes_of(str(sizes_of(asked))) == sizes_of(asked)


@pytest.mark.parametrize("asked", ["", "big", "8B-1B", "0B", "1e9B", "<=1-8B", "8BB", "-8B", "nan"])
def test_what_is_no_size_is_refused_with_what_is_one(asked: str) -> None:
    with pytest.raises(ValidationError, match=r"no size .*B"):
        SpecificationChange(model_sizes=[asked])


def test_a_size_is_the_one_that_a_model_goes_by_with_all_its_experts() -> None:
    known = {
        "meta-llama/Llama-3.1-8B-Instruct": 8,
        "Qwen/Qwen2.5-7B-Instruct": 7,
        "ibm-granite/granite-3.1-2b-instruct": 2,
        "Qwen/Qwen3-30B-A3B": 30,
        "google/gemma-3n-E4B-it": 4,
        "meta-llama/Llama-4-Scout-17B-16E-Instruct": 109,
        "mistralai/Mixtral-8x7B-Instruct-v0.1": 47,
        "mistralai/Mistral-Nemo-Instruct-2407": 12,
    }
    assert {i: models()[i].size_b for i in known} == known
    assert all(sizes_of(size) for size in known_sizes())


def test_formats_have_names_and_bits() -> None:
    assert set(FORMAT_NAMES) == {f for formats in BITS.values() for f in formats} == set(WEIGHT_FORMATS)


@pytest.mark.parametrize("use_case", ["chatbot_conversational", "research_legal_analysis", "code_completion"])
@pytest.mark.parametrize("size", ["1B", "3B", "8B", "32B", "70B", "671B"])
def test_a_size_has_candidates_though_the_use_case_recommends_none(use_case: str, size: str) -> None:
    plain, asked = specify(100, use_case), specify(100, use_case, model_sizes=[size])
    meant = {i for i, m in models().items() if sizes_of(size).hold(m.size_b)}
    usable = {i for i in meant if models()[i].license_kind != "non-commercial"}
    recommended = meant & set(suitable_models(plain.intent))
    assert meant & set(suitable_models(asked.intent)) == (recommended or usable)


def test_named_and_in_a_format_is_both(tables: Tables) -> None:
    eight_bit = ["fp8", "fp8_block", "int8"]
    asked = specify(50, "document_analysis_rag", preferred_models=LLAMA_70B, weight_formats=eight_bit)
    found = planned(tables, asked, simulate=0)
    meant = {i for i in LLAMA_70B if models()[i].weight_format in eight_bit}
    assert {o.model_id for o in found.recommendations} <= meant
    assert found.recommendations
    assert found.excluded["weights in another format than you want"] > 0


def test_another_format_of_what_is_wanted_is_its_other_checkpoints() -> None:
    bf16 = specify(100, preferred_models=["meta-llama/Llama-3.3-70B-Instruct"])
    after = change_specification(bf16, SpecificationChange(weight_formats=["fp8", "fp8_block"])).intent
    assert after.preferred_models == ["RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic"]
    assert checkpoints_in(["mxfp4"], LLAMA_70B) == LLAMA_70B


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"model_sizes": ["55B"]}, ["about 55B", "47B", "70B"]),
        (
            {"preferred_models": LLAMA_70B, "weight_formats": ["mxfp4"]},
            ["Llama 3.3 70B", "MXFP4", "BF16", "FP8", "INT8", "W4A16"],
        ),
        ({"preferred_models": LLAMA_70B, "model_sizes": ["13B"]}, ["Llama 3.3 70B", "about 13B", "70B"]),
    ],
)
def test_where_there_is_no_such_model_that_is_said_with_what_there_is(
    tables: Tables, wishes: dict[str, Any], told: list[str]
) -> None:
    found = planned(tables, specify(100, **wishes), simulate=0)
    assert found.recommendations == []
    [(why, count)] = found.excluded.items()
    assert count == found.considered
    assert all(part in why for part in told)


def test_the_near_miss_of_a_size_is_the_nearest_size(tables: Tables) -> None:
    found = planned(tables, specify(100, model_sizes=["55B"]), limit=5).near_misses
    [change] = [miss.change for miss in found if miss.change.model_sizes]
    assert change.model_sizes == ["55B", "47B"]


def test_formats_excluded_are_those_of_the_others_left() -> None:
    no_four_bit = specify(100, excluded_weight_formats=["w4a16", "mxfp4"])
    assert no_four_bit.intent.weight_formats == ["bf16", "fp8", "fp8_block", "int8"]
    nor_bf16 = change_specification(no_four_bit, SpecificationChange(excluded_weight_formats=["bf16"]))
    assert nor_bf16.intent.weight_formats == ["fp8", "fp8_block", "int8"]
    again = change_specification(nor_bf16, SpecificationChange(allowed={"weight_formats": ["w4a16"]}))
    assert again.intent.weight_formats == ["fp8", "fp8_block", "int8", "w4a16"]
