"""Costs, worked by hand."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.prices import HOURS_PER_MONTH, Price, prices
from tests.planning import made_table, planned, specify
from tools.planning.pricing import cheapest, offers
from tools.specification import Intent


def price(gpu: str, usd: float, machine: int = 0, provider: str = "ours", region: str = "here") -> Price:
    return Price(
        gpu_type=gpu,
        provider=provider,
        region=region,
        instance_type="per-GPU rate" if machine == 0 else f"{machine} GPUs",
        gpus_per_instance=machine or 1,
        usd_per_gpu_hour=usd,
        effective_date="2026-01-01",
        source="a test",
    )


def cost(listed: list[Price], gpu_count: int, replicas: int, **where: list[str]) -> float:
    costs, _ = cheapest(
        offers(listed, ["H100"], Intent.model_validate(where)),
        np.array([0]),
        np.array([gpu_count]),
        np.array([float(replicas)]),
    )
    return float(costs[0])


def test_a_month_has_730_hours() -> None:
    assert HOURS_PER_MONTH == 730 == 365 * 24 / 12


def test_gpus_sold_one_by_one_are_billed_one_by_one() -> None:
    assert cost([price("H100", 2.0)], 1, 1) == 2.0 * 730
    assert cost([price("H100", 2.0)], 4, 3) == 12 * 2.0 * 730


def test_whole_machines_are_billed_whole() -> None:
    eight = [price("H100", 1.0, machine=8)]
    assert cost(eight, 1, 1) == 8 * 730  # one GPU used, eight paid for
    assert cost(eight, 2, 4) == 8 * 730  # four replicas of two fill one machine
    assert cost(eight, 2, 5) == 16 * 730  # the fifth needs another
    assert (
        cost(eight, 3, 3) == 16 * 730
    )  # two of three GPUs fit a machine; the third replica can't be split over two


def test_a_replica_never_spans_two_machines() -> None:
    assert cost([price("H100", 1.0, machine=4)], 8, 1) == np.inf
    assert cost([price("H100", 1.0, machine=1)], 2, 1) == np.inf


def test_the_cheapest_way_depends_on_how_much_is_needed() -> None:
    either = [price("H100", 1.0, machine=8), price("H100", 3.0)]
    assert cost(either, 1, 1) == 3 * 730
    assert cost(either, 1, 3) == 8 * 730
    assert cost(either, 8, 1) == 8 * 730


def test_providers_and_regions_narrow_the_offers() -> None:
    listed = [
        price("H100", 1.0),
        price("H100", 2.0, provider="theirs"),
        price("H100", 3.0, provider="theirs", region="any"),
    ]
    assert cost(listed, 1, 1, providers=["theirs"]) == 2 * 730
    assert cost(listed, 1, 1, providers=["theirs"], regions=["there"]) == 3 * 730
    assert cost(listed, 1, 1, providers=["nobody"]) == np.inf
    assert cost(listed, 1, 1, excluded_providers=["ours"]) == 2 * 730
    assert cost(listed, 1, 1, excluded_providers=["ours", "theirs"]) == np.inf
    assert cost(listed, 1, 1, providers=["theirs"], excluded_regions=["here"]) == 3 * 730


def test_a_plan_bills_what_is_bought_and_says_so() -> None:
    """Invented: 10 requests/s a replica, 8 with headroom; a peak of 133.33 needs 17
    replicas of two GPUs, so five machines of eight.
    """
    rows = [(1.0, 100.0, 10.0, 3000.0), (10.0, 150.0, 10.0, 3000.0), (15.0, 200.0, 10.0, 3000.0)]
    table = made_table({("meta-llama/Llama-3.1-8B-Instruct", "H100", 2): rows})
    spec = specify(50_000)
    [option] = planned({spec.traffic_profile: table}, spec, [price("H100", 2.5, machine=8)]).recommendations
    assert (option.gpu_count, option.replicas, option.gpus_billed) == (2, 17, 40)
    assert option.cost_usd_per_month == pytest.approx(40 * 2.5 * 730)
    assert option.max_requests_per_second == pytest.approx(170)
    assert option.predicted.ttft_ms.p95 == pytest.approx(100 + (133.3333 / 17 - 1) * 50 / 9, abs=0.1)
    assert "in machines of 8" in option.price
    assert not option.simulated
    assert option.provenance.startswith("measured: a test")


def test_a_spare_replica_is_paid_for_but_carries_nothing() -> None:
    rows = [(1.0, 100.0, 10.0, 3000.0), (10.0, 150.0, 10.0, 3000.0)]
    table = made_table({("meta-llama/Llama-3.1-8B-Instruct", "H100", 1): rows})
    plain, spare = specify(10_000), specify(10_000, spare_replicas=1)
    one, two = (
        planned({s.traffic_profile: table}, s, [price("H100", 2.0)]).recommendations[0]
        for s in (plain, spare)
    )
    assert two.replicas == one.replicas + 1
    assert two.cost_usd_per_month == pytest.approx(one.cost_usd_per_month + 2 * 730)
    assert two.max_requests_per_second == one.max_requests_per_second
    assert two.predicted == one.predicted
    assert two.autoscaling.min_replicas == one.autoscaling.min_replicas + 1


def test_a_plan_is_priced_by_the_file_as_it_is_now(tmp_path: Path) -> None:
    """Of one table, of which much is kept between plans."""
    rows = [(1.0, 100.0, 10.0, 3000.0), (10.0, 150.0, 10.0, 3000.0)]
    table = made_table({("meta-llama/Llama-3.1-8B-Instruct", "H100", 1): rows})
    spec, own = specify(1000), tmp_path / "own.csv"

    def cost_at(usd: float) -> float:
        own.write_text(
            f"{','.join(Price.model_fields)}\nH100,us,cellar,per-GPU rate,1,{usd},2026-11-01,our invoice\n"
        )
        [option] = planned({spec.traffic_profile: table}, spec, prices(own)).recommendations
        return option.cost_usd_per_month

    assert [cost_at(usd) for usd in (2.0, 4.0, 2.0)] == [2 * 730, 4 * 730, 2 * 730]
