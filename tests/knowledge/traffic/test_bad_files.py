"""Files that are no trace, or a damaged one: a sentence that says so, and never more than the limits."""

import gzip
import json
import os
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from knowledge.errors import CompassError
from knowledge.traffic import lines
from knowledge.traffic.lines import Limits
from knowledge.traffic.reading import read_trace
from knowledge.traffic.summary import summarised
from tests.knowledge.traffic.written import csv_of, json_lines, packed, poisson, text
from tests.soak import examples

GOOD = [f"{n},100,10" for n in range(20)]
HEADER = "time,prompt_tokens,output_tokens"


def refused(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(CompassError) as caught:
        read_trace(path, limits=limits)
    return str(caught.value)


def test_bad_lines_are_counted_and_named_and_the_others_used(tmp_path: Path) -> None:
    bad = ["x,100,10", "21,-5,10", "22,100,0", "23,100", "24,100,0", "25,,10", "26,1.5,3", '27,"100,10']
    path = text(tmp_path, HEADER, *GOOD, *bad)
    with path.open("ab") as file:
        file.write(b"28,\xff\xfe,10\n")
    found = read_trace(path)
    assert len(found.trace) == len(GOOD)
    counted = {each.reason: (each.count, each.lines) for each in found.left_out}
    assert sum(count for count, _ in counted.values()) == len(bad) + 1
    assert counted["no answer (0 tokens), such as of a request that failed"] == (2, [24, 26])
    assert counted["text that isn't UTF-8"] == (1, [30])
    assert counted["fewer fields than the header"] == (1, [25])
    assert counted["a time that can't be read"] == (1, [22])


def test_a_file_most_of_which_is_bad_is_refused_with_the_most_frequent_reason(tmp_path: Path) -> None:
    said = refused(json_lines(tmp_path, [{"time": 1, "prompt_tokens": 3}] * 9 + [{"a": 1}] * 2))
    assert "11 of its 11 lines" in said
    assert "9 with no answer tokens" in said
    assert "lines 1, 2, 3 …" in said


def test_a_header_without_what_is_needed_is_named_and_shows_nothing_that_a_terminal_obeys(
    tmp_path: Path,
) -> None:
    said = refused(text(tmp_path, "time,cost,\x1b[31mred", "1,2,3"))
    assert "prompt tokens (such as" in said
    assert "answer tokens (such as" in said
    assert "time (such as" not in said
    assert "“cost”" in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("begins", "told"),
    [
        (b"PK\x03\x04abc", "zip archive"),
        (b"\x28\xb5\x2f\xfdabc", "zstd"),
        (b"PAR1abc", "Parquet"),
        ("time,a".encode("utf-16"), "UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "isn't text"),
        (b"", "is empty"),
        (b"\n\n\n", "is empty"),
        (b"[1, 2", "isn't one"),
        (gzip.compress(b"1,2,3\n" * 1000, mtime=0)[:-9], "damaged or cut off"),
        (b"\x1f\x8bjunk", "damaged or cut off"),
    ],
)
def test_what_people_have_in_hand_is_called_by_its_name(tmp_path: Path, begins: bytes, told: str) -> None:
    path = tmp_path / "trace"
    path.write_bytes(begins)
    assert told in refused(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    assert "can't be read" in refused(tmp_path / "none")
    assert "is no file" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe")  # whoever opened it would wait for ever
    assert "is no file" in refused(tmp_path / "pipe")
    assert "no name of a file" in refused(Path("a\0b"))


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = csv_of(tmp_path, poisson(30))
    assert "more than 20 requests" in refused(path, Limits(requests=20))
    blocks = [
        {"timestamp": n, "input_length": 9, "output_length": 9, "hash_ids": [1, 2, 3]} for n in range(9)
    ]
    assert "more than 10 blocks" in refused(json_lines(tmp_path, blocks), Limits(blocks=10))
    bomb = tmp_path / "bomb.gz"
    bomb.write_bytes(gzip.compress(b"1,2,3\n" * 500_000))
    assert "more than 1 MB" in refused(bomb, Limits(megabytes=1))
    one = tmp_path / "one.gz"
    one.write_bytes(gzip.compress(b"1" * 3_000_000))
    assert "more than 1 MB" in refused(one, Limits(megabytes=1))
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    long = text(tmp_path, HEADER, *GOOD, f"20,{'1' * 500},10", "21,100,10")
    found = read_trace(long)
    assert len(found.trace) == len(GOOD) + 1
    assert [(each.count, each.lines) for each in found.left_out] == [(1, [22])]


def test_times_that_can_t_be_a_trace_s(tmp_path: Path) -> None:
    same = [(1_700_000_000, 9, 9)] * 5
    assert "no rate" in refused(csv_of(tmp_path, same))
    assert "years" in refused(csv_of(tmp_path, [(0, 9, 9), (1_700_000_000, 9, 9)]))
    assert "one request" in refused(csv_of(tmp_path, [(0, 9, 9)]))
    mixed = read_trace(csv_of(tmp_path, [*((n, 9, 9) for n in range(9)), ("2026-01-01 00:00", 9, 9)]))
    assert len(mixed.trace) == 9
    assert mixed.left_out[0].count == 1


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=4), inside, max_size=3),
    max_leaves=6,
)
VALUES = NESTED | st.sampled_from([10**400, "9" * 5000, 1e308, -0.0, "0001-01-01", "9999-12-31T23:59:59Z"])
KEYS = (
    "timestamp input_length output_length hash_ids session_id cached_tokens prefix_hash prefix_tokens"
    " end_time latency_ms usage"
)
ODD = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS.split(), VALUES)), max_size=4)


def figures_or_sentence(path: Path) -> str:
    """Nothing but these comes of a file."""
    try:
        return summarised(read_trace(path), "odd").model_dump_json()
    except CompassError as error:
        return str(error)


@hypothesis.settings(max_examples=examples(300))
@hypothesis.given(ODD)
def test_any_objects_among_good_ones_end_in_figures_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, odd: list[dict[str, object]]
) -> None:
    good = [
        {"timestamp": 3000 * n, "input_length": 700, "output_length": 5, "hash_ids": [0, n]} for n in range(5)
    ]
    said = figures_or_sentence(json_lines(tmp_path_factory.mktemp("odd"), [*odd, *good]))
    assert json.loads(said)["requests"] >= 5 if said.startswith("{") else said.endswith((".", "?"))


@hypothesis.settings(max_examples=examples(200))
@hypothesis.given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_any_bytes_end_in_figures_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, header: bool, pack: bool
) -> None:
    path = tmp_path_factory.mktemp("junk") / "trace"
    path.write_bytes((f"{HEADER}\n".encode() if header else b"") + junk)
    assert figures_or_sentence(packed(path) if pack else path).endswith((".", "?", "}"))
