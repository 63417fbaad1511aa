"""Validation tells a good endpoint from a slow, babbling, silent or dying one, and never waits for ever."""

import threading
import time
from collections import Counter
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.catalogue import METRICS, SloTargets
from knowledge.database import Database
from simulator.vllm.misbehaviour import Misbehaviour
from tests.pace import at_some_pace, patient
from tests.present import present
from tests.simulator.serving import MODEL, Server, serving
from tests.soak import examples
from tools.manifests.expectation import Expectation
from tools.serving import endpoint, validation
from tools.serving.confidence import FEWEST_TO_JUDGE
from tools.serving.probe import Answered, ProbeResult
from tools.serving.validation import Validation
from tools.validate_endpoint import NO_PLAN, ValidationQuery, validate_endpoint
from tools.wording import rate

SECONDS, SAFE_RATE = 6.0, 8.0


def expectation(
    database: Database, room: float = 1.15, at_peak: float = 1.0, pace: float = 1.0
) -> Expectation:
    """Of a B200 whose targets leave so much room above what is predicted for the probe, and at the
    peak `at_peak` times the targets.

    At a slower `pace` fewer requests come in a second, and the targets are as much higher.
    """
    plain = Expectation(
        model_id=MODEL,
        gpu_type="B200",
        gpu_count=1,
        replicas=1,
        prompt_tokens=512,
        output_tokens=256,
        requests_per_second=SAFE_RATE / pace / validation.SAFE_SHARE,
        max_requests_per_second=SAFE_RATE / pace / validation.SAFE_SHARE,
        cost_usd_per_month=3650,
        provenance="estimated",
        ttft_p95_ms=1,
        itl_p95_ms=1,
        e2e_p95_ms=1,
        targets=SloTargets(ttft_p95_ms=1, itl_p95_ms=1, e2e_p95_ms=1),
    )
    predicted = present(plain.at(SAFE_RATE, 1, database))
    targets = SloTargets.model_validate({f"{m}_p95_ms": room * pace * predicted[m] for m in METRICS})
    peak = {f"{m}_p95_ms": at_peak * room * predicted[m] for m in METRICS}
    return plain.model_copy(update={"targets": targets, **peak})


def run(server: Server, expected: Expectation, database: Database, seconds: float = SECONDS) -> Validation:
    query = ValidationQuery(name="chatbot", endpoint=server.url, model_id=MODEL, seconds=seconds)
    began = time.monotonic()
    found = validate_endpoint(query, expected, "", database, lambda text: None)
    patience = 2 * expected.targets.e2e_p95_ms / 1000 + 10
    assert time.monotonic() - began < seconds + patience + patient(60)  # what the docstring promises
    return found


def test_a_good_endpoint_passes_with_its_figures(database: Database) -> None:
    at_some_pace(lambda pace: passes(database, pace))


def passes(database: Database, pace: float) -> None:
    expected = expectation(database, room=3.0, at_peak=0.3, pace=pace)  # room for other tests beside this one
    with serving(time_scale=pace) as server:
        found = run(server, expected, database, SECONDS * pace)
    assert found.outcome == "pass", found.reasons
    assert (found.failed, found.requests_per_second) == (0, SAFE_RATE / pace)
    assert found.requests == round(SECONDS * SAFE_RATE)
    for check in found.checks:
        assert check.predicted_ms is not None
        assert check.low_ms is not None
        assert check.low_ms <= check.p95_ms
        assert (
            0.65 < check.p95_ms / (pace * check.predicted_ms) < 3
        )  # how near is measured by `make fidelity`, alone
        assert f"{check.metric.upper()} p95" in found.reasons[0]


def test_one_that_is_a_fifth_too_slow_fails(database: Database) -> None:
    def fails(pace: float) -> None:
        with serving(time_scale=1.2 * 1.15 * pace) as server:
            found = run(server, expectation(database, room=1.15, pace=pace), database, SECONDS * pace)
        assert found.outcome == "fail"
        assert {c.metric for c in found.checks if c.outcome == "fail"} >= {"itl", "e2e"}
        assert "misses its target" in found.reasons[0]

    at_some_pace(fails)


@pytest.mark.parametrize(("room", "time_scale"), [(1.15, 3.0), (30.0, 1.0)])
def test_a_handful_of_requests_neither_passes_nor_fails(
    room: float, time_scale: float, database: Database
) -> None:
    """Neither of one that is far too slow nor of one that is far within its targets."""
    with serving(time_scale=time_scale) as server:
        found = run(
            server, expectation(database, room=room), database, seconds=5 / SAFE_RATE / validation.LONGER
        )
    assert found.requests == 5
    assert found.outcome == "unjudged"
    assert {c.outcome for c in found.checks} == {"unjudged"}
    assert "5 answers are too few to judge a p95 by, which takes 32" in found.reasons[0]
    for check in found.checks:
        assert f"{check.metric.upper()} p95 " in found.reasons[0]
        assert "misses" not in check.text


def test_a_slow_rate_is_probed_for_longer_so_that_it_can_be_judged(database: Database) -> None:
    slow = expectation(database).model_copy(
        update={"max_requests_per_second": 5.0, "requests_per_second": 4.0}
    )
    request = validation.probe_request("http://x", slow, 15)
    assert request.requests_per_second == pytest.approx(1.5)
    assert request.requests == FEWEST_TO_JUDGE


@pytest.mark.parametrize(
    ("peak", "capacity", "seconds", "per_second"),
    [
        (2.67, 80.0, 15, 2.67),
        (20.0, 30.0, 15, 8.0),
        (0.1, 80.0, 15, 32 / 45),
        (0.1, 1.0, 15, 0.3),
        (100.0, 1000.0, 15, 8.0),
    ],
)
def test_the_planned_peak_is_probed_within_what_is_safe(
    peak: float, capacity: float, seconds: float, per_second: float, database: Database
) -> None:
    """Three replicas that need only one's load get that load; a plan of a trickle
    gets enough requests to be judged.
    """
    planned = expectation(database).model_copy(
        update={"max_requests_per_second": capacity, "requests_per_second": peak, "output_tokens": 64}
    )
    request = validation.probe_request("http://x", planned, seconds)
    assert request.requests_per_second == pytest.approx(per_second)
    assert request.requests >= FEWEST_TO_JUDGE or capacity == 1.0


def test_slower_than_predicted_at_the_peak_itself_is_not_reckoned_to_it_again(database: Database) -> None:
    expected = expectation(database, room=10).model_copy(update={"requests_per_second": 1.0})
    request = validation.probe_request("http://x", expected, 10)
    slow = [Answered(ttft_ms=9 * expected.targets.ttft_p95_ms / 10, itl_ms=1.0, e2e_ms=1.0)] * 60
    text = validation.judged(request, ProbeResult(slow, Counter()), expected, database).checks[0].text
    assert "times what was predicted at this rate, the planned peak or more, and within" in text


def answers(ttft_ms: list[float]) -> list[Answered]:
    return [Answered(ttft_ms=t, itl_ms=10.0, e2e_ms=2000.0) for t in ttft_ms]


def judged(database: Database, ttft_ms: list[float], failures: int = 0) -> Validation:
    """Of these answers against a target of 100 ms, and so many that failed beside them."""
    targets = SloTargets(ttft_p95_ms=100, itl_p95_ms=1000, e2e_p95_ms=100_000)
    expected = expectation(database).model_copy(update={"targets": targets})
    request = validation.probe_request("http://x", expected, 10)
    seen = ProbeResult(answers(ttft_ms), Counter({"HTTP 500": failures} if failures else {}))
    return validation.judged(request, seen, expected, database)


@given(st.lists(st.floats(1, 1000), min_size=1, max_size=FEWEST_TO_JUDGE - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
def test_below_the_minimum_no_latencies_whatever_pass_or_fail(
    database: Database, ttft_ms: list[float]
) -> None:
    assert judged(database, ttft_ms).outcome == "unjudged"


def test_from_the_minimum_on_they_do(database: Database) -> None:
    assert judged(database, [50.0] * FEWEST_TO_JUDGE).outcome in ("pass", "warn")
    assert judged(database, [500.0] * FEWEST_TO_JUDGE).outcome == "fail"


@pytest.mark.parametrize(
    ("answered", "failed", "outcome"),
    [(1, 1, "warn"), (19, 1, "warn"), (3, 2, "fail"), (10, 10, "fail"), (46, 2, "warn"), (40, 8, "fail")],
)
def test_failed_requests_fail_it_where_they_are_more_than_chance(
    answered: int, failed: int, outcome: str, database: Database
) -> None:
    assert judged(database, [50.0] * answered, failed).outcome == outcome


def test_one_that_is_slower_than_predicted_is_warned_of_where_its_peak_would_miss(database: Database) -> None:
    def warns(pace: float) -> None:
        with serving(time_scale=1.4 * pace) as server:
            warned = run(server, expectation(database, 2.0, 0.9, pace), database, SECONDS * pace)
            passed = run(
                server, expectation(database, 3.0, 0.3, pace), database, SECONDS * pace
            )  # room for other tests beside this one
        assert warned.outcome == "warn", warned.reasons
        assert (
            f"at the peak of {rate(SAFE_RATE / pace / validation.SAFE_SHARE)} requests/s" in warned.reasons[0]
        )
        assert passed.outcome == "pass", passed.reasons

    at_some_pace(warns)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("garbage", "without any text"),
        ("gibberish", "no language"),
        ("dies", "doesn't answer"),
        ("hang", "ReadTimeout"),
    ],
)
def test_what_is_wrong_from_the_start_fails_at_the_first_prompt(
    wrong: Misbehaviour, why: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "TIMEOUT", 2.0)
    with serving(time_scale=1.0) as server:
        server.wrong = {wrong}
        found = run(server, expectation(database), database)
    assert found.outcome == "fail"
    assert why in found.reasons[0]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("hang", "no answer within"),
        ("dies", "broke"),
        ("500", "HTTP 500"),
        ("close", "the connection broke"),
    ],
)
def test_what_goes_wrong_half_way_fails_and_says_what(
    what: Misbehaviour | Literal["close"], why: str, database: Database
) -> None:
    at_some_pace(lambda pace: fails_half_way(what, why, database, pace))


def fails_half_way(what: Misbehaviour | Literal["close"], why: str, database: Database, pace: float) -> None:
    with serving(time_scale=pace) as server:

        def go_wrong() -> None:
            if what == "close":
                server.close()
            else:
                server.wrong = {what}

        timer = threading.Timer(2.0 * pace, go_wrong)
        timer.start()
        found = run(server, expectation(database, room=1.5, at_peak=0.6, pace=pace), database, SECONDS * pace)
        timer.join()
    assert found.outcome == "fail"
    assert 0 < found.failed < found.requests
    assert why in found.reasons[0], found.reasons


def test_without_a_readable_plan_it_isnt_judged_and_says_why(database: Database) -> None:
    with serving() as server:
        query = ValidationQuery(name="chatbot", endpoint=server.url, model_id=MODEL, seconds=SECONDS)
        for why in ("", "What was planned of it can't be read."):
            found = validate_endpoint(query, None, why, database, lambda text: None)
            assert (found.outcome, found.checks) == ("unjudged", [])
            assert found.reasons[0].endswith(f"No probe was made. {why or NO_PLAN}")


def test_another_model_or_no_server_fails(database: Database) -> None:
    expected = expectation(database)
    with serving() as server:
        query = ValidationQuery(
            name="chatbot", endpoint=server.url, model_id="meta-llama/Llama-3.3-70B-Instruct", seconds=1
        )
        assert (
            "not meta-llama/Llama-3.3-70B-Instruct"
            in validate_endpoint(query, expected, "", database, lambda t: None).reasons[0]
        )
    assert run(server, expected, database).outcome == "fail"


def test_a_rare_failure_is_a_warning_and_a_trickle_is_sent_where_little_is_planned(
    database: Database,
) -> None:
    small = expectation(database, room=3, at_peak=0.3).model_copy(
        update={"max_requests_per_second": 0.5, "requests_per_second": 0.4}
    )
    request = validation.probe_request("http://x", small, 10)
    assert request.requests == 4  # in three times the seconds
    assert request.requests_per_second == pytest.approx(0.15)
    long = small.model_copy(update={"output_tokens": 4000, "max_requests_per_second": 1000.0})
    assert validation.probe_request("http://x", long, 10).requests == validation.FEWEST
