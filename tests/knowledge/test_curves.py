"""Curves: capacity and latencies read in columns, by hand and as properties; the
copy in memory follows the table.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.curves import Curves
from knowledge.database import Database
from tests.planning import CHATBOT, made_table

TARGETS = np.array([150.0, 25.0, 7000.0])


def one(*ttfts: float) -> Curves:
    """At rates 1, 2, 3 …, with ITL and E2E far below their targets."""
    return made_table(
        {("m/m", "H100", 1): [(n + 1.0, ttft, 10.0, 3000.0) for n, ttft in enumerate(ttfts)]}
    ).curves


def test_capacity_is_interpolated_where_the_first_target_breaks() -> None:
    curves = made_table(
        {("m/m", "H100", 1): [(1, 50, 10, 3000), (10, 100, 10, 3000), (20, 200, 10, 3000)]}
    ).curves
    assert curves.capacity(TARGETS).tolist() == [pytest.approx(15)]


def test_capacity_never_goes_beyond_the_last_row_and_reading_there_says_nothing() -> None:
    curves = one(50, 100)
    assert curves.capacity(TARGETS).tolist() == [2]
    assert np.isnan(curves.p95_at(np.array([2.1]))).all()


def test_capacity_is_zero_where_an_idle_replica_already_fails() -> None:
    curves = one(160, 170)
    assert curves.capacity(TARGETS).tolist() == [0]
    assert (curves.capacities(TARGETS) > 0)[:, 0].tolist() == [False, True, True]


def test_a_dip_with_rising_load_is_read_as_the_higher_value_before_it() -> None:
    curves = one(100, 160, 120, 180)
    assert curves.p95_ms[0].tolist() == [100, 160, 160, 180]
    assert curves.capacity(TARGETS)[0] == pytest.approx(1 + 50 / 60)


def test_configurations_are_read_apart_whatever_number_of_rows_they_have() -> None:
    rows = {
        ("a/a", "H100", 1): [(1.0, 50.0, 10.0, 3000.0)],
        ("b/b", "H100", 1): [(1.0, 50.0, 10.0, 3000.0), (2.0, 250.0, 10.0, 3000.0)],
        ("c/c", "L4", 2): [(5.0, 900.0, 10.0, 3000.0), (6.0, 10.0, 10.0, 3000.0), (7.0, 950.0, 10.0, 3000.0)],
    }
    table = made_table(rows)
    assert table.curves.capacity(TARGETS).tolist() == [1, 1.5, 0]
    assert table.curves.p95_at(np.array([0.5, 1.5, 6.5]))[0].tolist() == [50, 150, 925]
    last = table.select(np.array([2, 0]))
    assert last.model_ids == ["c/c", "a/a"]
    assert last.curves.p95_at(np.array([6.5, 1.0]))[0].tolist() == [925, 50]


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=9), st.floats(10, 900), st.floats(1.0, 3.0))
def test_a_looser_target_never_lowers_capacity(ttfts: list[float], target: float, looser: float) -> None:
    curves = one(*ttfts)
    assert curves.capacity(np.array([target * looser, 25, 7000])) >= curves.capacity(
        np.array([target, 25, 7000])
    )


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=9), st.floats(10, 900))
def test_the_targets_hold_at_the_capacity(ttfts: list[float], target: float) -> None:
    curves = one(*ttfts)
    capacity = curves.capacity(np.array([target, 25, 7000]))
    if capacity[0] > 0:
        assert curves.p95_at(capacity)[0, 0] <= target * (1 + 1e-6)


def test_the_copy_in_memory_follows_the_table(database: Database) -> None:
    before = database.curves(CHATBOT)
    assert database.curves(CHATBOT) is before
    gone = (before.model_ids[0], before.gpu_types[0], int(before.gpu_counts[0]))
    with database.connect() as connection:
        connection.execute(
            "DELETE FROM benchmarks WHERE model_id = %s AND gpu_type = %s AND gpu_count = %s", gone
        )
    after = database.curves(CHATBOT)
    assert len(after) == len(before) - 1
    assert database.curves(CHATBOT) is after


def test_a_more_trusted_row_wins_for_its_key_and_its_origin_is_told(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO benchmarks SELECT (jsonb_populate_record(b, jsonb_build_object('provenance',"
            " 'measured', 'source', 'our lab', 'ttft_p50_ms', 900, 'ttft_p90_ms', 900, 'ttft_p95_ms', 900,"
            " 'ttft_p99_ms', 900))).* FROM benchmarks b WHERE model_id = 'microsoft/phi-4' AND gpu_type ="
            " 'H100' AND gpu_count = 1 AND prompt_tokens = 512 ORDER BY requests_per_second LIMIT 1"
        )
    table = database.curves(CHATBOT)
    n = list(zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)).index(
        ("microsoft/phi-4", "H100", 1)
    )
    assert table.curves.p95_at(np.zeros(len(table)))[0, n] == 900
    assert table.origins_of(n)[0].source == "our lab"
    assert not table.estimated[n]
