"""Sizes and weight formats of models in a person's words: “a 70B”, “1–8B”, “8-bit”, “no AWQ”."""

from __future__ import annotations

import re
from typing import Any

import pytest

from agent.models.builtin.interpreter import interpret
from agent.models.builtin.reading import read_change
from agent.moves import MOVES, Ask, Explore, SelectOption, Stage, Unclear
from agent.words.grounding import not_used
from knowledge.catalogue import models
from knowledge.formats import BITS, FP8
from tests.agent.sentences import ONLY, WITHOUT
from tools.specification import SpecificationChange
from tools.specification.sizes import sizes_of

EIGHT, FOUR = list(BITS[8]), list(BITS[4])


def move(words: str, stage: Stage = "specification_review") -> Any:
    return interpret(words, {kind.__name__ for kind in MOVES[stage]})


def named(*patterns: str) -> list[str]:
    return [i for i, m in models().items() if any(re.match(p, m.name) for p in patterns)]


@pytest.mark.parametrize(
    ("words", "sizes"),
    [
        ("an Arabic 7B model for 200 analysts", ["7B"]),
        ("make it a 70B", ["70B"]),
        ("three 8B models for chat, 100 users each", ["8B"]),
        ("summaries with a 1B to 8B model", ["1-8B"]),
        ("1–8B", ["1-8B"]),
        ("between 7B and 14B", ["7-14B"]),
        ("from 7 to 14B", ["7-14B"]),
        ("either a 7B or a 13B", ["7B", "13B"]),
        ("models under 10B", ["<10B"]),
        ("at most 14B, please", ["<=14B"]),
        ("8B or smaller", ["<=8B"]),
        ("a model with 30B+ parameters", [">=30B"]),
        ("nothing above 70B", ["<=70B"]),
        ("no models below 7B", [">=7B"]),
        ("an 8 billion parameter model", ["8B"]),
        ("a 500M parameter model", ["0.5B"]),
        ("only a 24b on H100", ["24B"]),
    ],
)
def test_sizes(words: str, sizes: list[str]) -> None:
    assert read_change(words).fields.get("model_sizes") == sizes
    assert not read_change(words).problems


@pytest.mark.parametrize(
    ("words", "formats"),
    [
        ("use the FP8 version", list(FP8)),
        ("8-bit weights, please", EIGHT),
        ("8-bit or 6-bit", EIGHT),
        ("the int8 version", ["int8"]),
        ("GPTQ-Int8 for 300 users", ["int8"]),
        ("in 8-bit (FP8)", list(FP8)),
        ("use 4 bit", FOUR),
        ("with AWQ", ["w4a16"]),
        ("W4A16 or w8a8", ["int8", "w4a16"]),
        ("unquantised weights", ["bf16"]),
        ("no quantization", ["bf16"]),
        ("fp16 only", ["bf16"]),
        ("quantized models only", [*EIGHT, *FOUR]),
    ],
)
def test_formats(words: str, formats: list[str]) -> None:
    found = read_change(words)
    assert found.fields["weight_formats"] == formats
    assert "model_sizes" not in found.fields
    assert not found.problems


@pytest.mark.parametrize("said", ["70B models", "a 70B"])
def test_a_size_is_excluded_or_the_only_one_in_all_the_ways_that_people_say_it(said: str) -> None:
    about, others = (70, 72), (8, 32, 405)
    for phrases, wanted, unwanted in ((WITHOUT, others, about), (ONLY, about, others)):
        for phrase in phrases:
            found = move(phrase.format(x=said), "presenting_options")
            assert isinstance(found, Explore), phrase
            sizes = [sizes_of(text) for text in found.model_sizes]
            assert all(any(one.hold(size) for one in sizes) for size in wanted), phrase
            assert not any(one.hold(size) for one in sizes for size in unwanted), phrase


def test_formats_that_are_not_wanted() -> None:
    assert read_change("no 4-bit").fields == {"excluded_weight_formats": FOUR}
    assert read_change("avoid AWQ and int8").fields == {"excluded_weight_formats": ["int8", "w4a16"]}
    assert read_change("4-bit is fine too").fields == {"allowed": {"weight_formats": FOUR}}


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("Llama 3.3 70B at 8-bit", named(r"Llama 3\.3 70B")),
        ("Qwen3-235B-A22B on 8 H100", named("Qwen3 235B A22B")),
        ("Qwen3 30B A3B", named("Qwen3 30B A3B")),
        ("30B-A3B", named(r"(Qwen3|Nemotron 3 Nano) 30B A3B")),
        ("Llama 3.1 8B", named(r"Llama 3\.1 8B")),
        ("Llama 3 8B", named(r"Llama 3\.1 8B")),
        ("Llama 3.1 70B and 405B", named(r"Llama 3\.1 (70B|405B)")),
        ("DeepSeek R1 671B", named("DeepSeek R1(?! Distill)")),
        ("a Qwen 7B", named(r"Qwen2\.5 7B")),
        ("use the Qwen2.5-7B-Instruct-GPTQ-Int8", ["RedHatAI/Qwen2.5-7B-Instruct-quantized.w8a8"]),
        ("Llama-3.1-70B-Instruct in fp8", ["RedHatAI/Meta-Llama-3.1-70B-Instruct-FP8"]),
    ],
)
def test_a_size_in_a_name_is_the_names(words: str, ids: list[str]) -> None:
    found = read_change(words)
    assert found.fields["preferred_models"] == ids
    assert "model_sizes" not in found.fields
    assert not found.problems


def test_a_family_and_a_size_are_two_wishes() -> None:
    fields = read_change("a 70B Llama").fields
    assert fields["model_sizes"] == ["70B"]
    assert set(fields["preferred_models"]) >= set(named(r"Llama 3\.[13] 70B"))


@pytest.mark.parametrize(
    ("words", "called"),
    [
        ("Llama 2 13B for 50 users", "llama 2 13b"),
        ("QwQ 32B", "qwq 32b"),
        ("Qwen3 33B", "qwen3 33b"),
        ("Llama 3.1 8B and 13B", "llama 3.1 13b"),
        ("Command R 35B", "command r 35b"),
        ("vicuna 13b for a chatbot", "vicuna 13b"),
    ],
)
def test_a_model_that_is_not_known_is_said_and_no_other_takes_its_place(words: str, called: str) -> None:
    found = read_change(words)
    assert len(found.problems) == 1
    assert f"“{called}”" in found.problems[0]
    assert "model_sizes" not in found.fields
    assert called in ("llama 3.1 13b",) or "preferred_models" not in found.fields


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Llama 4 Scout in int8", ["INT8", "BF16", "W4A16"]),
        ("Qwen3-32B-AWQ", ["W4A16", "BF16", "FP8"]),
        ("6-bit, please", ["6-bit", "8-bit", "4-bit", "BF16"]),
        ("a 55B", ["55B", "47B", "70B"]),
    ],
)
def test_what_there_is_none_of_is_said_with_what_there_is(words: str, told: list[str]) -> None:
    [problem] = read_change(words).problems
    assert all(part in problem for part in told)
    assert isinstance(move(words), Unclear)


def test_a_format_that_no_checkpoint_has_beside_one_that_some_have_is_named_once() -> None:
    change = SpecificationChange(weight_formats=EIGHT)
    assert not_used("8-bit or 6-bit", change) == ["6-bit"]


@pytest.mark.parametrize(
    "words",
    ["2b tokens a day", "$2b a month", "GPUs with FP8 support", "an fp8 kv cache", "a chatbot for 2b users"],
)
def test_what_is_no_size_and_no_format(words: str) -> None:
    assert not {"model_sizes", "weight_formats"} & read_change(words).fields.keys()


@pytest.mark.parametrize(
    ("words", "cleared"),
    [
        ("any size is fine", ["model_sizes"]),
        ("the model size doesn't matter", ["model_sizes"]),
        ("any weight format", ["weight_formats"]),
        ("quantisation doesn't matter", ["weight_formats"]),
    ],
)
def test_they_are_taken_back(words: str, cleared: list[str]) -> None:
    assert read_change(words).fields == {"clear": cleared}


@pytest.mark.parametrize(
    "words",
    [
        "would an 8-bit one fit?",
        "which of these are 8-bit?",
        "does it fit one L40S in 4 bit?",
        "is a 70B better?",
        "why not a 7B?",
        "how large is a 70B in FP8?",
    ],
)
@pytest.mark.parametrize("stage", ["specification_review", "presenting_options", "configuration_finalized"])
def test_a_question_changes_nothing(words: str, stage: Stage) -> None:
    assert isinstance(move(words, stage), Ask | Unclear)


def test_four_bits_are_no_option_four() -> None:
    for words in ("use 4 bit", "take 4 bit", "take the 4-bit one", "go with 4 bits"):
        found = move(words, "presenting_options")
        assert isinstance(found, Explore), words
        assert found.weight_formats == FOUR
    for words in ("option 4", "take 4", "4"):
        assert move(words, "presenting_options") == SelectOption(rank=4)


def test_a_what_if_holds_them() -> None:
    found = move("what if we used the int8 version?", "presenting_options")
    assert isinstance(found, Explore)
    assert found.weight_formats == ["int8"]
