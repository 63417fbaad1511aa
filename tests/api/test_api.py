"""The REST API: the same engine and the same approvals, for those who may, and errors
that say what would be accepted.
"""

import asyncio
import io
import json
import logging
from typing import Any

import anyio.to_thread
import httpx
import pytest

from agent.api.access import BURST, Access
from agent.api.app import build_api
from agent.runtime import Runtime
from agent.telemetry import JsonLines
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tests import web
from tests.api.conftest import TOKENS, Api, hashed
from tests.pace import patient, until
from tests.talking import deployed
from tools.get_status import DeploymentStatus, StatusQuery, get_status

NEED = {"text": "a chatbot for 1000 users"}
SECRET = "nobody-may-read-this"


def planned(client: httpx.Client, name: str = "mine") -> dict[str, Any]:
    """From words to manifests, step by step."""
    read = client.post("/intents", json=NEED).raise_for_status().json()
    specification = client.post("/specifications", json=read).raise_for_status().json()
    plan = (
        client.post("/recommendations", json={"specification": specification, "limit": 3})
        .raise_for_status()
        .json()
    )
    body = {"specification": specification, "recommendation": plan["recommendations"][0], "name": name}
    found: dict[str, Any] = client.post("/manifests", json=body).raise_for_status().json()
    return found


def to_deploy(manifests: dict[str, Any]) -> dict[str, Any]:
    bundle, live = manifests["bundle"], manifests["review"]["live"]
    return {
        "files": bundle["files"],
        "model_id": bundle["model_id"],
        "approve": bundle["digest"],
        "live": live,
    }


def to_delete(client: httpx.Client, name: str) -> dict[str, Any]:
    """What the first try is answered with, in words and as values."""
    answer = client.request("DELETE", f"/deployments/{name}", json={}, headers={"Idempotency-Key": "first"})
    said, found = problem(answer, 409), answer.json()
    assert f"live: {found['live']} and approve: {found['approve']}" in said
    return {"approve": found["approve"], "live": found["live"]}


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    return [
        json.loads(line.removeprefix("data: "))
        for line in answer.text.splitlines()
        if line.startswith("data: ")
    ]


def problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    return str(answer.json()["detail"])


def test_from_words_to_a_running_endpoint_and_its_end(api: Api) -> None:
    with api.client() as client:
        manifests = planned(client)
        done = client.post("/deployments", json=to_deploy(manifests), headers={"Idempotency-Key": "k1"})
        assert done.status_code == 201, done.text
        name = done.json()["name"]
        assert name in deployed(api.runtime.cluster)
        again = client.post("/deployments", json=to_deploy(manifests), headers={"Idempotency-Key": "k1"})
        assert (again.status_code, again.json()) == (201, done.json())
        until(lambda: client.get(f"/deployments/{name}").json()["phase"] == "ready")
        status = client.get(f"/deployments/{name}").json()
        assert status["approved_digest"] == manifests["bundle"]["digest"]
        tried = client.post(f"/deployments/{name}/test", json={"prompt": "hello"}).raise_for_status().json()
        assert tried["ttft_ms"] > 0
        assert [d["name"] for d in client.get("/deployments").json()] == [name]
        unseen = to_deploy(manifests) | {"live": ""}
        assert "has changed since" in problem(
            client.post("/deployments", json=unseen, headers={"Idempotency-Key": "k0"}), 409
        )
        stale = to_delete(client, name)
        wrong: dict[str, dict[str, Any]] = {
            "old": {"live": "0" * 64},
            "unseen": {"live": None},
            "no": {"approve": None},
        }
        for key, change in wrong.items():
            problem(
                client.request(
                    "DELETE", f"/deployments/{name}", json=stale | change, headers={"Idempotency-Key": key}
                ),
                409,
            )
        assert name in deployed(api.runtime.cluster)
        wanted = to_delete(client, name)
        assert wanted == stale
        for _ in range(2):  # the same key again is the same request
            client.request(
                "DELETE", f"/deployments/{name}", json=wanted, headers={"Idempotency-Key": "k2"}
            ).raise_for_status()
            assert name not in deployed(api.runtime.cluster)
    with api.runtime.database.connect() as connection:
        actors = connection.execute("SELECT DISTINCT actor FROM audit_log").fetchall()
    assert [a["actor"] for a in actors] == ["ann"]


def test_nothing_is_applied_but_what_was_approved(api: Api) -> None:
    before = deployed(api.runtime.cluster)
    with api.client() as client:
        wanted = to_deploy(planned(client))
        assert "Idempotency-Key" in problem(client.post("/deployments", json=wanted), 428)
        other = wanted | {"approve": f"sha256:{'0' * 64}"}
        assert "another one was approved" in problem(
            client.post("/deployments", json=other, headers={"Idempotency-Key": "a"}), 409
        )
        changed = json.loads(json.dumps(wanted))
        changed["files"][-1]["content"] += "# more\n"
        assert "another one was approved" in problem(
            client.post("/deployments", json=changed, headers={"Idempotency-Key": "b"}), 409
        )
        stale = wanted | {"live": "something else"}
        assert "has changed since" in problem(
            client.post("/deployments", json=stale, headers={"Idempotency-Key": "c"}), 409
        )
        for content in (
            ": :",
            "a: 2024-13-45",
            "kind: [a]",
            "[" * 100_000,
            "kind: InferenceService\nmetadata: {name: [a]}",
        ):
            broken = wanted | {"files": [{"path": "x.yaml", "content": content}]}
            problem(client.post("/deployments", json=broken, headers={"Idempotency-Key": "d"}), 409)
    assert deployed(api.runtime.cluster) == before


def test_each_user_sees_only_their_own(api: Api) -> None:
    with api.client("ann") as ann, api.client("bob") as bob, api.client("") as nobody:
        done = (
            ann.post("/deployments", json=to_deploy(planned(ann)), headers={"Idempotency-Key": "k"})
            .raise_for_status()
            .json()
        )
        assert bob.get("/deployments").json() == []
        assert "no deployment" in problem(bob.get(f"/deployments/{done['name']}"), 404)
        talk = ann.post("/conversations").json()["id"]
        assert "no such conversation" in problem(bob.post(f"/conversations/{talk}/turns", json=NEED), 404)
        assert "Bearer" in problem(nobody.get("/models"), 401)
        assert web.get(f"{api.url}/metrics").status_code == 401
        wanted = to_delete(ann, done["name"])
        ann.request(
            "DELETE", f"/deployments/{done['name']}", json=wanted, headers={"Idempotency-Key": "x"}
        ).raise_for_status()


def test_a_list_looks_at_nobody_elses(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at one takes many requests to the cluster, and a window of what it did goes on record."""
    looked_at: list[str] = []

    def look(query: StatusQuery, *others: Any) -> DeploymentStatus:
        looked_at.append(query.name)
        return get_status(query, *others)

    monkeypatch.setattr("tools.deployments.get_status", look)
    with api.client("ann") as ann, api.client("bob") as bob:
        done = (
            ann.post("/deployments", json=to_deploy(planned(ann)), headers={"Idempotency-Key": "k"})
            .raise_for_status()
            .json()
        )
        assert bob.get("/deployments").json() == []
        assert looked_at == []
        assert [d["name"] for d in ann.get("/deployments").json()] == looked_at == [done["name"]]


def test_a_conversation_by_turns(api: Api) -> None:
    with api.client() as client:
        talk = client.post("/conversations").raise_for_status().json()["id"]
        problem(client.get(f"/conversations/{talk}"), 404)
        heard = events(client.post(f"/conversations/{talk}/turns", json=NEED))
        assert heard[-1]["event"] == "checkpoint"
        assert heard[-1]["state"] == "specification_review"
        here = client.get(f"/conversations/{talk}").json()
        assert here["checkpoint"]["interrupt_id"] == heard[-1]["interrupt_id"]
        reply = {"reply": {"interrupt_id": heard[-1]["interrupt_id"], "move": "Confirm"}}
        first = events(client.post(f"/conversations/{talk}/turns", json=reply))
        assert first[-1]["state"] == "presenting_options"
        twice = events(client.post(f"/conversations/{talk}/turns", json=reply))
        assert "answered already" in twice[0]["text"]
        problem(client.post(f"/conversations/{talk}/turns", json={}), 422)


def test_a_turn_is_finished_though_its_client_hangs_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.turns.LOCK_WAIT_S", 10.0)
    with api.client() as client:
        turns = f"/conversations/{client.post('/conversations').raise_for_status().json()['id']}/turns"
        pause = events(client.post(turns, json=NEED))[-1]
        with client.stream(
            "POST", turns, json={"text": "looks good", "interrupt_id": pause["interrupt_id"]}
        ) as heard:
            assert next(heard.iter_lines()) == "event: state"
        asked = events(client.post(turns, json={"text": "why this one?"}))
        assert [e for e in asked if e["event"] == "error"] == []
        assert asked[-1]["state"] == "presenting_options"


def test_what_compass_knows(api: Api) -> None:
    with api.client() as client:
        assert len(client.get("/models").json()) > 40
        assert {g["id"] for g in client.get("/gpus").json()} >= {"H100", "MI300X"}
        assert len(client.get("/use-cases").json()) == 9
        rows = client.get("/benchmarks", params={"gpu": "H100", "profile": "512/256", "limit": 3}).json()
        assert len(rows) == 3
        assert "no GPU" in problem(client.get("/benchmarks", params={"gpu": "GTX"}), 422)
        assert "limit" in problem(client.get("/benchmarks", params={"limit": 0}), 422)
        assert "POST" not in problem(client.put("/models"), 405)
    assert web.get(f"{api.url}/healthz").json() == {"status": "ok"}
    assert web.get(f"{api.url}/readyz").json() == {"status": "ready", "cut_off": 0}
    with api.client() as client:
        assert b"compass_turns_total" in client.get(f"{api.url}/metrics").content


class Log:
    """What is written to the log from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._written = io.StringIO()
        handler = logging.StreamHandler(self._written)
        handler.setFormatter(JsonLines())
        monkeypatch.setattr(logging.getLogger("agent"), "handlers", [handler])
        logging.getLogger("agent").setLevel(logging.INFO)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._written.getvalue().splitlines()]

    def of(self, answer: httpx.Response) -> dict[str, Any]:
        """The line of a request, which is written after its answer was sent."""
        number = answer.headers["X-Request-Id"]
        [line] = until(lambda: [a for a in self.lines if (a["event"], a["request"]) == ("request", number)])
        return line


def test_every_request_has_an_id_and_a_line_without_contents(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(monkeypatch)
    with api.client() as client, api.client("") as nobody:
        talk = client.post("/conversations").json()["id"]
        answers = [
            client.post(f"/conversations/{talk}/turns", json=NEED),
            client.get(f"/deployments/{SECRET}"),
            client.get(f"/{SECRET}", params={"q": SECRET}),
            client.post("/intents", content=b"x" * 2_000_001),
            nobody.get("/models", headers={"Authorization": f"Bearer {SECRET}"}),
        ]
    seen = [log.of(answer) for answer in answers]
    assert [(line["method"], line["route"], line["status"], line["user"]) for line in seen] == [
        ("POST", "/api/v1/conversations/{id}/turns", 200, "ann"),
        ("GET", "/api/v1/deployments/{name}", 404, "ann"),
        ("GET", None, 404, None),
        ("POST", None, 413, None),
        ("GET", "/api/v1/models", 401, None),
    ]
    assert all(line["duration_ms"] > 0 for line in seen)
    assert [
        line["thread"]
        for line in log.lines
        if line["event"] == "turn" and line["request"] == seen[0]["request"]
    ] == [talk]
    assert not any(hidden in json.dumps(log.lines) for hidden in (SECRET, NEED["text"], *TOKENS.values()))


def test_a_request_that_fails_inside_compass_has_them_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(monkeypatch)
    monkeypatch.setattr("agent.api.knowing.models", lambda: 1 / 0)
    with api.client() as client:
        failed = client.get("/models")
    assert "ZeroDivisionError" in problem(failed, 500)
    assert log.of(failed)["status"] == 500
    assert {line["request"] for line in log.lines} == {failed.headers["X-Request-Id"]}


def test_whoever_watches_it_is_answered_while_every_thread_is_busy(runtime: Runtime) -> None:
    async def asked() -> list[int]:
        threads = anyio.to_thread.current_default_thread_limiter()
        for _ in range(int(threads.total_tokens)):
            await threads.acquire_on_behalf_of(object())
        transport = httpx.ASGITransport(app=build_api(runtime, "127.0.0.1"))
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as client,
            asyncio.timeout(patient(10)),
        ):
            return [(await client.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics")]

    assert asyncio.run(asked()) == [200, 200, 200]


def test_limits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.api.access.PER_SECOND", 0.01)  # however slowly a busy machine asks
    with api.client("bob") as client:
        assert "bytes" in problem(client.post("/intents", content=b"x" * 2_000_001), 413)
        chunks = (b"x" * 100_000 for _ in range(25))
        assert "bytes" in problem(client.post("/intents", content=chunks), 413)
        problem(client.post("/intents", content=b"{"), 422)
        statuses = {client.get("/use-cases").status_code for _ in range(int(BURST) * 2)}
        assert statuses <= {200, 429}
        assert 429 in statuses
        assert "wait a moment" in problem(client.get("/use-cases"), 429)


def test_without_tokens_it_listens_on_loopback_alone_and_to_this_machines_pages(runtime: Runtime) -> None:
    for host in ("0.0.0.0", "::", "10.0.0.1", "compass.example"):
        with pytest.raises(CompassError, match="COMPASS_API_TOKENS"):
            build_api(runtime, host)
    app = build_api(runtime, "127.0.0.1")

    async def status(host: str, **headers: str) -> int:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=f"http://{host}"
        ) as client:
            return (await client.get("/api/v1/gpus", headers=headers)).status_code

    assert asyncio.run(status("127.0.0.1:8765")) == 200
    assert asyncio.run(status("localhost:8765", origin="http://localhost:8765")) == 200
    assert asyncio.run(status("rebound.example")) == 403
    for origin in (
        "https://evil.example",
        "http://127.0.0.1:9999",
        "http://localhost:8765",
        "http://127.0.0.1",
        "null",
        "x",
    ):
        assert asyncio.run(status("127.0.0.1:8765", origin=origin)) == 403


@pytest.mark.parametrize("tokens", ["ann", "ann:secret", ":" + "0" * 64, "ann:" + "Z" * 64])
def test_tokens_are_hashes(tokens: str, settings: Settings) -> None:
    with pytest.raises(CompassError, match="NAME:SHA256"):
        Access(settings.model_copy(update={"api_tokens": tokens}), "127.0.0.1")
    assert Access(settings.model_copy(update={"api_tokens": hashed()}), "0.0.0.0")
