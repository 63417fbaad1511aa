"""Rates, the highest minute, burstiness and the day's curve, against arrivals whose figures are known."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge.traffic.arrivals import Arrivals
from tests.knowledge.traffic.written import read_csv


def arrivals(folder: Path, times: Sequence[float]) -> Arrivals:
    return Arrivals(read_csv(folder, [(time, 100, 10) for time in times]).trace)


def renewals(count: int, per_second: float, cv2: float, seed: int = 1) -> list[float]:
    """Gamma gaps of this squared coefficient of variation."""
    random_, at, times = random.Random(seed), 0.0, []
    for _ in range(count):
        at += random_.gammavariate(1 / cv2, cv2 / per_second)
        times.append(at)
    return times


def test_the_highest_minute_stands_against_the_mean(tmp_path: Path) -> None:
    """Twenty minutes of 20 requests, one with 50 more."""
    times = [3.0 * n for n in range(400)] + [300 + n for n in range(50)]
    found = arrivals(tmp_path, times)
    assert found.mean_requests_per_second == pytest.approx(450 / 1197)
    assert found.peak_requests_per_second == found.mean_requests_per_second
    assert found.peak_minute_requests_per_second == pytest.approx(70 / 60)
    assert found.minute_peak == pytest.approx(70 / 60 / (450 / 1197))


def test_of_a_longer_trace_it_is_that_of_the_busiest_hour(tmp_path: Path) -> None:
    """Five hours at 20 a minute, the third at 60 with a minute of 90, and an earlier hour with one of 80."""
    quiet = [3.0 * n for n in range(5 * 1200)]
    busy = [7200 + 1.5 * n for n in range(2400)]
    found = arrivals(tmp_path, quiet + busy + [9000 + n for n in range(30)] + [60 + n for n in range(60)])
    assert found.peak_requests_per_second == pytest.approx(3630 / 3600)
    assert found.minute_peak == pytest.approx(90 / 60 / (3630 / 3600))


def test_of_few_requests_or_a_short_while_no_minute_peak_is_told(tmp_path: Path) -> None:
    assert arrivals(tmp_path, [10.0 * n for n in range(1000)]).minute_peak is None
    assert arrivals(tmp_path, [0.5 * n for n in range(1000)]).minute_peak is None
    assert arrivals(tmp_path, [5.0 * n for n in range(1000)]).minute_peak is not None


@pytest.mark.parametrize("cv2", [0.25, 1.0, 4.0])
def test_burstiness_is_that_of_the_gaps(tmp_path: Path, cv2: float) -> None:
    found = arrivals(tmp_path, renewals(20_000, 5.0, cv2)).burstiness
    assert found is not None
    assert found.value == pytest.approx(cv2, rel=0.1)


def test_the_rise_and_fall_of_the_hours_is_no_burst(tmp_path: Path) -> None:
    own = [
        hour * 3600 + at
        for hour in range(12)
        for at in renewals(20_000, 0.2 if hour % 2 else 4.0, 1.0, hour)
        if at < 3600
    ]
    found = arrivals(tmp_path, own).burstiness
    assert found is not None
    assert found.value == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("step_s", [1.0, 3.0])
@pytest.mark.parametrize("cv2", [1.0, 3.0])
def test_a_clock_coarser_than_the_gaps_adds_none(tmp_path: Path, step_s: float, cv2: float) -> None:
    exact = renewals(30_000, 5.0, cv2)
    coarse = [step_s * (time // step_s) for time in exact]
    found = arrivals(tmp_path, coarse).burstiness
    assert found is not None
    assert found.value == pytest.approx(cv2, rel=0.15)


def test_of_few_gaps_burstiness_isn_t_told(tmp_path: Path) -> None:
    assert arrivals(tmp_path, renewals(100, 1.0, 1.0)).burstiness is None
    assert arrivals(tmp_path, renewals(101, 1.0, 1.0)).burstiness is not None
    sparse = arrivals(tmp_path, renewals(300, 0.01, 1.0)).burstiness
    assert sparse is not None
    assert sparse.told == "over the whole trace"


def test_the_day_has_its_hours_in_utc(tmp_path: Path) -> None:
    """From 10:30 on for 36 hours: 60 an hour, 120 from 14 to 15, 15 from 3 to 4."""
    per_hour = [15 if hour == 3 else 120 if hour == 14 else 60 for hour in range(24)]
    begin, times = 10.5 * 3600, []
    for minute in range(36 * 60):
        start = begin + minute * 60
        count = per_hour[int(start // 3600) % 24]
        if count >= 60:
            times += [start + n * 3600 / count for n in range(count // 60)]
        elif minute % 4 == 0:
            times.append(start)
    found = arrivals(tmp_path, [1_777_593_600 + time for time in times]).daily
    assert found is not None
    assert [round(each * 3600) for each in found.requests_per_second] == per_hour
    assert found.trough_share == pytest.approx(15 / 120)


def test_a_shorter_trace_tells_no_day(tmp_path: Path) -> None:
    assert arrivals(tmp_path, [60.0 * n for n in range(24 * 60)]).daily is None
    assert arrivals(tmp_path, [60.0 * n for n in range(24 * 60 + 1)]).daily is not None
    assert arrivals(tmp_path, [3600.0 * n for n in range(48)]).daily is None


def test_what_is_drawn_over_its_time_has_all_requests(tmp_path: Path) -> None:
    width_s, rates = arrivals(tmp_path, [float(n) for n in range(1001)]).over_time(60)
    assert len(rates) == 60
    assert sum(rates * width_s) == pytest.approx(1001)
