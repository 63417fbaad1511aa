"""A conversation that can't be read, over HTTP: a problem in words, and a way on."""

from tests.agent.test_unreadable import damage, is_said
from tests.api.conftest import Api
from tests.api.test_api import events, problem


def test_the_api_says_it_and_goes_on(api: Api) -> None:
    with api.client() as client:
        id = client.post("/conversations").raise_for_status().json()["id"]
        client.post(
            f"/conversations/{id}/turns", json={"text": "a chatbot for 1000 users"}
        ).raise_for_status()
        damage(api.runtime, id)
        assert is_said(problem(client.get(f"/conversations/{id}"), 422))
        (error,) = events(client.post(f"/conversations/{id}/turns", json={"text": "looks good"}))
        assert error["event"] == "error"
        assert is_said(error["text"])
        said = events(client.post(f"/conversations/{id}/turns", json={"text": "start over"}))
        assert "error" not in {e["event"] for e in said}
        assert client.get(f"/conversations/{id}").status_code == 200
