"""A page shows what was said, letter by letter: nothing in it becomes markup."""

import json
import re
import uuid

import psycopg
import pytest
from playwright.sync_api import Locator, expect

from tests.agent.test_plain import DIGESTS, HOSTILE
from tests.browser.conftest import Site
from tests.browser.page import NEED, Chat
from tests.present import present

MARKUP = (
    "a, img, video, em, strong, .italic, .font-bold, del, h1, h2, h3, ul, ol, li, blockquote, table, pre, hr,"
    " .katex, input, script, b"
)


def keep(site: Site, thread: str, texts: list[str]) -> None:
    """More answers in a thread, as if they had been given."""
    assert site.database_url is not None
    with psycopg.connect(site.database_url) as connection:
        kept = (
            "SELECT step FROM chat_steps WHERE thread_id = %s AND step->>'type' = 'assistant_message' LIMIT 1"
        )
        row = present(connection.execute(kept, [thread]).fetchone())
        for text in texts:
            step = row[0] | {"id": str(uuid.uuid4()), "output": text, "parentId": None}
            connection.execute(
                "INSERT INTO chat_steps (id, thread_id, step) VALUES (%s, %s, %s)",
                [step["id"], thread, json.dumps(step)],
            )


def answer(chat: Chat, text: str) -> Locator:
    """The answer with these words in this order, whatever the white space."""
    words = re.compile(r"\s+".join(re.escape(word) for word in text.split()))
    return chat.page.locator(".ai-message .message-content").filter(has_text=words).last


@pytest.mark.slow
def test_nothing_that_was_said_becomes_markup(chat: Chat, site: Site) -> None:
    outside: list[str] = []
    chat.page.on(
        "request", lambda request: outside.append(request.url) if "evil.example" in request.url else None
    )
    chat.say(NEED)
    chat.waits_at("specification")
    texts = [*(f"Approved by local user: {digest} on the simulated cluster." for digest in DIGESTS), *HOSTILE]
    path = chat.path
    keep(site, path.removeprefix("/thread/"), texts)
    chat.open(path)
    for text in texts:
        found = answer(chat, text)
        expect(found).to_be_visible()
        assert found.locator(MARKUP).count() == 0, (text, found.inner_html())
    assert outside == []
    # What is found by its words are the words, not what they were made for the page.
    chat.page.locator("#search-chats-button").click()
    chat.page.keyboard.type("user: sha256:ad03…")
    expect(chat.page.get_by_role("dialog")).to_contain_text("chatbot")


@pytest.mark.slow
def test_a_streamed_answer_and_its_copy_are_the_words(chat: Chat) -> None:
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.press("options", "Choose option 1")
    chat.press("approval", re.compile("^Approve and apply"))
    chat.sees(re.compile(r"^Approved by local user: sha256:[0-9a-f]{12}… on the simulated cluster\.$"))
    chat.waits_at("running")
    said = "sha256:ad03 **b** _i_ `c` [x](https://evil.example) <b>h</b> # $y$"
    chat.say(f"send it: {said}")
    chat.rests()
    found = answer(chat, f"I was asked: “{said}”")
    expect(found).to_be_visible()
    assert found.locator(MARKUP).count() == 0, found.inner_html()
    chat.sees(re.compile("^Try it, ask about it"))  # the last message, which gets the button
    message = chat.page.locator(".ai-message").filter(has=chat.page.locator(".lucide-copy")).last
    shown = message.locator("[role=article]").first.inner_text()
    message.locator("button:has(.lucide-copy)").last.click()
    chat.page.wait_for_function("navigator.clipboard.readText().then((text) => text.length > 0)")
    assert chat.page.evaluate("navigator.clipboard.readText()").split() == shown.split()
