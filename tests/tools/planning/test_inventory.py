"""Hardware that somebody owns is never exceeded, needs no price, and is shown for what it is."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cards.charts import tradeoffs
from knowledge.catalogue import gpus
from knowledge.errors import CompassError
from knowledge.prices import prices
from tests.planning import CHATBOT, Tables, made_table, planned, specify
from tests.soak import examples
from tools.planning.inventory import Inventory
from tools.planning.plan import NearMiss, Plan, Recommendation
from tools.planning.ranking import pick
from tools.planning.scaling import rescaled
from tools.specification import OwnedServers, SpecificationChange, change_specification

KINDS = list(gpus())
servers = st.builds(
    OwnedServers,
    servers=st.integers(1, 6),
    gpus_per_server=st.integers(1, 10),
    gpu_type=st.sampled_from(KINDS),
    usd_per_gpu_hour=st.one_of(st.none(), st.floats(0.01, 20)),
)
inventories = st.lists(servers, min_size=1, max_size=4)


def owns(*typed: str) -> list[OwnedServers]:
    return [OwnedServers.model_validate(one) for one in typed]


def stands(o: Recommendation | NearMiss, owned: list[OwnedServers]) -> bool:
    """Whether all replicas find a server, put there one by one."""
    free = [one.gpus_per_server for one in owned if one.gpu_type == o.gpu_type for _ in range(one.servers)]
    for _ in range(o.replicas):
        place = next((n for n, left in enumerate(free) if left >= o.gpu_count), None)
        if place is None:
            return False
        free[place] -= o.gpu_count
    return True


@pytest.mark.parametrize("simulate", [0, 3])
def test_what_somebody_owns_is_never_exceeded(tables: Tables, simulate: int) -> None:
    @settings(max_examples=examples(40) if simulate == 0 else 15)
    @given(owned=inventories, users=st.integers(1, 60_000), spare=st.integers(0, 3))
    def holds(owned: list[OwnedServers], users: int, spare: int) -> None:
        specification = specify(users, owned=owned, spare_replicas=spare)
        plan = planned(tables, specification, limit=20, simulate=simulate)
        free = all(one.usd_per_gpu_hour is None for one in owned)
        for option in plan.recommendations:
            assert stands(option, owned)
            assert option.gpus_billed == option.gpu_count * option.replicas
            assert option.own_hardware
            assert math.isfinite(option.score)
            assert option.cost_usd_per_month == 0 or not free
        for miss in plan.near_misses:
            changed = miss.change.owned or (owned if "owned" not in miss.change.clear else [])
            assert not changed or stands(miss, changed)

    holds()


@settings(max_examples=examples(30))
@given(owned=inventories, more=servers, users=st.integers(1, 30_000))
def test_another_server_never_takes_an_option_away(
    tables: Tables, owned: list[OwnedServers], more: OwnedServers, users: int
) -> None:
    before, after = (
        planned(tables, specify(users, owned=which), limit=1, simulate=0) for which in (owned, [*owned, more])
    )
    assert after.holding_slo >= before.holding_slo


@given(owned=inventories, gpu_count=st.integers(1, 10), replicas=st.integers(1, 40))
def test_the_cheapest_servers_are_filled_first(
    owned: list[OwnedServers], gpu_count: int, replicas: int
) -> None:
    """By hand: every place for a replica with what it costs, the cheapest taken."""
    for code, kind in enumerate(KINDS):
        places = sorted(
            one.usd_per_gpu_hour or 0.0
            for one in owned
            if one.gpu_type == kind
            for _ in range(one.servers * (one.gpus_per_server // gpu_count))
        )
        asked = (np.array([code]), np.array([gpu_count]), np.array([float(replicas)]))
        cost = float(Inventory.of(owned, KINDS).costs(*asked)[0])
        by_hand = sum(places[:replicas]) * gpu_count * 730
        assert cost == (pytest.approx(by_hand, abs=1e-4) if len(places) >= replicas else math.inf)


def option_on(tables: Tables, *typed: str, **changes: Any) -> Plan:
    return planned(tables, specify(1000, owned=owns(*typed), **changes), limit=5)


def test_no_price_is_needed_and_none_is_invented(tables: Tables) -> None:
    """Nobody lists a price for this one."""
    plan = option_on(tables, "2xRTX-PRO-6000", budget_usd_per_month=1.0)
    assert plan.recommendations
    for option in plan.recommendations:
        assert (option.gpu_type, option.cost_usd_per_month) == ("RTX-PRO-6000", 0.0)
        assert option.autoscaling.cost_at_min_usd_per_month == 0
        assert "no price" in option.price
        assert "cheapest" not in option.marks
        assert not [reason for reason in option.reasons if "$" in reason]


def test_without_a_price_fewer_gpus_come_first(tables: Tables) -> None:
    plan = option_on(tables, "2x8xH100", "2x4xL40S", cost_priority="high")
    gpus_used = [o.gpus_billed for o in plan.recommendations]
    by_cost = [plan.recommendations[rank - 1].gpus_billed for rank in plan.views["lowest_cost"]]
    assert by_cost == sorted(gpus_used)
    assert pick(plan.recommendations, "cheapest").gpus_billed == min(gpus_used)
    assert plan.recommendations[0].gpus_billed == min(gpus_used)


def test_ones_own_price_counts_for_what_is_used(tables: Tables) -> None:
    for option in option_on(tables, "8xH100@1.90").recommendations:
        assert option.cost_usd_per_month == pytest.approx(option.gpu_count * option.replicas * 1.9 * 730)
    assert not option_on(tables, "8xH100@1.90", budget_usd_per_month=1000).recommendations


def test_replicas_of_four_take_no_gpus_of_two_servers() -> None:
    rows = [(1.0, 100.0, 10.0, 3000.0), (10.0, 150.0, 10.0, 3000.0)]
    tables = {CHATBOT: made_table({("meta-llama/Llama-3.1-8B-Instruct", "H100", 4): rows})}
    assert planned(tables, specify(1000, owned="4xH100")).recommendations
    assert not planned(tables, specify(1000, owned="2x3xH100")).recommendations
    assert not planned(tables, specify(1000, owned="3x2xH100", available_gpus={"L4": 8})).recommendations
    two = specify(1000, owned="4xH100", spare_replicas=1)
    [miss] = planned(tables, two).near_misses
    assert miss.change.owned == owns("2x4xH100")


def test_gpus_that_there_are_need_no_price_either_unless_they_are_rented(tables: Tables) -> None:
    own = planned(tables, specify(1000, available_gpus={"H100": 4}), limit=3)
    rented = planned(tables, specify(1000, available_gpus={"H100": 4}, providers=["crusoe"]), limit=3)
    assert {o.cost_usd_per_month for o in own.recommendations} == {0.0}
    for option in rented.recommendations:
        assert option.cost_usd_per_month > 0
        assert not option.own_hardware
        assert option.gpu_count * option.replicas <= 4
    assert own.holding_slo == rented.holding_slo


def test_the_latest_word_on_what_there_is_counts() -> None:
    first = specify(1000, available_gpus={"H100": 4})
    assert specify(1000, owned="2x8xH100").intent.available_gpus == {}
    then = change_specification(first, SpecificationChange.model_validate({"owned": "2x8xH100"}))
    assert (then.intent.available_gpus, then.intent.owned) == ({}, owns("2x8xH100"))
    back = change_specification(then, SpecificationChange(available_gpus={"L4": 2}))
    assert (back.intent.available_gpus, back.intent.owned) == ({"L4": 2}, [])


def test_a_chart_of_what_has_no_price_has_gpus_for_its_axis(tables: Tables) -> None:
    plan = option_on(tables, "2x8xH100")
    specification = specify(1000)
    for chart in tradeoffs(plan.recommendations, specification.slo_targets):
        assert all(0 <= dot.y <= 1 for dot in chart.dots)
        assert not [tick for tick in chart.y_ticks if "$" in tick.text]


def test_what_runs_on_ones_own_servers_is_scaled_within_them(tables: Tables) -> None:
    specification = specify(1000, owned="4xL40S")
    option = planned(tables, specification, limit=1).recommendations[0]
    room = 4 // option.gpu_count
    scaled = rescaled(option, room, specification, prices())
    assert (scaled.cost_usd_per_month, scaled.own_hardware) == (0.0, True)
    with pytest.raises(CompassError, match=f"room for {room}"):
        rescaled(option, room + 1, specification, prices())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2x8xH100", "2 servers with 8 H100 each"),
        ("4xl40s", "4 L40S"),
        ("8 x h100 @ $1.90", "8 H100 at $1.90 per GPU-hour"),
        ("2 × RTX PRO 6000", "2 RTX-PRO-6000"),
    ],
)
def test_servers_are_typed_in_one_word_and_said_in_several(typed: str, said: str) -> None:
    [one] = owns(typed)
    assert str(one) == said
    assert owns(one.typed) == [one]
