"""A trace as an upload."""

import gzip
import tempfile
from pathlib import Path

import pytest

from agent.api import guard, uploading
from knowledge.traffic.lines import Limits
from knowledge.traffic.summary import TrafficSummary
from tests.api.conftest import Api
from tests.api.test_api import problem
from tests.knowledge.traffic.written import csv_of, poisson
from tests.pace import until
from tests.present import present


def test_an_upload_is_summarised_and_kept_nowhere(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(kept))
    body = csv_of(tmp_path, poisson(2000)).read_bytes()
    with api.client() as client:
        for sent in (body, gzip.compress(body)):
            answer = client.post("/traffic", params={"name": "mine.csv"}, content=sent).raise_for_status()
            found = TrafficSummary.model_validate(answer.json())
            assert (found.name, found.requests) == ("mine.csv", 2000)
            assert len(present(found.traced).seen) == 512
    until(lambda: list(kept.iterdir()) == [])  # it goes once the answer is sent


def test_what_is_no_trace_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "LIMITS", Limits(requests=10, blocks=10, megabytes=1))
    with api.client() as client:
        assert "the trace is empty" in problem(client.post("/traffic"), 422)
        assert "prompt tokens" in problem(client.post("/traffic", content=b"a,b\n1,2\n"), 422)
        assert "10 requests" in problem(client.post("/traffic", content=b"1,2,3\n" * 20), 422)
        bomb = gzip.compress(b"1,2,3\n" * 1_000_000)
        assert problem(client.post("/traffic", content=bomb), 422)
        problem(client.post("/traffic", params={"time_unit": "h"}, content=b"1,2,3\n"), 422)
    with api.client("") as nobody:
        problem(nobody.post("/traffic", content=b"1,2,3\n"), 401)


def test_an_upload_may_be_larger_than_other_bodies_and_not_too_large(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MAX_BODY_BYTES", 1000)
    monkeypatch.setattr(guard, "MAX_TRACE_BYTES", 5000)
    lines = b"".join(b"%d,9,9\n" % n for n in range(1000))
    with api.client() as client:
        assert client.post("/traffic", content=lines[:4000]).status_code == 200
        assert "5,000" in problem(client.post("/traffic", content=lines), 413)
        assert "5,000" in problem(client.post("/traffic", content=iter([lines[:3000], lines[3000:]])), 413)
        assert "1,000" in problem(client.post("/intents", content=lines[:2000]), 413)


def test_so_many_are_read_at_once(api: Api) -> None:
    taken = [uploading.AT_ONCE.acquire(blocking=False) for _ in range(2)]
    try:
        with api.client() as client:
            problem(client.post("/traffic", content=b"1,2,3\n5,2,3\n"), 429)
    finally:
        for _ in filter(None, taken):
            uploading.AT_ONCE.release()
