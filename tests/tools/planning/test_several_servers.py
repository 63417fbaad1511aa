"""Models that no single server holds: how many servers it takes is told with the plan."""

from __future__ import annotations

import math
from typing import Any

import pytest

from knowledge.catalogue import gpus, models
from knowledge.estimator.grids import GPU_COUNTS, feasible
from knowledge.estimator.memory import GIB, cache_of
from knowledge.estimator.several_servers import MOST_SERVERS, servers_needed
from tests.planning import Tables, planned, specify
from tools.planning.plan import Plan
from tools.planning.several_servers import several_servers, several_servers_in_words

LLAMA_405B = "meta-llama/Llama-3.1-405B-Instruct"
R1 = "deepseek-ai/DeepSeek-R1"
LONG = "long_document_summarization"


def told(plan: Plan) -> dict[tuple[str, str], int]:
    return {(one.model_id, one.gpu_type): one.servers for one in plan.several_servers}


@pytest.mark.parametrize(
    ("model_id", "gpu_type", "use_case", "servers"),
    [
        (LLAMA_405B, "H100", LONG, 2),
        (LLAMA_405B, "A100-80", LONG, 2),
        (R1, "H100", "research_legal_analysis", 2),
        ("moonshotai/Kimi-K2-Instruct", "H200", LONG, 2),
    ],
)
def test_what_is_named_and_needs_two_servers_is_told_though_nothing_can_be_chosen(
    tables: Tables, model_id: str, gpu_type: str, use_case: str, servers: int
) -> None:
    wanted = {"preferred_models": [model_id], "preferred_gpu_types": [gpu_type]}
    plan = planned(tables, specify(100, use_case, **wanted), limit=3)
    assert plan.recommendations == []
    assert told(plan) == {(model_id, gpu_type): servers}
    assert plan.several_servers[0].gpus_per_server == 8
    words = several_servers_in_words(plan.several_servers)
    assert f"{servers} servers of 8 × {gpu_type}" in words


@pytest.mark.parametrize(
    ("owned", "needed", "each", "there"),
    [("2x8xH100", 2, 8, 2), ("8xH100", 2, 8, 1), ("4x4xH100", 3, 4, 4), ("16xH100", 2, 8, 2)],
)
def test_of_servers_that_somebody_owns_it_is_told_how_many_there_are(
    owned: str, needed: int, each: int, there: int
) -> None:
    changes: dict[str, Any] = {"preferred_models": [LLAMA_405B], "owned": [owned]}
    found = several_servers(specify(100, LONG, **changes))
    assert [(o.gpu_type, o.servers, o.gpus_per_server, o.servers_there) for o in found] == [
        ("H100", needed, each, there)
    ]
    assert f"(you have {there})" in several_servers_in_words(found)


def test_where_one_server_holds_it_nothing_is_told_of_that_type() -> None:
    specification = specify(100, LONG, preferred_models=[LLAMA_405B])
    types = {one.gpu_type for one in several_servers(specification)}
    assert "H100" in types
    assert types.isdisjoint({"H200", "B200", "MI300X"})
    assert several_servers(specify(100, LONG)) == []


def test_of_models_not_named_only_those_without_a_checkpoint_that_fits_are_told() -> None:
    found = several_servers(specify(100, LONG, preferred_gpu_types=["H100"]))
    assert LLAMA_405B not in {one.model_id for one in found}
    assert {one.gpu_type for one in found} <= {"H100"}


def test_a_longer_context_takes_more_servers_and_never_fewer() -> None:
    def needed(tokens: int) -> float:
        return servers_needed(LLAMA_405B, "H200", 8, tokens) or math.inf

    lengths = (2048, 32_768, 131_072, 200_000)
    assert [needed(t) for t in lengths] == sorted(needed(t) for t in lengths)
    assert (needed(2048), needed(200_000)) == (1, math.inf)


@pytest.mark.parametrize("tokens", [2048, 30_000])
def test_one_server_is_enough_exactly_where_a_replica_fits_and_several_hold_all_of_it(tokens: int) -> None:
    for model in models().values():
        for gpu in gpus().values():
            for count in GPU_COUNTS:
                servers = servers_needed(model.id, gpu.id, count, tokens)
                assert (servers == 1) == feasible(model, gpu, count, tokens)
                if servers is not None:
                    assert servers <= MOST_SERVERS
                    cache = cache_of(model, gpu, count)
                    free = cache.budget_gib - cache.activations_gib - cache.non_torch_gib
                    assert servers * free >= cache.weights_gib + cache.bytes_of(tokens) / GIB - 1e-6


def test_a_named_model_that_spans_servers_keeps_its_others_choosable(tables: Tables) -> None:
    both: list[str] = [LLAMA_405B, "RedHatAI/Meta-Llama-3.1-405B-Instruct-FP8-dynamic"]
    changes: dict[str, Any] = {"preferred_models": both, "preferred_gpu_types": ["H100"]}
    plan = planned(
        tables, specify(100, "summarization_short", **changes, ttft_p95_ms=60_000, e2e_p95_ms=600_000)
    )
    assert {o.model_id for o in plan.recommendations} <= {both[1]}
    assert told(plan) == {(LLAMA_405B, "H100"): 2}
