"""One replica whose metrics can't be had doesn't hide those of the others."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from knowledge.database import Database
from knowledge.errors import CompassError
from tests.present import present
from tests.tools.serving.test_outcomes import LONG_AGO, approval  # noqa: F401 - a fixture
from tests.tools.test_manifests import request
from tools.clusters.cluster import Cluster
from tools.manifests.expectation import Expectation, expectation_of
from tools.manifests.served import inference_service_of
from tools.render_manifest import render_manifest
from tools.serving import verdict
from tools.serving.monitoring import Live, Unseen, keep, observe
from tools.serving.outcomes import recorded


class Replicas:
    """As many pods as there are counts of finished requests; None is one that doesn't
    answer, text is what another shows instead.
    """

    def __init__(self, *finished: int | str | None) -> None:
        self.finished = finished

    @property
    def pods(self) -> list[dict[str, Any]]:
        began = (datetime.now(UTC) - timedelta(minutes=10)).isoformat()
        return [
            {"metadata": {"uid": f"uid-{n}", "name": f"pod-{n}", "creationTimestamp": began}}
            for n in range(len(self.finished))
        ]

    def metrics(self, pod: str, port: int) -> str:
        finished = self.finished[int(pod.removeprefix("pod-"))]
        if finished is None:
            raise CompassError(f"{pod} doesn't answer.")
        if isinstance(finished, str):
            return finished
        return (
            f'vllm:num_requests_running 1\nvllm:request_success_total{{finished_reason="stop"}} {finished}\n'
            f'vllm:time_to_first_token_seconds_bucket{{le="0.05"}} {finished}\n'
            f'vllm:time_to_first_token_seconds_bucket{{le="+Inf"}} {finished}\n'
        )


def look(*finished: int | str | None, expected: Expectation | None = None, **kept: Any) -> Live | str:
    replicas = Replicas(*finished)
    cluster = cast(Cluster, replicas)  # of which nothing but their metrics is asked
    database: Database | None = kept.get("database")
    try:
        found = observe(replicas.pods, len(finished), kept.get("approval_id"), expected, cluster, database)
    except Unseen as error:
        return str(error)
    if database is not None:
        keep(found, database)
    return found.live


@pytest.mark.parametrize("silent", [None, "<html>"])
def test_the_others_are_judged_and_it_is_said_how_many_answered(silent: str | None) -> None:
    found = look(600, silent, 600)
    assert isinstance(found, Live)
    assert (found.requests, found.replicas, found.silent) == (1200, 2, 1)
    assert "only 2 of 3 replicas showed their metrics" in found.verdict


def test_where_none_answers_it_is_said_why() -> None:
    assert look(None, None) == "pod-0 doesn't answer."


def test_all_that_answer_are_not_spoken_of() -> None:
    found = look(600, 600)
    assert isinstance(found, Live)
    assert "replicas" not in found.verdict


def test_what_some_show_is_no_reason_to_scale_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the replicas, half the load: the rest of it goes to those that don't show it."""
    expected = present(expectation_of(inference_service_of(render_manifest(request()).files)))
    monkeypatch.setattr(verdict, "_less", lambda seen, expected: "fewer would do")
    whole, part = look(60, 60, 60, expected=expected), look(60, None, 60, expected=expected)
    assert isinstance(whole, Live)
    assert isinstance(part, Live)
    assert (whole.state, whole.advice) == ("holding", "fewer would do")
    assert (part.state, part.advice) == ("holding", None)


def test_no_request_is_counted_twice_when_it_answers_again(
    approval: str,  # noqa: F811
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tools.serving.outcomes.SHORTEST_WINDOW_S", 0.0)
    seen = [
        look(*counts, approval_id=approval, database=database)
        for counts in ((100, 200), (110, None), (120, None), (130, 260))
    ]
    assert [found.requests for found in seen if isinstance(found, Live)] == [300, 310, 320, 390]
    kept = present(recorded(approval, LONG_AGO, database))
    assert kept.requests == 130 + 260


@pytest.mark.parametrize("later_first", [False, True])
def test_two_who_look_at_once_keep_each_request_once(
    later_first: bool,
    approval: str,  # noqa: F811
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looking changes nothing, so both see the same; whichever keeps its window first, they don't overlap."""
    monkeypatch.setattr("tools.serving.outcomes.SHORTEST_WINDOW_S", 0.0)
    looks = [
        observe(Replicas(count).pods, 1, approval, None, cast(Cluster, Replicas(count)), database)
        for count in (100, 130)
    ]
    assert [found.live.requests for found in looks] == [100, 130]
    assert recorded(approval, LONG_AGO, database) is None
    for found in reversed(looks) if later_first else looks:
        keep(found, database)
    kept = recorded(approval, LONG_AGO, database)
    assert kept is not None
    assert kept.requests == 130


def expectation() -> Expectation:
    return present(expectation_of(inference_service_of(render_manifest(request()).files)))


@pytest.mark.parametrize(("requests", "state"), [(1, "unknown"), (31, "unknown"), (32, "holding")])
def test_a_few_requests_hold_no_target(requests: int, state: str) -> None:
    found = look(requests, expected=expectation())
    assert isinstance(found, Live)
    assert found.state == state
    assert ("too few to judge" in found.verdict) == (state == "unknown")
    assert "TTFT p95" in found.verdict
    assert "headroom" not in found.verdict or state == "holding"


def test_looking_often_does_not_shorten_what_is_judged(
    approval: str,  # noqa: F811
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What failed is still said at the next looks, and two people who look see the same."""
    monkeypatch.setattr("tools.serving.outcomes.SHORTEST_WINDOW_S", 0.0)
    kept: dict[str, Any] = {"approval_id": approval, "database": database, "expected": expectation()}
    assert isinstance(first := look(100, **kept), Live)
    assert first.requests == 100
    spoilt = Replicas(140).metrics("pod-0", 8080) + 'http_requests_total{status="500"} 22\n'
    looks = [look(spoilt, **kept) for _ in range(4)]
    for found in looks:
        assert isinstance(found, Live)
        assert (found.state, found.requests, found.failed) == ("failing", 140, 22)
        assert (found.ended_at - found.began_at).total_seconds() > 300
