"""A conversation that can't be read any more, in the browser: a sentence instead of a card, and a way on."""

import re

import psycopg
import pytest
from playwright.sync_api import expect

from tests.agent.test_unreadable import DAMAGE
from tests.browser.conftest import Site
from tests.browser.page import NEED, Chat


@pytest.mark.slow
def test_it_is_said_and_the_conversation_begun_anew(mortal_chat: Chat, mortal: Site) -> None:
    chat = mortal_chat
    chat.say(NEED)
    chat.waits_at("specification")
    with psycopg.connect(str(mortal.database_url), autocommit=True) as connection:
        (thread,) = connection.execute("SELECT thread_id FROM checkpoints LIMIT 1").fetchone() or ("",)
        assert connection.execute(DAMAGE["tag"], [thread]).rowcount
    chat.page.reload()
    chat.sees(re.compile("This conversation can't be read"))
    expect(chat.page.locator(".cp-card:not(.cp-locked) .cp-actions")).to_have_count(0)
    chat.say("start over")
    chat.sees(re.compile("What was planned before can't be read, and is gone"))
    chat.say("code completion for 300 developers")
    chat.waits_at("specification")
    assert "Traceback" not in (mortal.home / "serve.log").read_text()
