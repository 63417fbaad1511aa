"""Deleting a chat whose endpoint runs: the person is told what goes on costing before
they decide, and can still end it after.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page import NEED, Chat


def ask_to_delete(chat: Chat) -> None:
    """Open the question whether to delete the thread that is open."""
    chat.rests()
    row = chat.page.locator(f'a[href="{chat.path}"]').locator("xpath=ancestor-or-self::li")
    row.hover()
    row.locator("#thread-options").click(force=True)
    chat.page.locator("#delete-thread").click()


@pytest.mark.slow
def test_the_question_names_what_goes_on_running_and_its_cost(chat: Chat) -> None:
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.waits_at("options")
    ask_to_delete(chat)
    dialog = chat.page.get_by_role("alertdialog")
    expect(dialog).to_have_attribute("data-warned", re.compile("."))
    expect(dialog.get_by_role("alert")).to_have_count(0)  # nothing was deployed
    dialog.get_by_role("button").first.click()
    chat.press("options", "Choose option 1")
    chat.press("approval", re.compile("^Approve and apply"))
    title = chat.waits_at("running").get_by_role("heading", level=3).inner_text()
    name = re.search(r"[a-z-]+-[0-9a-f]{8}", title)
    assert name
    ask_to_delete(chat)
    warning = dialog.get_by_role("alert")
    expect(warning).to_contain_text(re.compile(rf"{name[0]} goes on running, at \$[\d,]+ a month"))
    dialog.get_by_role("button").last.click()
    expect(chat.page.locator("#chat-input")).to_be_visible()
    chat.open()
    chat.say("what is running?")
    chat.sees(name[0])
    chat.say(f"delete {name[0]}")
    chat.titled("Approval of a deletion").get_by_role("button", name=re.compile("^Delete from")).click()
    chat.sees(f"{name[0]} is gone")
