"""What runs is measured, watched and judged in the conversation, and told apart when it misbehaves."""

import asyncio
import re
from typing import Any

import pytest

from agent.events import MessageEvent
from agent.runtime import Runtime
from knowledge.database import Database
from knowledge.settings import Settings
from simulator.cluster.control import heal, order_failure
from tests import web
from tests.agent.test_deployment import RUNNING
from tests.present import present
from tests.simulator.load import Request, load
from tests.talking import Heard, converse, facts_of, name_of
from tools.clusters.cluster import Cluster
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.records import watched


@pytest.fixture
def probing(settings: Settings) -> Settings:
    """As people have it, only shorter."""
    return settings.model_copy(update={"probe_s": 2.0})


def endpoint_of(runtime: Runtime, thread: str) -> str:
    return present(
        get_status(StatusQuery(name=name_of(runtime, thread), metrics=False), runtime.cluster).endpoint
    )


def live(cluster: Cluster, name: str, database: Database) -> DeploymentStatus:
    return watched(StatusQuery(name=name), cluster, database)


def send(url: str, model: str, count: int, per_second: float = 4.0) -> None:
    asyncio.run(load(url, model, [Request(n / per_second, 512, 64) for n in range(count)]))


def details(heard: Heard, kind: str) -> dict[str, Any]:
    said = [e for e in heard.events if isinstance(e, MessageEvent) and e.kind == kind and e.details]
    return facts_of(said[-1])


def test_a_new_endpoint_is_measured_and_the_outcome_kept(probing: Settings, thread: str) -> None:
    runtime = Runtime(probing.model_copy(update={"probe_s": 9.0}))  # for enough requests to judge by
    try:
        heard = converse(runtime, thread, *RUNNING)
        assert heard.states[-1] == "basic_monitoring"
        assert "It meets its targets" in heard.text
        checks = details(heard, "validation")["checks"]
        assert [c["metric"] for c in checks] == ["ttft", "itl", "e2e"]
        assert "validate_endpoint" in heard.tools
        again = converse(runtime, thread, "measure it again")
        assert re.search(r"Measured again\. (It meets its targets|Look at this)", again.text), again.text
        with runtime.database.connect() as connection:
            kept = connection.execute("SELECT outcome FROM validations ORDER BY at").fetchall()
        # On a busy machine so few seconds can leave doubts: a warning, which is kept like all else.
        assert [k["outcome"] for k in kept] == [details(h, "validation")["outcome"] for h in (heard, again)]
        assert kept[0]["outcome"] == "pass"
    finally:
        runtime.close()


def test_one_that_misses_its_targets_fails_and_can_be_kept(
    probing: Settings, thread: str, simulator: str
) -> None:
    order_failure(simulator, "very-slow")
    runtime = Runtime(probing.model_copy(update={"probe_s": 9.0}))  # for more than a handful of requests
    try:
        heard = converse(
            runtime, thread, RUNNING[0], "answers of 64 tokens", *RUNNING[2:]
        )  # so that it takes less long
        assert heard.states[-1] == "failed", details(heard, "validation")
        assert "misses its target" in heard.text
        assert "It runs at" in heard.text
        assert "is too slow" in heard.text
        assert "deployment failed" not in heard.text
        kept = converse(runtime, thread, "keep it as it is")
        assert kept.states[-1] == "basic_monitoring", kept.text
        assert "It fails its validation" in kept.text
        heal(simulator)
        again = converse(runtime, thread, "validate it again")
        assert "Measured again." in again.text
        checks = details(again, "validation")["checks"]
        itl = next(c for c in checks if c["metric"] == "itl")
        assert (
            itl["p50_ms"] < 1.6 * itl["target_ms"]
        )  # 2.6 times before; whether all hold beside other tests says how busy they are
    finally:
        heal(simulator)
        runtime.close()


@pytest.mark.parametrize(
    ("wrong", "why"), [("gibberish", "no language"), ("garbage", "without any text"), ("500", "HTTP 500")]
)
def test_what_answers_nonsense_is_no_success(
    wrong: str, why: str, probing: Settings, thread: str, simulator: str
) -> None:
    order_failure(simulator, wrong)  # type: ignore[arg-type]
    runtime = Runtime(probing)
    try:
        heard = converse(runtime, thread, *RUNNING)
        assert heard.states[-1] == "failed"
        assert why in heard.text
        heal(simulator)
        assert converse(runtime, thread, "retry").states[-1] == "basic_monitoring"
    finally:
        heal(simulator)
        runtime.close()


def test_the_status_judges_what_the_replicas_measured(runtime: Runtime, thread: str, simulator: str) -> None:
    converse(runtime, thread, *RUNNING)
    name, url = name_of(runtime, thread), endpoint_of(runtime, thread)
    model = web.get(f"{url}/v1/models").json()["data"][0]["id"]
    send(url, model, 12)
    few = live(runtime.cluster, name, runtime.database)
    assert few.live is not None
    assert few.live.state == "unknown"
    assert "too few to judge: 13 requests" in few.live.verdict
    send(url, model, 28)
    found = live(runtime.cluster, name, runtime.database)
    assert found.live is not None
    assert found.live.state == "holding", found.live.verdict
    assert found.live.requests == 41  # and the first prompt
    assert "holding its SLO with" in found.live.verdict
    assert {n.metric for n in found.live.latencies} == {"ttft", "itl", "e2e"}
    assert all(n.headroom is not None and 0 < n.headroom < 1 for n in found.live.latencies)
    assert found.cost_usd is not None
    assert 0 < found.cost_usd < 1
    said = converse(runtime, thread, "how is it doing?")
    assert "Holding its SLO with" in said.text
    order_failure(simulator, "500", f"{name}*")
    try:
        for _ in range(6):
            web.post(f"{url}/v1/completions", json={"model": model, "prompt": "x", "max_tokens": 2})
        failing = live(runtime.cluster, name, runtime.database)
    finally:
        heal(simulator)
    assert failing.live is not None
    assert failing.live.state == "failing"
    assert "failing 3 of" in failing.live.verdict


def test_one_that_is_missing_its_targets_says_what_to_do(
    runtime: Runtime, thread: str, simulator: str
) -> None:
    converse(runtime, thread, *RUNNING)
    name, url = name_of(runtime, thread), endpoint_of(runtime, thread)
    model = web.get(f"{url}/v1/models").json()["data"][0]["id"]
    order_failure(simulator, "very-slow", f"{name}*")
    try:
        send(url, model, 36)
    finally:
        heal(simulator)
    found = live(runtime.cluster, name, runtime.database)
    assert found.live is not None
    assert found.live.state == "missing", found.live.verdict
    assert found.live.advice is not None
    assert "slower than predicted: scale to" in found.live.advice
