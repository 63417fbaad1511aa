"""Servers and machines in words: how many there are, what is in each, and what a question leaves alone."""

from __future__ import annotations

from typing import Any

import pytest

from agent.models.builtin.interpreter import interpret
from agent.models.builtin.reading import read_change
from agent.moves import MOVES, Ask, Explore, Unclear
from tools.specification import OwnedServers, SpecificationChange

OWNED = {
    "we have two nodes with 8 H100 each": ["2x8xH100"],
    "2 machines of 8 H100": ["2x8xH100"],
    "three identical servers, each with 4 L40S": ["3x4xL40S"],
    "two 8xH100 servers": ["2x8xH100"],
    "two H100 nodes with 8 GPUs each": ["2x8xH100"],
    "16 H100 on 2 servers": ["2x8xH100"],
    "8 H200 in each of our four servers": ["4x8xH200"],
    "8 H100 per server, two servers": ["2x8xH100"],
    "2x8xH100 at $1.90 per GPU-hour": ["2x8xH100@1.9"],
    "we own 8 H100, which cost us 2 dollars an hour": ["8xH100@2"],
    "two servers with 8 H100 each and one with 4 L40S": ["2x8xH100", "4xL40S"],
    "our two boxes with 8 H200 each": ["2x8xH200"],
}
ONE = {
    "a server with 4 L40S": {"L40S": 4},
    "one box with 8x H200": {"H200": 8},
    "dual RTX PRO 6000": {"RTX-PRO-6000": 2},
    "we own two RTX PRO 6000 Blackwell with 96 GB": {"RTX-PRO-6000": 2},
    "we have exactly two L4": {"L4": 2},
    "I own exactly two L4, nothing else": {"L4": 2},
    "our server has 8 A100 80GB": {"A100-80": 8},
    "4 L40S in one server": {"L40S": 4},
}


def typed(words: str) -> list[str]:
    change = SpecificationChange.model_validate(read_change(words).fields)
    return sorted(one.typed for one in change.owned)


@pytest.mark.parametrize("words", list(OWNED))
@pytest.mark.parametrize("beside", ["{}", "a chatbot for 200 people; {}", "{}, under $9,000 a month"])
def test_servers_are_read_with_what_is_in_them(words: str, beside: str) -> None:
    said = read_change(beside.format(words)).fields
    assert typed(beside.format(words)) == sorted(OWNED[words])
    assert not {"preferred_gpu_types", "available_gpus"} & said.keys()
    assert said.get("user_count") == (200 if "200" in beside else None)
    assert said.get("budget_usd_per_month") == (9000 if "$9,000" in beside else None)


@pytest.mark.parametrize("words", list(ONE))
def test_one_server_is_so_many_gpus(words: str) -> None:
    said = read_change(words).fields
    assert said == {"available_gpus": ONE[words]}


@pytest.mark.parametrize("servers", ["2x8xH100", "3x4xL40S@1.25", "8xMI300X@0.125"])
def test_what_a_card_says_of_servers_can_be_said_back(servers: str) -> None:
    assert typed(str(OwnedServers.model_validate(servers))) in ([servers], [])
    assert typed(f"own servers: {OwnedServers.model_validate(servers)}") == [servers]


@pytest.mark.parametrize(
    "words",
    [
        "would a server with 4 L40S be enough?",
        "how many developers can one 8xH100 server handle?",
        "do two nodes with 8 H100 each suffice?",
    ],
)
def test_a_question_about_servers_changes_nothing(words: str) -> None:
    move = interpret(words, {kind.__name__ for kind in MOVES["presenting_options"]})
    assert isinstance(move, Ask | Unclear)


def test_a_supposition_about_servers_is_explored() -> None:
    move = interpret("what if we had two nodes with 8 H100 each?", {"Explore", "Ask"})
    assert isinstance(move, Explore)
    assert [one.typed for one in move.owned] == ["2x8xH100"]


@pytest.mark.parametrize(
    "words", ["several nodes with 8 H100 each", "we don't have two servers with 8 H100 each"]
)
def test_servers_that_nobody_counted_or_has_are_no_inventory(words: str) -> None:
    assert not {"owned", "available_gpus"} & read_change(words).fields.keys()


@pytest.mark.parametrize("count", ["4x", "4 x", "four", "4"])
@pytest.mark.parametrize("gpu", ["H200", "L40S", "MI300X"])
@pytest.mark.parametrize(
    "words",
    [
        "{} own",
        "{} is what we have",
        "we recently bought {}",
        "there's {} sitting idle in the lab",
        "{} (ours)",
        "{} on-prem",
        "it has to run on {}",
        "using only {}",
        "my boss got {} last year",
        "we inherited {} from another team and want it used",
        "{} already in our rack",
    ],
)
def test_so_many_gpus_that_are_there_are_a_limit(words: str, gpu: str, count: str) -> None:
    said = read_change("a chatbot for 200 people. " + words.format(f"{count} {gpu}")).fields
    assert said["available_gpus"] == {gpu: 4}
    assert "preferred_gpu_types" not in said
    assert said["user_count"] == 200


@pytest.mark.parametrize(
    "words", ["we would need 4 H200", "we have 200 users, 4 H200 would be nice", "rent 4 H200 if you like"]
)
def test_so_many_that_are_wished_for_are_none(words: str) -> None:
    assert "available_gpus" not in read_change(words).fields


def test_two_of_them_are_gpus_and_no_people() -> None:
    said = read_change("we have 4 A100 80GB and want to run it on two of them").fields
    assert said == {"available_gpus": {"A100-80": 4}}


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("only g5.xlarge", ["g5.xlarge"]),
        ("on p5.48xlarge or ml.g5.xlarge", ["g5.xlarge", "p5.48xlarge"]),
        ("use ND H100 v5 machines", ["ND96isr_H100_v5"]),
        ("Standard_ND96isr_H100_v5, please", ["ND96isr_H100_v5"]),
    ],
)
def test_machines_are_chosen_by_name(words: str, wanted: list[str]) -> None:
    reading: Any = read_change(words)
    assert reading.fields == {"instance_types": wanted}
    assert not reading.problems


@pytest.mark.parametrize("name", ["g5.99xlarge", "ml.p9.48xlarge", "a9-megagpu-8g"])
def test_a_machine_that_the_list_lacks_is_named(name: str) -> None:
    reading = read_change(f"a chatbot for 100 users on {name}")
    [problem] = reading.problems
    assert name in problem
    assert "instance_types" not in reading.fields
    assert reading.fields["user_count"] == 100


def test_a_machine_alone_cannot_be_left_out_and_that_is_said() -> None:
    reading = read_change("no p5.48xlarge, please")
    assert not reading.fields
    assert "p5.48xlarge" in reading.problems[0]
