"""What a person can do to a page, and a machine to a server, in the middle of everything."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import Site
from tests.browser.page import NEED, Chat
from tests.browser.test_conversation import applied

STEPS: list[tuple[str, Callable[[Chat], None]]] = [
    ("specification", lambda chat: chat.press("specification", "Looks good")),
    ("options", lambda chat: chat.press("options", "Choose option 1")),
    ("approval", lambda chat: chat.press("approval", re.compile("^Approve and apply"))),
    ("running", lambda chat: chat.press("running", "Done")),
]
"""Every pause, and what leads on from it."""


@pytest.mark.slow
def test_reloaded_at_every_pause(chat: Chat, site: Site) -> None:
    chat.say(NEED)
    for stage, go_on in STEPS:
        chat.waits_at(stage)
        chat.page.reload()
        chat.waits_at(stage)
        go_on(chat)
    chat.sees(re.compile("Write again to test it"))
    chat.page.reload()
    chat.sees(re.compile("Write again to test it"))
    for stage, _ in STEPS:
        expect(chat.cards(stage)).to_have_count(1)  # the cards of the past are there, each once
    assert applied(site, chat) == 1


@pytest.mark.slow
def test_the_server_killed_at_every_pause(mortal_chat: Chat, mortal: Site) -> None:
    chat, site = mortal_chat, mortal
    chat.say(NEED)
    for number, (stage, go_on) in enumerate(STEPS):
        chat.waits_at(stage)
        path = chat.path
        site.kill()
        site.start()
        if number % 2:  # once by a page that was open all the time, once by a new one
            chat.open(path)
        chat.waits_at(stage)
        go_on(chat)
    chat.sees(re.compile("Write again to test it"))
    assert applied(site, chat) == 1


@pytest.mark.slow
def test_killed_in_the_middle_of_a_deployment(mortal_chat: Chat, mortal: Site) -> None:
    chat, site = mortal_chat, mortal
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.press("options", "Choose option 1")
    chat.press("approval", re.compile("^Approve and apply"))
    chat.sees(re.compile("^Approved by"))
    path = chat.path
    site.kill()
    site.start()
    chat.open(path)
    expect(chat.waits_at("running")).to_contain_text("1 of 1 replicas ready")
    assert applied(site, chat) == 1


@pytest.mark.slow
def test_two_tabs_approve_and_one_applies(chat: Chat, site: Site, context: BrowserContext) -> None:
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.press("options", "Choose option 1")
    chat.waits_at("approval")
    other = Chat(context.new_page(), site.url)
    other.open(chat.path)
    other.waits_at("approval")
    for tab in (chat, other):
        tab.cards("approval").get_by_role("button", name=re.compile("^Approve and apply")).click(
            no_wait_after=True
        )
    chat.waits_at("running")
    other.sees(re.compile("answered already"))
    other.waits_at("running")
    assert applied(site, chat) == 1


@pytest.mark.slow
def test_stopped_and_gone_on(unhurried_chat: Chat, unhurried: Site) -> None:
    """Stop ends the wait alone: what was begun is finished with the next words."""
    chat, site = unhurried_chat, unhurried
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.press("options", "Choose option 1")
    chat.press("approval", re.compile("^Approve and apply"))
    chat.sees(re.compile("^Approved by"))
    chat.page.locator("#stop-button").click()
    chat.sees(re.compile("Stopped watching"))
    chat.say("go on")
    chat.waits_at("running")
    assert applied(site, chat) == 1


@pytest.mark.slow
def test_history_is_listed_opened_again_and_deleted(chat: Chat) -> None:
    chat.say("translate product texts for 77 people")
    chat.waits_at("specification")
    path = chat.path
    chat.open()
    chat.say("code completion for 300 developers")
    chat.waits_at("specification")
    thread = chat.page.locator(f"a[href='{path}']")
    thread.click()
    expect(chat.waits_at("specification")).to_contain_text("Translation")
    chat.press("specification", "Looks good")
    chat.waits_at("options")
    thread.hover()
    thread.locator("#thread-options").click()
    chat.page.get_by_role("menuitem", name="Delete").click()
    chat.page.get_by_role("button", name="Confirm").click()
    expect(thread).to_have_count(0)
    chat.open(path)
    expect(chat.cards("options")).to_have_count(0)
