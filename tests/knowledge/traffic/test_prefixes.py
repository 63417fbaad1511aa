"""What a prefix cache holds of each prompt, by blocks, by prefixes, by turns, as counted."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.traffic.prefixes import Reuse, block_tokens, reuse
from knowledge.traffic.reading import read_trace
from knowledge.traffic.sessions import turns
from knowledge.traffic.trace import Trace
from tests.knowledge.traffic.written import json_lines, read_csv


def mooncake(folder: Path, *prompts: tuple[int, list[Any]]) -> Trace:
    """A request every three seconds."""
    rows = [
        {"timestamp": 3000 * n, "input_length": tokens, "output_length": 10, "hash_ids": ids}
        for n, (tokens, ids) in enumerate(prompts)
    ]
    return read_trace(json_lines(folder, rows)).trace


def cached(trace: Trace, cache_tokens: int | None = None) -> tuple[str, list[int]]:
    found = reuse(trace, cache_tokens)
    assert found is not None
    return found.basis, found.cached_tokens.tolist()


def test_a_prompt_finds_the_blocks_that_it_begins_with(tmp_path: Path) -> None:
    trace = mooncake(tmp_path, (1500, [1, 2, 3]), (1100, [1, 2, 4]), (1024, [9, 2]), (2048, [1, 2, 4, 5]))
    assert cached(trace) == ("blocks", [0, 1024, 0, 1536])


def test_the_last_token_of_a_prompt_is_always_reckoned_anew_and_blocks_of_vllm_are_whole(
    tmp_path: Path,
) -> None:
    """Of 600 tokens, 592 are in 37 whole blocks of 16; of 1,024 the last block has to go."""
    trace = mooncake(tmp_path, (600, [1, 2]), (600, [1, 2]), (1024, [1, 3]), (1024, [1, 3]))
    assert cached(trace) == ("blocks", [0, 592, 512, 1008])


def test_a_cache_of_a_size_drops_what_was_used_longest_ago(tmp_path: Path) -> None:
    """Room for three blocks: the second prompt leaves the first block of the first."""
    trace = mooncake(tmp_path, (1025, [1, 2, 3]), (1025, [1, 8, 9]), (1025, [1, 2, 3]), (1025, [1, 8, 9]))
    assert cached(trace) == ("blocks", [0, 512, 1024, 1024])
    assert cached(trace, 3 * 512) == ("blocks", [0, 512, 512, 512])
    assert cached(trace, 5 * 512) == cached(trace)
    assert cached(trace, 1) == ("blocks", [0, 0, 0, 0])


def test_a_larger_cache_never_finds_less(tmp_path: Path) -> None:
    random_ = random.Random(3)
    prompts = []
    for _ in range(400):
        path = [0]
        for _ in range(random_.randrange(12)):
            path.append(path[-1] * 3 + random_.randrange(1, 4))
        prompts.append((512 * len(path), path))
    trace = mooncake(tmp_path, *prompts)
    found = [sum(cached(trace, size * 512)[1]) for size in (1, 4, 16, 64, 256, 1024)]
    assert found == sorted(found)
    assert found[0] < found[-1] == sum(cached(trace)[1])


@pytest.mark.parametrize("size", [16, 64, 512])
def test_the_size_of_blocks_shows_in_how_many_there_are(tmp_path: Path, size: int) -> None:
    random_ = random.Random(2)
    lengths = [random_.randrange(1, 5000) for _ in range(50)]
    up = mooncake(tmp_path, *((tokens, list(range(-(-tokens // size)))) for tokens in lengths))
    assert block_tokens(up) == size
    down = mooncake(tmp_path, *((tokens, list(range(tokens // size))) for tokens in lengths))
    assert block_tokens(down) == size
    odd = mooncake(tmp_path, *((tokens, list(range(tokens % 7))) for tokens in lengths))
    assert block_tokens(odd) is None
    assert reuse(odd) is None


def test_blocks_in_a_cell_of_a_csv(tmp_path: Path) -> None:
    rows = [(0, 1024, 5, '"[1, 2]"'), (1, 1030, 5, "1 2 3"), (2, 1024, 5, "1;9"), (3, 1, 5, "")]
    trace = read_csv(tmp_path, rows, "time,prompt_tokens,answer_tokens,hash_ids").trace
    assert cached(trace) == ("blocks", [0, 1024, 512, 0])


def test_a_shared_prefix_is_there_from_its_second_request_on(tmp_path: Path) -> None:
    header = "time,prompt_tokens,answer_tokens,prefix_hash,prefix_tokens"
    rows = [
        (0, 500, 5, "a", 160),
        (1, 300, 5, "b", 96),
        (2, 400, 5, "a", 160),
        (3, 100, 5, "a", 160),
        (4, 9, 5, "", ""),
    ]
    trace = read_csv(tmp_path, rows, header).trace
    assert cached(trace) == ("prefixes", [0, 0, 160, 96, 0])
    assert cached(trace, 200) == ("prefixes", [0, 0, 0, 96, 0])
    unknown = read_csv(tmp_path, [row[:4] for row in rows], header.rsplit(",", 1)[0]).trace
    assert reuse(unknown) is None


SESSIONS = "time,prompt_tokens,answer_tokens,session_id"


def test_a_turn_begins_with_those_before_it_as_far_as_it_is_long_enough(tmp_path: Path) -> None:
    rows = [
        (0, 160, 32, "a"),
        (1, 160, 32, "b"),
        (2, 256, 32, "a"),  # 160 and 32 before
        (3, 176, 32, "b"),  # thoughts were left out of it: 160
        (4, 64, 32, "a"),  # cut
        (5, 500, 32, ""),
    ]
    trace = read_csv(tmp_path, rows, SESSIONS).trace
    assert cached(trace) == ("turns", [0, 0, 192, 160, 0, 0])
    assert cached(trace, 200) == ("turns", [0, 0, 0, 0, 0, 0])


def test_what_the_file_counted_stands_above_all(tmp_path: Path) -> None:
    rows = [(0, 160, 32, "a", 0), (1, 260, 32, "a", 100), (2, 90, 9, "a", 90), (3, 90, 9, "a", "")]
    trace = read_csv(tmp_path, rows, f"{SESSIONS},cached_tokens").trace
    assert cached(trace) == ("counted", [0, 100, 89, 0])
    never = [(*row[:4], 0) for row in rows]
    assert cached(read_csv(tmp_path, never, f"{SESSIONS},cached_tokens").trace)[0] == "turns"


def test_nothing_told_is_nothing_known(tmp_path: Path) -> None:
    trace = read_csv(tmp_path, [(0, 9, 9), (5, 9, 9)]).trace
    assert reuse(trace) is None
    assert turns(trace) is None


def test_turns_and_the_time_between_them(tmp_path: Path) -> None:
    rows = [(0, 9, 9, "a"), (10, 9, 9, "a"), (15, 9, 9, "b"), (70, 9, 9, "a"), (80, 9, 9, "")]
    found = turns(read_csv(tmp_path, rows, SESSIONS).trace)
    assert found is not None
    assert sorted(found.per_session.tolist()) == [1, 3]
    assert found.think_s.tolist() == [10, 60]
    assert not found.after_answers


def test_thinking_begins_when_the_answer_is_whole_where_that_is_told(tmp_path: Path) -> None:
    rows = [(0, 9, 9, "a", 2), (10, 9, 9, "a", 15), (70, 9, 9, "a", 71)]
    found = turns(read_csv(tmp_path, rows, f"{SESSIONS},end_time").trace)
    assert found is not None
    assert found.after_answers
    assert found.think_s.tolist() == [8, 55]
    lasting = [(*row[:4], 1000 * (row[4] - row[0])) for row in rows]
    again = turns(read_csv(tmp_path, lasting, f"{SESSIONS},latency_ms").trace)
    assert again is not None
    assert np.allclose(again.think_s, found.think_s)


def test_a_reuse_is_never_the_whole_prompt(tmp_path: Path) -> None:
    trace = mooncake(tmp_path, *((512, [1]) for _ in range(3)))
    found = reuse(trace)
    assert isinstance(found, Reuse)
    assert (found.cached_tokens < trace.prompt_tokens).all()
