"""Bodies that were right but for one value: a sentence about it or an answer, and never a 5xx."""

import copy
import itertools
import json
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from agent.api import access
from tests.api.conftest import Api
from tests.api.test_api import NEED, problem, to_deploy
from tests.soak import examples

MISSING = object()
Path = tuple[str | int, ...]
REPLACEMENTS = [
    MISSING,
    None,
    0,
    -1,
    0.5,
    1e-300,
    1e300,
    10**40,
    float("inf"),
    float("nan"),
    True,
    "",
    "x",
    "0",
    "é\x00",
    [],
    {},
    [None],
]


def leaves(value: Any, at: Path = ()) -> Iterator[Path]:
    """Where its single values are, and its empty lists and objects."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path for key, each in inside for path in leaves(each, (*at, key))]
    yield from found or [at]


def with_one_other(body: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    parent: Any = changed
    for key in path[:-1]:
        parent = parent[key]
    if value is MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return changed


def steps(api: Api) -> dict[str, dict[str, Any]]:
    """A right body for each step, from the answer of the step before."""
    with api.client() as client:
        read = client.post("/intents", json=NEED).raise_for_status().json()
        specification = client.post("/specifications", json=read).raise_for_status().json()
        bodies = {"/recommendations": {"specification": specification, "limit": 2, "view": "balanced"}}
        plan = client.post("/recommendations", json=bodies["/recommendations"]).raise_for_status().json()
        bodies["/manifests"] = {
            "specification": specification,
            "recommendation": plan["recommendations"][0],
            "name": "mutated",
        }
        manifests = client.post("/manifests", json=bodies["/manifests"]).raise_for_status().json()
        # Another digest than theirs is approved: whatever is changed, nothing is applied.
        return bodies | {"/deployments": to_deploy(manifests) | {"approve": f"sha256:{'0' * 64}"}}


def test_one_wrong_value_is_told_and_never_a_5xx(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "BURST", 1e9)
    bodies = steps(api)
    places = {step: list(leaves(body)) for step, body in bodies.items()}
    keys = itertools.count()
    with api.client() as client:

        def send(step: str, body: dict[str, Any]) -> None:
            headers = {"Content-Type": "application/json", "Idempotency-Key": f"k{next(keys)}"}
            answer = client.post(step, content=json.dumps(body), headers=headers)
            if answer.status_code != 200:
                assert 400 <= answer.status_code < 500, answer.text
                problem(answer, answer.status_code)

        # Each was a division by zero.
        send("/manifests", with_one_other(bodies["/manifests"], ("recommendation", "gpu_count"), 0))
        send(
            "/recommendations",
            with_one_other(
                bodies["/recommendations"], ("specification", "overrides", "active_fraction"), 1e-300
            ),
        )

        @hypothesis.settings(max_examples=examples(150), derandomize=True, database=None)
        @hypothesis.given(st.data())
        def mutated(data: st.DataObject) -> None:
            step = data.draw(st.sampled_from(list(bodies)))
            path, value = data.draw(st.sampled_from(places[step])), data.draw(st.sampled_from(REPLACEMENTS))
            send(step, with_one_other(bodies[step], path, value))

        mutated()
