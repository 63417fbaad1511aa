"""Who gets in, and to what."""

import hashlib
import json
import re

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from agent.api.access import BURST
from agent.api.guard import UNUSED
from tests import web
from tests.browser.conftest import Site, be_patient
from tests.browser.page import NEED, Chat
from tests.conftest import stop_simulator
from tests.present import present

TOKENS = {"ann": "ann's long token", "bob": "bob's long token"}


@pytest.fixture
def shared(home, database_url):  # type: ignore[no-untyped-def]
    """A server whose users log in with a name and a token."""
    tokens = ",".join(
        f"{name}:{hashlib.sha256(token.encode()).hexdigest()}" for name, token in TOKENS.items()
    )
    site = Site(home, database_url, COMPASS_API_TOKENS=tokens)
    site.start()
    yield site
    site.kill()
    stop_simulator(home)


def session_of(chat: Chat) -> str:
    """Chainlit's name of a page's session, as the page sends it."""
    chat.page.reload()
    with chat.page.expect_request("**/set-session-cookie") as asked:
        expect(chat.page.locator("#chat-input")).to_be_visible()
    return str(json.loads(asked.value.post_data or "")["session_id"])


def log_in(browser: Browser, site: Site, name: str, token: str) -> Chat:
    context = browser.new_context()
    be_patient(context)
    page = context.new_page()
    page.goto(site.url)
    page.get_by_label(re.compile("email", re.IGNORECASE)).fill(name)
    page.get_by_label(re.compile("password", re.IGNORECASE)).fill(token)
    page.get_by_role("button", name=re.compile("sign in|continue", re.IGNORECASE)).first.click()
    return Chat(page, site.url)


@pytest.mark.slow
def test_users_log_in_and_see_only_their_own(browser: Browser, shared: Site) -> None:
    refused = log_in(browser, shared, "ann", "bob's long token")
    expect(refused.page.locator("#chat-input")).to_have_count(0)
    ann = log_in(browser, shared, "ann", TOKENS["ann"])
    expect(ann.page.locator("#chat-input")).to_be_visible()
    ann.say(NEED)
    ann.press("specification", "Looks good")
    ann.press("options", "Choose option 1")
    ann.press("approval", re.compile("^Approve and apply"))
    ann.sees("Approved by ann: ")
    name = ann.waits_at("running").get_by_role("heading").inner_text()
    path = ann.path

    bob = log_in(browser, shared, "bob", TOKENS["bob"])
    expect(bob.page.locator("#chat-input")).to_be_visible()
    expect(bob.page.get_by_text("No threads found")).to_be_visible()
    cookies = {c["name"]: c["value"] for c in bob.page.context.cookies()}
    thread = path.removeprefix("/thread/")
    with web.client(shared.url, cookies=cookies) as client:
        assert client.get(f"/project/thread/{thread}").status_code == 401
        assert client.request("DELETE", "/project/thread", json={"threadId": thread}).status_code == 401
        bearer = {"Authorization": f"Bearer {TOKENS['bob']}"}
        assert client.get(f"/api/v1/deployments/{name}", headers=bearer).status_code == 404
        check_doors(client, session_of(bob), shared, thread, ann)
    bob.page.goto(shared.url + path)
    expect(bob.page.get_by_text("Approved by ann")).to_have_count(0)
    assert web.get(f"{shared.url}/project/thread/{thread}").status_code == 401


def check_doors(bob: httpx.Client, mine: str, site: Site, thread: str, ann_there: Chat) -> None:
    """With a session of one's own nothing of another person's thread can be changed, and
    no payload is an error inside.
    """
    assert site.database_url is not None
    anns, of_ann = session_of(ann_there), {c["name"]: c["value"] for c in ann_there.page.context.cookies()}
    with psycopg.connect(site.database_url) as connection:
        kept = "SELECT json_agg(element ORDER BY number)::text FROM chat_elements WHERE thread_id = %s"
        before = connection.execute(kept, [thread]).fetchone()
        element = present(
            connection.execute(
                "SELECT element FROM chat_elements WHERE thread_id = %s LIMIT 1", [thread]
            ).fetchone()
        )
        step = present(
            connection.execute("SELECT id FROM chat_steps WHERE thread_id = %s LIMIT 1", [thread]).fetchone()
        )
        forged = {"sessionId": mine, "element": element[0] | {"props": {"forged": True}, "threadId": thread}}
        for method in ("PUT", "DELETE"):
            assert bob.request(method, "/project/element", json=forged).status_code == 404
        feedback = {"sessionId": mine, "feedback": {"forId": step[0], "value": 1, "threadId": thread}}
        assert "no such message" in bob.put("/feedback", json=feedback).json()["detail"]
        assert bob.request("DELETE", "/feedback", json={"feedbackId": step[0]}).status_code == 404
        assert web.put(f"{site.url}/feedback", json=feedback).status_code == 401
        assert connection.execute(kept, [thread]).fetchone() == before
        rated = connection.execute("SELECT count(*) FROM chat_steps WHERE feedback IS NOT NULL").fetchone()
        assert rated == (0,)
    with web.client(site.url, cookies=of_ann) as ann:
        assert ann.put("/feedback", json=feedback | {"sessionId": anns}).status_code == 200

    def pressed(session: str, **action: object) -> httpx.Response:
        return bob.post("/project/action", json={"sessionId": session, "action": action})

    for session in (anns, "nobody's"):
        refused = pressed(session, name="look", payload={"name": "x"})
        assert refused.status_code == 410
        assert "Reload the page" in refused.json()["detail"]
    payloads: tuple[object, ...] = ([], None, "x", 1)
    for payload in payloads:
        assert pressed(mine, name="say", payload=payload).status_code == 422
    assert "error" in pressed(mine, name="say", payload={}).json()["response"]
    assert pressed(mine, payload={}).status_code == 422
    assert "error" in pressed(mine, name="reply", payload={"x": 1}).json()["response"]
    assert pressed(mine, name="nothing", payload={}).status_code == 404


@pytest.mark.slow
def test_nobody_is_kept_out_by_anothers_tries(shared: Site) -> None:
    def log_in_as(client: httpx.Client, name: str, token: str) -> int:
        return client.post("/login", data={"username": name, "password": token}).status_code

    with web.client(shared.url) as client:
        tries = [log_in_as(client, "ann", "guessed") for _ in range(int(BURST) * 3)]
        assert set(tries) == {401, 429}
        assert log_in_as(client, "bob", TOKENS["bob"]) == 200
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with web.client(shared.url, transport=elsewhere) as client:
        assert log_in_as(client, "ann", TOKENS["ann"]) == 200


@pytest.mark.slow
def test_what_stands_before_everything(site: Site, context: BrowserContext) -> None:
    outside: list[str] = []
    complaints: list[str] = []
    page = context.new_page()
    page.on(
        "request",
        lambda request: (
            outside.append(request.url) if not request.url.startswith((site.url, "data:", "blob:")) else None
        ),
    )
    page.on(
        "console",
        lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None,
    )
    chat = Chat(page, site.url)
    chat.open()
    chat.say(NEED)
    chat.waits_at("specification")
    page.goto(f"{site.url}/api/docs")
    expect(page.get_by_role("heading", name="POST /api/v1/deployments", exact=True)).to_be_visible()
    assert outside == []  # nothing is loaded from anywhere else, nor asked for in vain
    assert complaints == []
    with web.client(site.url) as client:
        policy = client.get("/").headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert client.get("/", headers={"Host": "rebound.example"}).status_code == 403
        assert client.post("/auth/header", headers={"Origin": "https://evil.example"}).status_code == 403
        assert (
            client.get(
                "/ws/socket.io/?EIO=4&transport=polling", headers={"Origin": "https://evil.example"}
            ).status_code
            == 403
        )
        for origin in (
            "http://127.0.0.1:9999",
            site.url.replace("127.0.0.1", "localhost"),
            site.url.replace("http:", "https:") + "0",
            "null",
        ):
            assert client.post("/auth/header", headers={"Origin": origin}).status_code == 403
            assert (
                client.get("/ws/socket.io/?EIO=4&transport=polling", headers={"Origin": origin}).status_code
                == 403
            )
            assert (
                client.post("/api/v1/intents", json={"text": "x"}, headers={"Origin": origin}).status_code
                == 403
            )
        assert client.post("/auth/header", headers={"Origin": site.url}).status_code == 200
        assert client.post("/auth/header").status_code == 200  # no page: a script
        for body in (b"[]", b"1", b"{", b'{"session_id": [1]}', b'{"session_id": "a; Path=/x"}'):
            assert (
                client.post(
                    "/set-session-cookie", content=body, headers={"Content-Type": "application/json"}
                ).status_code
                == 422
            )
        assert (
            "X-Chainlit-Session-id"
            in client.post("/set-session-cookie", json={"session_id": "a-b"}).headers["set-cookie"]
        )
        for door in ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect", "/project/element"):
            assert client.get(door).status_code == 404
        for door in (
            "/mcp",
            "/project/file?session_id=1",
            "/project/share/x",
            "/copilot/index.js",
            "/auth/jwt",
        ):
            assert UNUSED.match(door.split("?")[0])
            assert client.post(door).status_code == 404
        assert client.post("/project/threads", content=b"x" * 2_100_000).status_code == 413
