"""What a plan promises of replicas, tried with arrivals and a simulation that are not the plan's own."""

from __future__ import annotations

import random

import pytest

from knowledge.catalogue import gpus, models, use_cases
from knowledge.estimator.replica import replica_of
from knowledge.estimator.scheduler import simulate
from knowledge.estimator.table import percentile
from knowledge.estimator.workload import arrivals_ms, unit_gaps
from knowledge.workload import workload_of
from tests.planning import CHATBOT, Tables, key, planned, specify
from tests.present import present
from tests.soak import sample
from tools.planning.plan import Recommendation
from tools.planning.simulation import STEP, Configuration, Simulation, rounded_up, simulated
from tools.planning.sizing import OPTIMISM
from tools.specification import Specification

SCATTER = 1.02
"""Of a p95 over arrivals: these aren't those that the plan was made with."""
SAMPLE = 3
"""Of many replicas so many are simulated: they differ by chance alone."""
LLAMA = Configuration("meta-llama/Llama-3.1-8B-Instruct", "H100", 1, workload_of(CHATBOT))


def simulated_hour(option: Recommendation, specification: Specification, replicas: int) -> list[float]:
    """p95 of TTFT, ITL and E2E over an hour at peak: one stream of arrivals, each
    request sent to a replica at random.
    """
    generator = random.Random(f"{option.model_id} {specification.demand.peak_requests_per_second}")
    rate, profile = specification.demand.peak_requests_per_second, specification.traffic_profile
    shares: list[list[float]] = [[] for _ in range(replicas)]
    for arrival in arrivals_ms(unit_gaps(generator, int(rate * 3600), specification.demand.burstiness), rate):
        shares[generator.randrange(replicas)].append(arrival)
    replica = present(
        replica_of(
            models()[option.model_id], gpus()[option.gpu_type], option.gpu_count, specification.workload
        )
    )
    pooled: tuple[list[float], list[float], list[float]] = ([], [], [])
    for arrivals in shares[:SAMPLE]:
        count = len(arrivals)
        seen = simulate(
            replica.steps,
            replica.kv_tokens,
            arrivals,
            [profile.prompt_tokens] * count,
            [profile.output_tokens] * count,
        )
        for every, values in zip(pooled, (seen.ttft_ms, seen.itl_ms, seen.e2e_ms), strict=True):
            every.extend(values[min(200, count // 20) :])
    return [percentile(values, 0.95) for values in pooled]


@pytest.mark.parametrize("users", sample([10_000, 1000, 40_000], 1))
@pytest.mark.parametrize("use_case", list(use_cases()))
def test_the_first_option_holds_for_an_hour_at_peak_and_one_replica_fewer_does_not(
    tables: Tables, use_case: str, users: int
) -> None:
    """Without headroom. Three exceptions: where the benchmark table ends before a target breaks, the
    plan goes no further than it; a simulation is believed no more than OPTIMISM times what the table
    says; and capacity is found to a STEP, downwards, by other arrivals than these, so that a load within
    two STEPs of it proves nothing.
    """
    specification = specify(users, use_case, headroom=0.0)
    option = planned(tables, specification, limit=5).recommendations[0]
    targets = list(specification.slo_targets.model_dump().values())
    held = simulated_hour(option, specification, option.replicas)
    assert all(p95 <= SCATTER * target for p95, target in zip(held, targets, strict=True)), held
    if option.replicas > 1 and "highest load that was simulated" not in " ".join(option.notes):
        by_table = next(
            o for o in planned(tables, specification, simulate=0).recommendations if key(o) == key(option)
        )
        believed = OPTIMISM * by_table.max_requests_per_second / by_table.replicas * (option.replicas - 1)
        found = STEP**2 * option.max_requests_per_second / option.replicas * (option.replicas - 1)
        if (
            specification.demand.peak_requests_per_second > believed
            or specification.demand.peak_requests_per_second <= found
        ):
            return
        fewer = simulated_hour(option, specification, option.replicas - 1)
        assert any(p95 > target for p95, target in zip(fewer, targets, strict=True)), fewer


def test_capacity_is_bracketed_by_rates_that_hold_and_that_dont() -> None:
    simulation = Simulation(LLAMA, (150.0, 25.0, 7000.0), 1.0, 20.0)
    assert simulation.carries(5.0, 1.0)
    assert not simulation.carries(25.0, 1.0)  # beyond the last row nothing is known
    for rate in (14.0, 16.0, 18.0, 19.0, 19.9):
        p95s = [seen.p95 for seen in simulated(LLAMA, rate, 1.0)]
        holds = p95s[0] <= 150 and p95s[1] <= 25 and p95s[2] <= 7000
        assert simulation.carries(rate * 0.98, 1.0) or not holds
        low, high = simulation.known(1.0)
        assert low <= high


def test_bursts_carry_less_and_a_loose_target_more() -> None:
    def capacity(ttft_ms: float, burstiness: float) -> float:
        simulation = Simulation(LLAMA, (ttft_ms, 25.0, 7000.0), 1.0, 20.0)
        return max(
            (
                r
                for r in (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0)
                if simulation.carries(r, burstiness)
            ),
            default=0.0,
        )

    assert capacity(60, 1.0) >= capacity(60, 2.0) >= capacity(60, 4.0) >= capacity(60, 16.0)
    assert capacity(60, 1.0) > capacity(60, 16.0)
    assert capacity(400, 4.0) >= capacity(60, 4.0)


@pytest.mark.parametrize("burstiness", [1.0, 4.0])
def test_what_is_asked_first_changes_no_answer(burstiness: float) -> None:
    asked = [3.0, 9.0, 15.0, 17.0, 18.5, 19.5]

    def answers(order: list[float]) -> dict[float, bool]:
        simulation = Simulation(LLAMA, (60.0, 10.0, 7000.0), 1.0, 20.0)
        return {rate: simulation.carries(rate, burstiness) for rate in order}

    there, back = answers(asked), answers(asked[::-1])
    assert there == back
    assert sorted(there.values(), reverse=True) == [
        there[rate] for rate in asked
    ]  # once too much, always too much


def test_thinned_burstiness_is_rounded_up_and_shared_by_neighbours() -> None:
    assert rounded_up(4.0, 4.0) == 4.0
    assert rounded_up(1.0, 1.0) == 1.0
    assert rounded_up(1.001, 4.0) == 1.0  # nearly Poisson
    for replicas in range(1, 100):
        thin = 1 + 3 / replicas
        assert thin * 0.98 <= rounded_up(thin, 4.0) <= 1 + (thin - 1) * 1.16
    assert len({rounded_up(1 + 3 / r, 4.0) for r in range(60, 70)}) <= 3
