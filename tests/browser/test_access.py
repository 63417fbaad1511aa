"""Who gets in, and to what."""

import hashlib
import re

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from agent.api.guard import UNUSED
from tests.browser.conftest import PATIENCE_S, Site
from tests.browser.page import NEED, Chat
from tests.conftest import stop_simulator

TOKENS = {"ann": "ann's long token", "bob": "bob's long token"}


@pytest.fixture
def shared(home, database_url):  # type: ignore[no-untyped-def]
    """A server whose users log in with a name and a token."""
    tokens = ",".join(f"{name}:{hashlib.sha256(token.encode()).hexdigest()}" for name, token in TOKENS.items())
    site = Site(home, database_url, COMPASS_API_TOKENS=tokens)
    site.start()
    yield site
    site.kill()
    stop_simulator(home)


def log_in(browser: Browser, site: Site, name: str, token: str) -> Chat:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_S * 1000)
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
    with httpx.Client(base_url=shared.url, cookies=cookies, trust_env=False) as client:
        assert client.get(f"/project/thread/{thread}").status_code == 401
        assert client.request("DELETE", "/project/thread", json={"threadId": thread}).status_code == 401
        bearer = {"Authorization": f"Bearer {TOKENS['bob']}"}
        assert client.get(f"/api/v1/deployments/{name}", headers=bearer).status_code == 404
    bob.page.goto(shared.url + path)
    expect(bob.page.get_by_text("Approved by ann")).to_have_count(0)
    assert httpx.get(f"{shared.url}/project/thread/{thread}", trust_env=False).status_code == 401


@pytest.mark.slow
def test_what_stands_before_everything(site: Site, context: BrowserContext) -> None:
    outside: list[str] = []
    page = context.new_page()
    page.on(
        "requestfinished", lambda request: outside.append(request.url) if not request.url.startswith((site.url, "data:", "blob:")) else None
    )
    chat = Chat(page, site.url)
    chat.open()
    chat.say(NEED)
    chat.waits_at("specification")
    assert outside == []  # nothing is loaded from anywhere else
    with httpx.Client(base_url=site.url, trust_env=False) as client:
        policy = client.get("/").headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert client.get("/", headers={"Host": "rebound.example"}).status_code == 403
        assert client.post("/auth/header", headers={"Origin": "https://evil.example"}).status_code == 403
        assert client.get("/ws/socket.io/?EIO=4&transport=polling", headers={"Origin": "https://evil.example"}).status_code == 403
        for door in ("/mcp", "/project/file?session_id=1", "/project/share/x", "/copilot/index.js", "/auth/jwt"):
            assert UNUSED.match(door.split("?")[0])
            assert client.post(door).status_code == 404
        assert client.post("/project/threads", content=b"x" * 2_100_000).status_code == 413
