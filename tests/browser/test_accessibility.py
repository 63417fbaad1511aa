"""axe-core on the chat with each card, light and dark; at the width of a phone too."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from simulator.cluster.control import heal, order_failure
from tests.browser.conftest import Site
from tests.browser.page import NEED, Chat
from tools.clusters.simulated import simulator_address

SERIOUS = {"serious", "critical"}
SCANS, SETTLES_MS = 3, 700
RETRIES = 4


FRESH = "[data-scan=fresh]"
MARK = (
    "document.querySelectorAll('.cp-card:not([data-scan])').forEach((card) => { card.dataset.scan ="
    " 'fresh' })"
)
DONE = "document.querySelectorAll('[data-scan=fresh]').forEach((card) => { card.dataset.scan = 'done' })"

OUTSIDE = """[...document.querySelectorAll('.cp-unit')].filter((unit) =>
  unit.getBoundingClientRect().right > unit.closest('.cp-field').getBoundingClientRect().right + 1
).map((unit) => unit.textContent)"""
"""Units that lie over the next field."""


def violations(chat: Chat, whole: bool = False) -> list[str]:
    """Of the cards that weren't looked at yet, or of the whole page; in both themes,
    which differ in nothing but colours.
    """
    chat.rests()
    chat.page.evaluate(MARK)
    found = []
    for theme, options in (("Dark", {"runOnly": ["color-contrast"]}), ("Light", None)):
        chat.page.locator("#theme-toggle").click()
        chat.page.get_by_role("menuitem", name=theme).click()
        expect(chat.page.locator("html")).to_have_class(theme.lower())
        found += [f"{theme}: {violation}" for violation in _lasting(chat, None if whole else FRESH, options)]
    chat.page.evaluate(DONE)
    return found


def _lasting(chat: Chat, context: str | None, options: dict[str, Any] | None) -> list[str]:
    """The page's own buttons are drawn a moment before they get their names."""
    found: list[str] = []
    for _ in range(SCANS):
        chat.rests()
        seen: list[dict[str, Any]] = (
            Axe().run(chat.page, context=context, options=options).response["violations"]
        )
        found = [
            f"{v['id']} ({v['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
            for v in seen
            if v["impact"] in SERIOUS
            for node in v["nodes"][:3]
        ]
        if not found:
            break
        chat.page.wait_for_timeout(SETTLES_MS)
    return found


@pytest.mark.slow
def test_no_serious_violation_with_any_card(chat: Chat, site: Site) -> None:
    page = chat.page
    assert violations(chat, whole=True) == []
    chat.say(NEED)
    card = chat.waits_at("specification")
    for more in ("Demand and assumptions", "Constraints"):
        card.get_by_text(more).click()
    assert page.evaluate(OUTSIDE) == []
    assert violations(chat) == []
    chat.press("specification", "Looks good")
    card = chat.waits_at("options")
    card.get_by_role("button", name="Details of option 1").click()
    card.get_by_label("Compare option 1", exact=True).check()
    card.get_by_label("Compare option 2", exact=True).check()
    card.get_by_text("Trade-offs").click()
    assert violations(chat) == []
    chat.say("keep this as A")
    chat.sees("Kept as “A”")
    chat.rests()
    chat.say("what if we had 3000 users?")
    expect(page.get_by_role("region", name="Plans side by side").last).to_be_visible()
    chat.waits_at("options")
    chat.rests()
    chat.say("compare the kept plans")
    chat.titled("Plans kept")
    assert violations(chat) == []
    chat.say("what if TTFT were 20 ms?")
    chat.sees("Nothing holds the targets")
    assert violations(chat) == []
    chat.say("back to A")
    chat.sees("Back to “A”.")
    chat.press("options", "Choose option 1")
    chat.waits_at("approval").get_by_text("5 files").click()
    chat.rests()
    chat.say("show the manifests")
    chat.titled("Manifests")
    assert violations(chat) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert violations(chat, whole=True) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1360, "height": 1200})
    order_failure(simulator_address(site.home), "oom")
    try:
        chat.press("approval", "Approve and apply to the simulated cluster")
        chat.titled("It failed, and nothing is lost")
        assert violations(chat) == []
    finally:
        heal(simulator_address(site.home))
    for _ in range(RETRIES):  # the container that was killed may take a moment to come back
        chat.page.wait_for_timeout(2 * SETTLES_MS)
        chat.say("retry")
        chat.rests()
        if chat.cards("running").count():
            break
    chat.waits_at("running")
    chat.rests()
    chat.say("status")
    chat.titled("Status")
    assert page.locator(".cp-progress").count() > 0
    assert violations(chat, whole=True) == []
