"""What was observed is kept, added up when it grows old, and compared with what was predicted."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from knowledge.database import Database
from tests.present import present
from tests.tools.serving.test_scrape import counters, scrape
from tests.tools.test_manifests import request
from tools.deploying.approvals import ApprovalRequest, record_approval
from tools.manifests import values
from tools.manifests.annotations import PREDICTED, TARGETS
from tools.manifests.expectation import Expectation, UnreadablePlan, expectation_if_any, expectation_of
from tools.manifests.served import inference_service_of
from tools.render_manifest import render_manifest
from tools.serving.outcomes import (
    KEPT_SINGLE,
    RECORDED,
    add_up,
    histograms,
    record_validation,
    record_window,
    recorded,
    validations,
    widened,
    window_until,
)
from tools.serving.report import outcomes_of
from tools.serving.scrape import Histogram, Window
from tools.serving.validation import Outcome, Validation

NOW = datetime(2026, 6, 15, 12, 30, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def approval(database: Database) -> str:
    bundle = render_manifest(request())
    return record_approval(
        ApprovalRequest(
            thread_id="t",
            interrupt_id=uuid.uuid4().hex,
            digest=bundle.digest,
            cluster="sim",
            namespace=bundle.namespace,
            actor="a person",
            name=bundle.name,
            model_id=bundle.model_id,
            files=bundle.files,
        ),
        database,
    )


def seen(ended_at: datetime, counts: list[int], **more: Any) -> Window:
    values: dict[str, Any] = {
        "began_at": ended_at - timedelta(seconds=60),
        "ended_at": ended_at,
        "replicas": 2,
        "requests": sum(counts),
        "failed": 0,
        "prompt_tokens": 100,
        "output_tokens": 10,
        "preemptions": 0,
        "running": 0,
        "waiting": 0,
        "kv_cache_usage": 0.0,
        "latencies": {m: Histogram(bounds_s=[0.1, 0.2, 0.5], counts=counts) for m in ("ttft", "itl", "e2e")},
    }
    return Window.model_validate(values | more)


def rows(database: Database) -> list[tuple[str, int]]:
    with database.connect() as connection:
        found = connection.execute(
            "SELECT grain::text AS grain, requests FROM outcomes ORDER BY ended_at"
        ).fetchall()
    return [(r["grain"], r["requests"]) for r in found]


def test_a_manifest_carries_what_was_planned() -> None:
    bundle = render_manifest(request())
    found = present(expectation_of(inference_service_of(bundle.files)))
    chosen = request().recommendation
    assert (found.model_id, found.gpu_type, found.replicas) == (
        chosen.model_id,
        chosen.gpu_type,
        chosen.replicas,
    )
    assert found.targets == request().slo_targets


def noted(notes: dict[str, str]) -> dict[str, Any]:
    """An InferenceService with these annotations."""
    return {"metadata": {"annotations": notes}}


def test_what_is_written_of_a_plan_is_what_is_read() -> None:
    planned = values.planned(request())
    assert expectation_of(noted(planned.written)) == planned
    assert expectation_of(noted({})) is expectation_of(None) is None


def test_a_plan_as_earlier_releases_wrote_it_is_read() -> None:
    """Their order and spaces, and without what later ones added."""
    figures = values.planned(request()).model_dump()
    targets = figures.pop("targets")
    for later in ("context_tokens", "thinking", "thinking_tokens"):
        del figures[later]
    found = present(
        expectation_of(
            noted({PREDICTED: json.dumps(dict(reversed(figures.items()))), TARGETS: json.dumps(targets)})
        )
    )
    assert (found.ttft_p95_ms, found.thinking, found.thinking_tokens) == (figures["ttft_p95_ms"], None, 0)


@pytest.mark.parametrize(
    "field", [*sorted(Expectation.model_fields.keys() - {"targets"}), "e2e_p95_ms of targets"]
)
def test_a_misspelt_plan_is_said_and_is_no_deployment_without_one(field: str) -> None:
    name, _, of_targets = field.partition(" of ")
    key = TARGETS if of_targets else PREDICTED
    written = values.planned(request()).written
    misspelt = written | {key: written[key].replace(f'"{name}"', f'"{name[:-1]}"')}
    with pytest.raises(UnreadablePlan, match=name[:-1]):
        expectation_of(noted(misspelt))
    assert expectation_if_any(noted(misspelt)) is None


@pytest.mark.parametrize("text", ["[1]", "1", "null", "no JSON", ""])
def test_what_is_no_plan_at_all_is_said_as_well(text: str) -> None:
    written = values.planned(request()).written
    with pytest.raises(UnreadablePlan):
        expectation_of(noted(written | {PREDICTED: text}))
    with pytest.raises(UnreadablePlan, match="is missing"):
        expectation_of(noted({PREDICTED: written[PREDICTED]}))


def test_looks_share_their_windows(approval: str, database: Database) -> None:
    """Two watchers, one look after the other: no request is counted twice, and one
    too soon ends no window.
    """
    looks = [(0, 10, True, 10), (60, 14, True, 4), (63, 20, False, 6), (75, 21, True, 7)]
    for at_s, finished, ends, requests in looks:
        found, ended = window_until(
            approval, scrape(at_s, a=counters([finished, 0, 0, 0], finished)), LONG_AGO, database
        )
        assert (ended, found.requests) == (ends, requests), at_s


def test_a_window_is_widened_by_those_on_record(approval: str, database: Database) -> None:
    for minutes, counts in ((10, [99, 0, 0, 0]), (4, [5, 3, 1, 1]), (2, [1, 0, 0, 0])):
        record_window(approval, seen(NOW - timedelta(minutes=minutes), counts), True, database)
    wide = widened(approval, seen(NOW, [2, 0, 0, 0], failed=1), NOW - timedelta(minutes=5), database)
    assert (wide.requests, wide.failed, wide.running) == (13, 1, 0)
    assert (wide.began_at, wide.ended_at) == (NOW - timedelta(minutes=5), NOW)
    assert wide.latencies["itl"].counts == [8, 3, 1, 1]
    alone = seen(NOW, [2, 0, 0, 0])
    assert widened(approval, alone, NOW, database) == alone


def test_windows_are_kept_and_empty_ones_are_not(approval: str, database: Database) -> None:
    for n, held in enumerate([True, False, None]):
        record_window(approval, seen(NOW + timedelta(minutes=n), [5, 3, 1, 1]), held, database)
    record_window(approval, seen(NOW, [0, 0, 0, 0]), None, database)
    found = present(recorded(approval, LONG_AGO, database))
    assert (found.requests, found.judged, found.held, found.seconds, found.replicas) == (30, 2, 1, 180, 2)
    assert histograms(approval, LONG_AGO, database)["itl"].counts == [15, 9, 3, 3]
    assert recorded(approval, NOW + timedelta(hours=1), database) is None
    assert histograms(approval, NOW + timedelta(hours=1), database) == {}


@pytest.mark.parametrize("outcome", get_args(Outcome))
def test_each_outcome_of_a_validation_is_kept(outcome: Outcome, approval: str, database: Database) -> None:
    found = Validation(
        outcome=outcome, reasons=["why"], checks=[], requests=3, failed=0, requests_per_second=1.0
    )
    record_validation(approval, found, database)
    assert [seen for _, seen in validations(approval, database)] == [found]


def test_old_windows_become_hours_and_old_hours_days_and_nothing_is_lost(
    approval: str, database: Database
) -> None:
    ages = [timedelta(minutes=n) for n in range(0, 180, 20)] + [
        timedelta(days=3, minutes=n) for n in range(0, 120, 10)
    ]
    ages += [timedelta(days=100, minutes=n) for n in range(0, 240, 10)]
    for n, age in enumerate(ages):
        record_window(approval, seen(NOW - age, [n, 1, 0, 0]), n % 2 == 0, database)
    before, shapes = recorded(approval, LONG_AGO, database), histograms(approval, LONG_AGO, database)
    with database.connect() as connection:
        assert add_up(connection, NOW) == 36 + 5
        assert add_up(connection, NOW) == 0
    grains = [grain for grain, _ in rows(database)]
    assert (grains.count("w"), grains.count("h"), grains.count("d")) == (9, 3, 1)
    after = present(recorded(approval, LONG_AGO, database))
    assert before is not None
    assert after.model_dump(exclude={"replicas"}) == before.model_dump(exclude={"replicas"})
    assert histograms(approval, LONG_AGO, database) == shapes


def test_of_many_outcomes_few_stay_and_a_status_reads_only_its_own(approval: str, database: Database) -> None:
    """Ten deployments, a window a minute for three and a half days."""
    record_window(approval, seen(NOW, [5, 3, 1, 1]), True, database)
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO approvals (thread_id, interrupt_id, digest, cluster, namespace, actor, name,"
            " model_id, files) SELECT thread_id, 'copy ' || n, digest, cluster, namespace, actor, name || n,"
            " model_id, files FROM approvals, generate_series(1, 9) AS n"
        )
        made = connection.execute(
            "INSERT INTO outcomes (approval_id, began_at, ended_at, requests, failed, prompt_tokens,"
            " output_tokens, seconds, layout, judged, held, replicas, counts) SELECT a.id, ended_at - (n + 1)"
            " * interval '1 minute', ended_at - n * interval '1 minute', requests, failed, prompt_tokens,"
            " output_tokens, 60, layout, judged, held, replicas, counts FROM generate_series(1, 5040) AS n,"
            " approvals a, outcomes o"
        ).rowcount
        assert made == 50_400
        connection.execute("ANALYZE outcomes")
        plan = connection.execute(f"EXPLAIN {RECORDED}", [approval, NOW - timedelta(hours=24)]).fetchall()
        steps = "\n".join(str(row["QUERY PLAN"]) for row in plan)
        assert "outcomes_of_an_approval" in steps
        assert "Seq Scan" not in steps
        add_up(connection, NOW)
        left = connection.execute(
            "SELECT count(*) FILTER (WHERE grain = 'w') AS w, count(*) FILTER (WHERE grain = 'h') AS h FROM"
            " outcomes"
        )
        kept = left.fetchone()
    assert kept is not None
    assert kept["w"] <= 10 * (KEPT_SINGLE.total_seconds() / 60 + 60) + 1
    assert kept["h"] <= 10 * 24 * 2
    whole = present(recorded(approval, LONG_AGO, database))
    assert whole.requests == 10 * 5041


def test_other_buckets_are_kept_apart(approval: str, database: Database) -> None:
    other = Histogram(bounds_s=[1.0], counts=[3, 0])
    record_window(approval, seen(NOW, [5, 3, 1, 1]), True, database)
    record_window(
        approval,
        seen(NOW, [0, 0, 0, 3], latencies=dict.fromkeys(("ttft", "itl", "e2e"), other)),
        True,
        database,
    )
    assert histograms(approval, LONG_AGO, database)["ttft"].counts == [5, 3, 1, 1]


def test_the_report_sets_predicted_beside_observed(approval: str, database: Database) -> None:
    now = datetime.now(UTC)
    record_window(approval, seen(now, [90, 10, 0, 0]), True, database)
    record_validation(
        approval,
        Validation(
            outcome="fail", reasons=["why"], checks=[], requests=3, failed=3, requests_per_second=None
        ),
        database,
    )
    windows, validation = outcomes_of(None, 1, database)
    assert (windows.kind, windows.outcome, windows.requests) == ("windows", "1 of 1 held", 100)
    assert (validation.kind, validation.outcome) == ("validation", "fail")
    for each in windows.compared:
        assert each.observed_ms == pytest.approx(150)
        assert each.predicted_ms is not None
        assert each.error == pytest.approx(150 / each.predicted_ms - 1, rel=1e-2)
    assert outcomes_of("another", 1, database) == []
    assert outcomes_of(None, 1e-9, database) == []


def test_adding_up_is_left_to_whoever_began(approval: str, database: Database) -> None:
    record_window(approval, seen(NOW - timedelta(days=3), [1, 0, 0, 0]), True, database)
    with database.connect() as holder:
        holder.execute("SELECT pg_advisory_lock(hashtext('add up outcomes'))")
        with database.connect() as other:
            assert add_up(other, NOW) == 0
        holder.execute("SELECT pg_advisory_unlock(hashtext('add up outcomes'))")
    assert timedelta(days=3) > KEPT_SINGLE
