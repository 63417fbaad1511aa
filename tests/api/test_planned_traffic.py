"""A plan for the traffic of a trace, from the command line and over HTTP."""

from pathlib import Path

import pytest

from agent.commands.recommend import Recommended, recommendation_for, specified
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tests.api.conftest import Api
from tests.knowledge.traffic.written import csv_of, poisson
from tests.present import present


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return csv_of(tmp_path, poisson(3000))


def test_words_and_a_trace_make_a_plan_that_comes_back_from_its_own_json(
    trace: Path, settings: Settings, tmp_path: Path
) -> None:
    specification = specified("a chatbot", None, settings, trace)
    traffic = present(specification.overrides.traffic)
    assert traffic.name == trace.name
    assert specification.demand.peak_requests_per_second == traffic.peak_requests_per_second
    assert specification.workload.seen == traffic.seen
    plan = recommendation_for(specification, settings, 3)
    assert plan.recommendations
    kept = tmp_path / "plan.json"
    kept.write_text(Recommended(**dict(plan), specification=specification).model_dump_json())
    again = specified(None, kept, settings)
    assert again.workload == specification.workload
    assert again.demand == specification.demand


def test_a_file_s_lengths_give_way_to_a_trace_s_and_its_load_stays(
    trace: Path, settings: Settings, tmp_path: Path
) -> None:
    plain = specified("a chatbot for 1000 users, prompts of 90 tokens", None, settings)
    kept = tmp_path / "specification.json"
    kept.write_text(plain.model_dump_json())
    found = specified(None, kept, settings, trace)
    assert found.workload.seen == present(found.overrides.traffic).seen
    assert found.demand.peak_requests_per_second == plain.demand.peak_requests_per_second


def test_words_without_a_load_need_a_trace(trace: Path, settings: Settings) -> None:
    with pytest.raises(CompassError, match="how many"):
        specified("a chatbot", None, settings)
    with pytest.raises(CompassError, match="What is it for"):
        specified("for 1000 users", None, settings, trace)


def test_an_upload_s_traffic_is_planned_with_over_http(api: Api, trace: Path) -> None:
    with api.client() as client:
        uploaded = client.post("/traffic", params={"name": "mine"}, content=trace.read_bytes()).json()
        need = {
            "intent": {"use_case": "chatbot_conversational"},
            "overrides": {"traffic": uploaded["traced"]},
        }
        specification = client.post("/specifications", json=need).raise_for_status().json()
        assert (
            specification["demand"]["peak_requests_per_second"]
            == uploaded["traced"]["peak_requests_per_second"]
        )
        first = client.post("/recommendations", json={"specification": specification, "limit": 1}).json()
        plain = client.post(
            "/specifications", json={"intent": need["intent"] | {"requests_per_second": 2.0}}
        ).json()
        sent = {"specification": plain, "traffic": uploaded["traced"], "limit": 1}
        second = client.post("/recommendations", json=sent).raise_for_status().json()
        assert first["recommendations"][0]["max_requests_per_second"] == pytest.approx(
            second["recommendations"][0]["max_requests_per_second"], rel=0.5
        )
        wrong = uploaded["traced"] | {"burstiness": 0.5}
        refused = client.post("/recommendations", json=sent | {"traffic": wrong})
        assert refused.status_code == 422
        assert refused.json()["fields"][0]["field"].endswith("traffic.burstiness")
