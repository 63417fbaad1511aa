"""What hardware carries at most: never less for more GPUs or looser targets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import models
from knowledge.errors import CompassError
from knowledge.prices import prices
from tests.planning import CHATBOT, Tables, made_table, planned, specify
from tests.present import present
from tools.batch import Batch, BatchRequest, Job, done
from tools.capacity import Capacity, CapacityRequest, most_carried
from tools.compare_splits import Splits, SplitsRequest, every_split
from tools.plan_capacity import PlanRequest
from tools.planning.hardware import Hardware
from tools.specification import Specification
from tools.traffic import map_to_benchmark_profile

LLAMA_8B, LLAMA_70B = "meta-llama/Llama-3.1-8B-Instruct", "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic"


def asked(specification: Specification) -> PlanRequest:
    profile = map_to_benchmark_profile(specification.traffic_profile)
    return PlanRequest(specification=specification, benchmark_profile=profile)


def of(gpu_type: str, gpus_per_server: int, servers: int = 1) -> list[Hardware]:
    return [Hardware(gpu_type=gpu_type, gpus_per_server=gpus_per_server, servers=servers)]


def capacity(
    tables: Tables, specification: Specification, hardware: list[Hardware], limit: int = 3
) -> Capacity:
    request = CapacityRequest(plan=asked(specification), hardware=hardware, limit=limit)
    return most_carried(request, tables.__getitem__, prices())


def splits(tables: Tables, specification: Specification, hardware: list[Hardware]) -> Splits:
    request = SplitsRequest(plan=asked(specification), hardware=hardware)
    return every_split(request, tables.__getitem__, prices())


def batch(
    tables: Tables,
    specification: Specification,
    items: int,
    deadline_hours: float | None = None,
    hardware: list[Hardware] | None = None,
) -> Batch:
    request = BatchRequest(
        plan=asked(specification), items=items, deadline_hours=deadline_hours, hardware=hardware or []
    )
    return done(request, tables.__getitem__, prices())


def rate(tables: Tables, specification: Specification, hardware: list[Hardware]) -> float:
    found = capacity(tables, specification, hardware).carried
    return found[0].requests_per_second if found else 0.0


@pytest.mark.parametrize("spare", [0, 1])
@pytest.mark.parametrize("use_case", ["chatbot_conversational", "code_completion", "document_analysis_rag"])
@pytest.mark.parametrize("users", [3000])
def test_a_plans_own_gpus_carry_the_peak_that_it_was_made_for(
    tables: Tables, use_case: str, users: int, spare: int
) -> None:
    specification = specify(users, use_case, spare_replicas=spare)
    for option in planned(tables, specification, limit=2).recommendations:
        wanted = specify(users, use_case, spare_replicas=spare, preferred_models=[option.model_id])
        found = capacity(tables, wanted, of(option.gpu_type, option.gpu_count, option.replicas)).carried
        assert found[0].enough
        assert found[0].requests_per_second >= specification.demand.peak_requests_per_second * (1 - 1e-4)
        assert found[0].users >= users


@settings(max_examples=8)
@given(
    gpu=st.sampled_from(["H100", "L40S", "A100-80"]),
    fewer=st.integers(1, 40),
    more=st.integers(0, 8),
    burstiness=st.sampled_from([1.0, 3.0, 10.0]),
)
def test_more_gpus_never_carry_less(
    tables: Tables, gpu: str, fewer: int, more: int, burstiness: float
) -> None:
    specification = specify(1000, preferred_models=[LLAMA_8B], burstiness=burstiness)
    assert rate(tables, specification, of(gpu, fewer + more)) >= rate(tables, specification, of(gpu, fewer))


@settings(max_examples=8)
@given(
    ttft=st.floats(40, 2000), itl=st.floats(8, 100), e2e=st.floats(1500, 20_000), tighter=st.floats(0.3, 1.0)
)
def test_a_tighter_target_never_raises_it(
    tables: Tables, ttft: float, itl: float, e2e: float, tighter: float
) -> None:
    loose: dict[str, Any] = {"ttft_p95_ms": ttft, "itl_p95_ms": itl, "e2e_p95_ms": e2e}
    most = rate(tables, specify(1000, preferred_models=[LLAMA_8B], **loose), of("H100", 2))
    for name, value in loose.items():
        tight = specify(1000, preferred_models=[LLAMA_8B], **{**loose, name: value * tighter})
        assert rate(tables, tight, of("H100", 2)) <= most


def test_what_breaks_first_breaks_just_beyond_and_all_else_holds_below(tables: Tables) -> None:
    for ttft, itl in ((80.0, 25.0), (2000.0, 12.0)):
        specification = specify(1000, preferred_models=[LLAMA_8B], ttft_p95_ms=ttft, itl_p95_ms=itl)
        found = capacity(tables, specification, of("H100", 1)).carried[0]
        assert found.breaks_first is not None
        assert found.breaks_first.metric == ("ttft" if ttft < 1000 else "itl")
        assert found.breaks_first.seen_ms > found.breaks_first.target_ms
        beyond = found.breaks_first.at_requests_per_second / found.most_requests_per_second
        assert 1 < beyond < 1.02
        assert found.predicted is not None
        assert found.predicted.ttft_ms.p95 <= ttft
        assert found.predicted.itl_ms.p95 <= itl
        assert found.requests_per_second == pytest.approx(0.8 * found.most_requests_per_second, abs=1e-3)


def test_users_tokens_and_requests_in_flight_follow_from_the_rate(tables: Tables) -> None:
    specification = specify(1000, preferred_models=[LLAMA_8B])
    found = capacity(tables, specification, of("H100", 4)).carried[0]
    assert specify(found.users).demand.peak_requests_per_second <= found.requests_per_second + 1e-3
    assert specify(found.users + 1).demand.peak_requests_per_second > found.requests_per_second - 1e-3
    assert found.output_tokens_per_second == pytest.approx(found.requests_per_second * 256, abs=0.1)
    assert found.predicted is not None
    most = found.requests_per_second * found.predicted.e2e_ms.p95 / 1000
    assert 0.5 * most < found.requests_in_flight < most


def test_a_bound_is_not_taken_for_a_capacity_where_only_measurements_are_known(tables: Tables) -> None:
    rows = [(1.0, 50, 10, 2000), (4.0, 100, 20, 5000), (6.0, 200, 24, 6000)]
    table = made_table({(LLAMA_8B, "H100", 1): rows})
    specification = specify(100, preferred_models=[LLAMA_8B], headroom=0.0)
    found = capacity({CHATBOT: table}, specification, of("H100", 3)).carried[0]
    assert found.requests_per_second == pytest.approx(3 * 5.0)
    assert found.breaks_first is not None
    assert found.breaks_first.metric == "ttft"


def test_a_replica_never_spans_two_servers(tables: Tables) -> None:
    specification = specify(1000, preferred_models=["meta-llama/Llama-3.3-70B-Instruct"])
    apart = capacity(tables, specification, of("H100", 2, servers=4))
    assert apart.carried == []
    assert "GiB" in apart.unfit["meta-llama/Llama-3.3-70B-Instruct"]
    assert capacity(tables, specification, of("H100", 8)).carried[0].gpu_count in (4, 8)


def test_without_hardware_it_is_what_the_specification_says_there_is(tables: Tables) -> None:
    there = specify(1000, preferred_models=[LLAMA_8B], available_gpus={"L40S": 2})
    found = capacity(tables, there, [])
    assert found.hardware == of("L40S", 2)
    assert found.carried[0].gpu_type == "L40S"
    with pytest.raises(CompassError, match="Which hardware"):
        capacity(tables, specify(1000), [])


def test_wishes_for_other_hardware_give_way_to_what_is_asked_about(tables: Tables) -> None:
    specification = specify(1000, preferred_models=[LLAMA_8B], preferred_gpu_types=["L4"])
    assert capacity(tables, specification, of("H100", 1)).carried[0].gpu_type == "H100"


def test_the_best_model_that_carries_the_peak_comes_first(tables: Tables) -> None:
    found = capacity(tables, specify(1000), of("H100", 8)).carried
    assert len(found) == 3
    assert all(c.enough for c in found)
    assert [c.quality for c in found] == sorted((c.quality for c in found), key=lambda q: -(q or 0))
    too_many = capacity(tables, specify(10_000_000), of("H100", 8)).carried
    assert not any(c.enough for c in too_many)
    assert [c.requests_per_second for c in too_many] == sorted(
        (c.requests_per_second for c in too_many), reverse=True
    )


def test_every_split_is_either_told_of_or_impossible_for_a_reason(tables: Tables) -> None:
    found = splits(tables, specify(1000, preferred_models=[LLAMA_70B]), of("H100", 8))
    by_size = {s.gpu_count: s for s in found.splits}
    assert list(by_size) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {s for s in by_size if by_size[s].why_not is None} == {2, 4, 8}
    assert "64 attention heads" in str(by_size[6].why_not)
    assert "GiB" in str(by_size[1].why_not)
    assert [by_size[s].replicas for s in (2, 4, 8)] == [4, 2, 1]
    marks = [mark for s in found.splits for mark in s.best_at]
    assert {"load", "latency", "at_once"} <= set(marks)
    alone = capacity(tables, specify(1000, preferred_models=[LLAMA_70B]), of("H100", 8)).carried[0]
    best = next(s for s in found.splits if "load" in s.best_at)
    assert best.carried is not None
    assert (best.gpu_count, best.carried.requests_per_second) == (alone.gpu_count, alone.requests_per_second)


def test_eight_small_replicas_carry_more_and_few_large_ones_answer_faster(tables: Tables) -> None:
    loose: dict[str, Any] = {"ttft_p95_ms": 2000, "itl_p95_ms": 100, "e2e_p95_ms": 30_000}
    found = splits(tables, specify(1000, preferred_models=[LLAMA_8B], **loose), of("A100-80", 8))
    best = {mark: s.gpu_count for s in found.splits for mark in s.best_at}
    assert best["load"] == 1
    assert best["latency"] > 1


def test_a_batch_is_done_at_saturation_and_its_cost_is_that_of_the_hours(tables: Tables) -> None:
    specification = specify(1000, preferred_models=[LLAMA_8B], ttft_p95_ms=1)  # no target counts
    job = batch(tables, specification, 1_000_000, hardware=of("H100", 1)).jobs[0]
    most = tables[CHATBOT].curves.highest_rate[
        [
            *zip(
                tables[CHATBOT].model_ids, tables[CHATBOT].gpu_types, tables[CHATBOT].gpu_counts, strict=True
            )
        ].index((LLAMA_8B, "H100", 1))
    ]
    assert most * 0.9 < job.items_per_second < most * 1.3
    assert job.hours == pytest.approx(1_000_000 / job.items_per_second / 3600, rel=1e-3)
    twice = batch(tables, specification, 1_000_000, hardware=of("H100", 2)).jobs[0]
    assert twice.hours == pytest.approx(job.hours / 2, rel=1e-3)


@pytest.mark.parametrize("hours", [0.5, 3, 10, 100])
def test_a_deadline_is_made_with_as_few_replicas_as_make_it(tables: Tables, hours: float) -> None:
    found = batch(tables, specify(1000, preferred_models=[LLAMA_8B]), 3_000_000, deadline_hours=hours)
    job = found.jobs[0]
    assert found.needed_per_second is not None
    assert found.needed_per_second == pytest.approx(3_000_000 / hours / 3600, abs=1e-3)
    assert job.in_time
    assert job.hours <= hours
    assert (
        job.replicas == 1
        or job.items_per_second * (job.replicas - 1) / job.replicas < found.needed_per_second
    )


def test_no_configuration_makes_a_batch_cheaper_than_the_first(tables: Tables) -> None:
    specification = specify(1000, preferred_models=[LLAMA_8B])
    first = batch(tables, specification, 1_000_000).jobs[0]
    assert first.cost_usd is not None
    for gpu in ("L4", "H100", "MI300X"):
        other = batch(
            tables, specify(1000, preferred_models=[LLAMA_8B], preferred_gpu_types=[gpu]), 1_000_000
        )
        for job in other.jobs:
            assert job.cost_usd is not None
            assert job.cost_usd >= first.cost_usd


def test_a_batch_on_hardware_that_is_too_slow_says_so(tables: Tables) -> None:
    specification = specify(1000, preferred_models=[LLAMA_8B])
    job = batch(tables, specification, 100_000_000, deadline_hours=1, hardware=of("L4", 1)).jobs[0]
    assert not job.in_time
    assert job.hours > 1


def test_a_batch_on_ones_own_hardware_costs_ones_own_price_or_none_that_is_known(tables: Tables) -> None:
    def job_on(**own: Any) -> Job:
        return batch(tables, specify(1000, preferred_models=[LLAMA_8B], **own), 1_000_000).jobs[0]

    assert job_on(available_gpus={"H100": 2}).cost_usd is None
    assert job_on(owned=["2x1xH100"]).cost_usd is None
    priced = job_on(owned=["2x1xH100@0.50"])
    usd = present(priced.cost_usd)
    assert usd == pytest.approx(priced.hours * 2 * 0.5, abs=0.01)
    rented = batch(tables, specify(1000, preferred_models=[LLAMA_8B]), 1_000_000, hardware=of("H100", 2)).jobs
    assert present(rented[0].cost_usd) > usd


def test_requests_that_memory_holds_at_once_are_counted_for_the_context_that_is_asked(tables: Tables) -> None:
    wanted = specify(100, preferred_models=[LLAMA_70B], min_context_tokens=131_072)
    found = capacity(tables, wanted, of("H200", 2)).carried[0]
    kv_bytes = 2 * models()[LLAMA_70B].layers * 8 * 128 * 2 * 131_072
    assert found.context_tokens == 131_072
    assert found.at_once == found.at_once_per_replica * found.replicas
    assert 1 <= found.at_once <= 2 * 141 * 1e9 // kv_bytes


def test_targets_that_nobody_asked_for_give_way_and_those_that_somebody_did_stay(tables: Tables) -> None:
    wanted = specify(100, preferred_models=[LLAMA_70B])
    found = capacity(tables, wanted, of("A100-80", 4))
    assert found.carried[0].requests_per_second == 0
    assert found.if_looser is not None
    assert [r.metric for r in found.if_looser.relaxed] == ["ttft"]
    assert found.if_looser.carried.users >= 100
    asked_for = specify(100, preferred_models=[LLAMA_70B], ttft_p95_ms=100)
    kept = capacity(tables, asked_for, of("A100-80", 4))
    assert kept.if_looser is None
    assert kept.carried[0].requests_per_second == 0
    assert (
        kept.carried[0].without_targets_requests_per_second > found.if_looser.carried.most_requests_per_second
    )
    assert kept.carried[0].breaks_first is not None
    assert kept.carried[0].breaks_first.metric == "ttft"


def test_owned_servers_are_what_there_is_and_give_way_to_what_is_asked_about(
    tables: Tables,
) -> None:
    owner = specify(1000, preferred_models=[LLAMA_8B], owned=["2x4xL40S"])
    there = capacity(tables, owner, [])
    assert there.hardware == of("L40S", 4, servers=2)
    assert there.carried[0].gpu_type == "L40S"
    assert capacity(tables, owner, of("H100", 1)).carried[0].gpu_type == "H100"
