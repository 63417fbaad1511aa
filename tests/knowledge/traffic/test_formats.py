"""Each format as its writers write it: its times, its lengths, and what else it tells."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge.traffic.reading import read_trace
from tests.knowledge.traffic.written import json_lines, packed, text

LENGTHS = ([374, 396, 879], [44, 109, 55])
SECOND = [0.0, 4.5, 4.75]


def read(path: Path) -> tuple[str, list[float], tuple[list[int], list[int]]]:
    found = read_trace(path)
    trace = found.trace
    return (
        found.kind,
        [round(at, 4) for at in trace.at_s.tolist()],
        (trace.prompt_tokens.tolist(), trace.output_tokens.tolist()),
    )


AZURE = (
    "TIMESTAMP,ContextTokens,GeneratedTokens",
    "2023-11-16 18:15:46.5000000,374,44",
    "2023-11-16 18:15:51.0000000,396,109",
    "2023-11-16 18:15:51.2500000,879,55",
)


def test_azures_csv(tmp_path: Path) -> None:
    path = text(tmp_path, *AZURE)
    assert read(path) == ("Azure CSV", SECOND, LENGTHS)
    clock = read_trace(path).trace.clock
    assert clock.begins_at == datetime(2023, 11, 16, 18, 15, 46, 500_000, UTC)
    assert not clock.zoned


def test_packed_with_a_byte_order_mark_and_ends_of_lines_of_windows(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(AZURE).encode())
    assert read(packed(path)) == ("Azure CSV", SECOND, LENGTHS)


def test_mooncakes_json_lines(tmp_path: Path) -> None:
    rows = [
        {"timestamp": 0, "input_length": 374, "output_length": 44, "hash_ids": [1]},
        {"timestamp": 4500, "input_length": 396, "output_length": 109, "hash_ids": [1]},
        {"timestamp": 4750, "input_length": 879, "output_length": 55, "hash_ids": [1, 2]},
    ]
    path = json_lines(tmp_path, rows)
    assert read(path) == ("Mooncake JSON lines", SECOND, LENGTHS)
    assert read_trace(path).trace.clock.begins_at is None


GATEWAYS: dict[str, Any] = {
    "an OpenAI response in what surrounds it": lambda at, prompt, output: {
        "model": "m",
        "response": {
            "created": 1_700_000_000 + at,
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": output,
                "prompt_tokens_details": {"cached_tokens": 64},
            },
        },
    },
    "LiteLLM's log": lambda at, prompt, output: {
        "startTime": f"2026-05-01T10:00:{10 + at:05.2f}Z",
        "endTime": f"2026-05-01T10:00:{12 + at:05.2f}Z",
        "prompt_tokens": prompt,
        "completion_tokens": output,
        "cached_tokens": 64,
    },
    "spans of OpenTelemetry": lambda at, prompt, output: {
        "start_time_unix_nano": int((1_700_000_000 + at) * 1e9),
        "attributes": {
            "gen_ai.usage.input_tokens": prompt,
            "gen_ai.usage.output_tokens": output,
            "cached_tokens": 64,
        },
    },
    "an Anthropic response, whose input leaves out what is cached": lambda at, prompt, output: {
        "timestamp": 1_700_000_000_000 + at * 1000,
        "usage": {
            "input_tokens": prompt - 64 - 10,
            "cache_read_input_tokens": 64,
            "cache_creation_input_tokens": 10,
            "output_tokens": output,
        },
    },
    "vLLM's own names": lambda at, prompt, output: {
        "arrival_time": 1_700_000_000 + at,
        "num_prompt_tokens": prompt,
        "num_generation_tokens": output,
        "num_cached_tokens": 64,
    },
    "agents' steps, with times in a list": lambda at, prompt, output: {
        "input_tokens_total": prompt,
        "prefix_tokens": 64,
        "output_tokens": output,
        "events": [{"timestamp": f"2026-05-01T10:00:{10 + at:05.2f}Z"}, {"timestamp": "later"}],
    },
}


@pytest.mark.parametrize("of", GATEWAYS.values(), ids=GATEWAYS)
def test_gateways_json_lines(tmp_path: Path, of: Any) -> None:
    rows = [of(at, prompt, output) for at, prompt, output in zip(SECOND, *LENGTHS, strict=True)]
    path = json_lines(tmp_path, rows)
    assert read(path)[1:] == (SECOND, LENGTHS)
    trace = read_trace(path).trace
    assert trace.cached_tokens is not None
    assert trace.cached_tokens.tolist() == [64, 64, 64]
    assert trace.clock.zoned


def test_objects_needn_t_have_the_same_keys(tmp_path: Path) -> None:
    rows = [
        {"ts": 1.0, "usage": {"prompt_tokens": 10, "completion_tokens": 5}},
        {"id": "b", "ts": 2.0, "usage": {"completion_tokens": 6, "prompt_tokens": 20, "cached_tokens": 16}},
        {"ts": 3.0, "prompt_tokens": 30, "completion_tokens": 7},
    ]
    trace = read_trace(json_lines(tmp_path, rows)).trace
    assert trace.prompt_tokens.tolist() == [10, 20, 30]
    assert trace.cached_tokens is not None
    assert trace.cached_tokens.tolist() == [-1, 16, -1]


@pytest.mark.parametrize(
    "lines",
    [
        ("time,prompt tokens,answer tokens", "10,374,44", "14.5,396,109", "14.75,879,55"),
        ("arrival_ms;Input Length;output-length", "10000;374;44", "14500;396;109", "14750;879;55"),
        ("started at\tinput_tokens\toutput_tokens", "1e1\t374.0\t44", "14.5\t396\t109", "14.75\t879\t55"),
        ("id|ts|ISL|OSL", "a|1700000000|374|44", "b|1700000004.5|396|109", "c|1700000004.75|879|55"),
        (
            '"time","model","prompt_tokens","completion_tokens"',
            '10,"a,b",374,44',
            "14.5,c,396,109",
            "14.75,,879,55",
        ),
        ("10,374,44", "14.5,396,109", "14.75,879,55"),
        (
            "# of the gateway",
            "",
            "created_at,n_in,input_len,output_len",
            "10,,374,44",
            "14.5,,396,109",
            "14.75,,879,55",
        ),
    ],
    ids=["plain", "ms and semicolons", "tabs", "since 1970", "quotes", "no header", "a comment first"],
)
def test_plain_csv_of_any_names(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert read(text(tmp_path, *lines))[1:] == (SECOND, LENGTHS)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("2026-05-01T10:00:00Z", "2026-05-01T10:00:04.500Z"),
        ("2026-05-01T12:00:00+02:00", "2026-05-01T10:00:04.5+00:00"),
        ("01/May/2026:10:00:00 +0000", "01/May/2026:10:00:04 +0000"),
        ("2026/05/01 10:00:00", "2026/05/01 10:00:04.500"),
        ("1777629600", "1777629604.5"),
        ("1777629600000", "1777629604500"),
        ("1777629600000000000", "1777629604500000000"),
    ],
)
def test_times_as_people_write_them(tmp_path: Path, first: str, then: str) -> None:
    trace = read_trace(
        text(tmp_path, "time,input,prompt_tokens,output_tokens", f"{first},,9,9", f"{then},,9,9")
    ).trace
    assert trace.clock.begins_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert trace.span_s == pytest.approx(4.5, abs=0.51)


def test_a_bare_number_counts_what_its_person_says(tmp_path: Path) -> None:
    path = text(tmp_path, "time,prompt_tokens,output_tokens", "0,9,9", "90000,9,9")
    assert read_trace(path).trace.span_s == 90_000
    assert read_trace(path, unit_s=1e-3).trace.span_s == 90


def test_one_json_list(tmp_path: Path) -> None:
    path = text(
        tmp_path,
        "[",
        '{"time": 10, "prompt_tokens": 374, "output_tokens": 44},',
        '{"time": 14.5, "prompt_tokens": 396, "output_tokens": 109},',
        '{"time": 14.75, "prompt_tokens": 879, "output_tokens": 55}',
        "]",
    )
    assert read(path)[1:] == (SECOND, LENGTHS)
