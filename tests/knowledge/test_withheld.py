"""Grids that contradict each other are found by rule, listed, and not planned with; what
vLLM can't split isn't in the tables.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.benchmarks import Benchmark, Percentiles
from knowledge.catalogue import gpus, models, traffic_profiles
from knowledge.database import Database
from knowledge.entries import data_text
from knowledge.estimator.grids import GPU_COUNTS, Key, shipped_grids
from knowledge.estimator.measured import measured_points
from knowledge.estimator.memory import tensor_parallel_possible
from knowledge.estimator.roofline import roofline_grid
from knowledge.estimator.steps import DECODE_BATCHES, StepGrid
from knowledge.estimator.withheld import FILE, TOLERANCE, check, doubtful, rows_of, withheld
from knowledge.importer.write import write_rows
from knowledge.settings import Settings
from knowledge.shipped import read_rows

SCOUT = "RedHatAI/Llama-4-Scout-17B-16E-Instruct-FP8-dynamic"
CODER = "RedHatAI/Qwen3-Coder-480B-A35B-Instruct-FP8"
MAVERICK = "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8"
KNOWN: list[tuple[str, str, tuple[int, ...]]] = [
    (SCOUT, "H100", (2, 4, 8)),
    (SCOUT, "H200", (1, 2, 4, 8)),
    (MAVERICK, "H100", (8,)),
    (MAVERICK, "H200", (4, 8)),
    ("RedHatAI/Mixtral-8x7B-Instruct-v0.1-FP8", "H100", (1, 2, 4, 8)),
    ("RedHatAI/Mixtral-8x7B-Instruct-v0.1-FP8", "H200", (1, 2, 4, 8)),
    ("Qwen/Qwen3-8B-FP8", "H100", (1, 2, 4, 8)),
    ("Qwen/Qwen3-8B-FP8", "H200", (1, 2, 4, 8)),
    (CODER, "H200", (4, 8)),
]
"""Of the 29 grids that public measurements showed to be 2 to 4 times too slow."""


def slower(grid: StepGrid, times: float) -> StepGrid:
    return StepGrid.from_values(grid.source, [times * v for v in grid.values()])


def test_the_list_is_what_the_rule_gives() -> None:
    listed = [tuple(row) for row in csv.reader(data_text(FILE).splitlines())][1:]
    assert listed == [tuple(map(str, row)) for row in rows_of(doubtful(shipped_grids()))]
    check(shipped_grids())


def test_the_grids_that_are_known_to_be_wrong_are_on_it() -> None:
    known = {(model, gpu, count) for model, gpu, counts in KNOWN for count in counts}
    assert known <= withheld().keys()
    assert len(withheld()) >= 29


def test_what_is_left_is_nowhere_much_slower_than_its_wider_form_without_a_measurement() -> None:
    at, grids = DECODE_BATCHES.index(64), shipped_grids()
    measured = {(p.model_id, p.gpu_type, p.gpu_count) for p in measured_points()}
    for (model_id, gpu, count), grid in grids.items():
        wider = grids.get((models()[model_id].base_id or "", gpu, count))
        if wider is None or (model_id, gpu, count) in withheld().keys() | measured:
            continue
        assert grid.decode_short_ms[at] <= TOLERANCE * wider.decode_short_ms[at], (model_id, gpu, count)


@pytest.mark.parametrize(
    ("key", "times", "words"),
    [
        (
            ("RedHatAI/Qwen3-32B-FP8-dynamic", "H100", 1),
            4.0,
            "RedHatAI/Qwen3-32B-FP8-dynamic on 1 H100 is in doubt",
        ),
        (
            ("deepseek-ai/DeepSeek-V3", "H200", 8),
            4.0,
            "deepseek-ai/DeepSeek-V3 on 8 H200 is in doubt",
        ),  # no wider form: the roofline
        ((SCOUT, "H100", 2), 0.3, f"{SCOUT} on 2 H100 no longer is"),
    ],
)
def test_a_build_fails_with_a_grid_that_the_list_does_not_know(key: Key, times: float, words: str) -> None:
    grids = shipped_grids()
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        check(grids | {key: slower(grids[key], times)})


def test_a_measured_run_of_the_very_configuration_proves_it() -> None:
    grids = shipped_grids()
    proven = next(
        key
        for p in measured_points()
        if (key := (p.model_id, p.gpu_type, p.gpu_count)) in grids
        and models()[key[0]].weight_format != "bf16"
    )
    assert proven not in doubtful(grids | {proven: slower(grids[proven], 5)})
    mended = grids | {
        (SCOUT, "H100", 2): replace(roofline_grid(models()[SCOUT], gpus()["H100"], 2), source="kernels")
    }
    assert (SCOUT, "H100", 2) not in doubtful(mended)


def test_own_measurements_take_the_place_of_an_estimate_in_doubt(settings: Settings) -> None:
    database = Database(settings)
    try:
        profile = traffic_profiles()[0]
        before = database.curves(profile)
        key = (SCOUT, "H100", 2)

        def at(table: object) -> int:
            every = zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)  # type: ignore[attr-defined]
            return list(every).index(key)

        assert before.estimated[at(before)]
        seen = Percentiles(20.0, 25.0, 30.0, 40.0)
        rows = [
            Benchmark(
                *key,
                profile.prompt_tokens,
                profile.output_tokens,
                rate,
                seen,
                seen,
                seen,
                None,
                None,
                "measured",
                "ours",
                "vLLM",
                "2026-11-01",
            )
            for rate in (2.0, 10.0)
        ]
        write_rows(rows, database)
        after = database.curves(profile)
        origins = after.origins_of(at(after))
        assert [o.provenance for o in origins] == ["measured"]
        assert after.curves.counts[at(after)] == 2
    finally:
        database.close()


def test_groups_of_weights_are_not_cut() -> None:
    """vLLM: “input_size_per_partition = 1600 is not divisible by min_thread_k = 128”."""
    granite = models()["RedHatAI/granite-3.1-8b-instruct-quantized.w4a16"]
    assert [n for n in GPU_COUNTS if tensor_parallel_possible(granite, n)] == [1, 2, 4]
    assert tensor_parallel_possible(models()["ibm-granite/granite-3.1-8b-instruct"], 8)
    for model in models().values():
        for n in GPU_COUNTS:
            if model.weight_format in ("w4a16", "fp8_block") and tensor_parallel_possible(model, n):
                assert (model.experts.intermediate_size if model.experts else model.intermediate_size) % (
                    128 * n
                ) == 0


@pytest.mark.parametrize("name", ["benchmarks.csv.gz", "bursts.csv.gz", "steps.csv.gz"])
def test_no_shipped_row_is_of_a_split_that_vllm_refuses(name: str) -> None:
    splits = {(row["model_id"], int(row["gpu_count"])) for row in read_rows(name)}
    assert [s for s in splits if not tensor_parallel_possible(models()[s[0]], s[1])] == []
    assert Path(name).suffix == ".gz"
