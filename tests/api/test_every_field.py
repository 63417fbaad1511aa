"""Each field of the specification over HTTP: described, sent, answered, refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from agent.api import access
from tests.agent.test_every_field import another
from tests.api.conftest import Api
from tools.specification import FIELDS, LOADS, Intent, Overrides
from tools.specification.wishes import Weights


def sent(name: str, value: Any) -> dict[str, Any]:
    """A body that asks for a specification with the field set."""
    intent: dict[str, Any] = {"use_case": "chatbot_conversational"}
    intent |= {} if name in LOADS else {"user_count": 1000}
    if name in Weights.model_fields:
        return {"intent": intent | {"priorities": {name.removesuffix("_priority"): value}}}
    if name in Overrides.model_fields:
        return {"intent": intent, "overrides": {name: value}}
    return {"intent": intent | {name: value}}


def test_every_field_is_described_with_its_label_and_its_unit(api: Api) -> None:
    with api.client() as client:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        page = httpx.get(f"{api.url}/api/docs").text
    described = schemas["Intent"]["properties"] | schemas["Overrides"]["properties"]
    for name, field in FIELDS.items():
        if name in Weights.model_fields:
            continue
        assert described[name]["title"] == field.spec.title
        assert described[name].get("x-unit", "") == field.spec.unit.replace(
            "%", "share" if field.shape == "percent" else "%"
        )
        assert field.spec.title in page or field.spec.title.lower() == name.replace("_", " ")


def test_every_field_is_sent_and_answered(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "BURST", 1e9)
    with api.client() as client:
        for name, field in FIELDS.items():
            value = another(field)
            answer = client.post("/specifications", json=sent(name, value))
            assert answer.status_code == 200, (name, answer.text)
            got = answer.json()
            if name in Weights.model_fields:
                assert got["intent"]["priorities"][name.removesuffix("_priority")] == value
            else:
                part, model = (
                    ("overrides", Overrides) if name in Overrides.model_fields else ("intent", Intent)
                )
                kept = model.model_validate({name: value}).model_dump(mode="json")
                assert got[part][name] == kept[name]


def test_figures_beyond_their_bounds_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "BURST", 1e9)
    assert {*Intent.model_fields, *Overrides.model_fields} >= set(FIELDS) - set(Weights.model_fields)
    with api.client() as client:
        for name, field in FIELDS.items():
            if not field.is_figure or field.high is None or field.low is None:
                continue
            for beyond in (field.low.value - 1, field.high.value + 1):
                answer = client.post("/specifications", json=sent(name, beyond))
                assert answer.status_code == 422, name
                [problem] = answer.json()["fields"]
                assert problem["field"].endswith(name)
                assert problem["text"].lower().startswith(field.spec.the.lower())
