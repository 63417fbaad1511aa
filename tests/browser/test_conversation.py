"""The whole conversation: by buttons, by typing, and mixed."""

import re

import psycopg
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.page import NEED, Chat


def applied(site: Site, chat: Chat) -> int:
    """How often this conversation began to apply something, by the audit log."""
    assert site.database_url is not None
    thread = chat.path.removeprefix("/thread/")
    with psycopg.connect(site.database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM audit_log WHERE event = 'started' AND thread_id LIKE %s", [f"%{thread}"]
        ).fetchone()
    return int(row[0]) if row else 0


def test_by_buttons(chat: Chat, site: Site) -> None:
    page = chat.page
    page.get_by_role("button", name="A support chatbot").click()
    card = chat.waits_at("specification")
    card.get_by_label("TTFT p95").fill("-5")
    card.get_by_role("button", name="Plan with this change").click()
    expect(card.get_by_role("alert")).to_contain_text("The TTFT target (ms) must be more than 0")
    card.get_by_label("TTFT p95").fill("120")
    card.get_by_text("Constraints").click()
    card.get_by_label("Budget").fill("5,000")
    card.get_by_label("Excluded GPUs").select_option("L4")
    card.get_by_role("button", name="Plan with these 3 changes").click()
    chat.sees(re.compile("TTFT p95 150 ms → 120 ms"))
    chat.sees(re.compile("excluded GPUs none → L4"))

    card = chat.waits_at("options")
    assert "L4" not in card.locator("tbody td:nth-child(3)").all_inner_texts()
    card.get_by_role("button", name="Lowest cost").click()
    costs = [
        float(c.replace(",", ""))
        for c in card.locator(".cp-options tbody td[data-label='$/month']").all_inner_texts()
    ]
    assert costs == sorted(costs)
    card.get_by_role("button", name="Max req/s").click()
    rates = [
        float(r.replace(",", ""))
        for r in card.locator(".cp-options tbody td[data-label='Max req/s']").all_inner_texts()
    ]
    assert rates == sorted(rates, reverse=True)
    card.get_by_role("button", name="Details of option 2").click()
    expect(card.get_by_role("img", name=re.compile("^TTFT p95 rises from"))).to_be_visible()
    expect(card.get_by_role("img", name=re.compile("^weights "))).to_be_visible()
    expect(card).to_contain_text(re.compile(r"Context[\d,]+ tokens of prompt and answer"))
    card.get_by_label("Compare option 1", exact=True).check()
    card.get_by_label("Compare option 3", exact=True).check()
    expect(card.get_by_role("region", name="Options compared")).to_contain_text("Option 3")
    card.get_by_text("Trade-offs").click()
    expect(card.get_by_role("img", name=re.compile("^Cost a month against TTFT"))).to_be_visible()
    card.get_by_label("Keep this plan as").fill("A")
    card.get_by_role("button", name="Keep", exact=True).click()
    chat.sees(re.compile("Kept as “A”"))
    card = chat.waits_at("options")
    card.get_by_label("What if").fill("we had 3000 users?")
    card.get_by_role("button", name="Try", exact=True).click()
    chat.sees("What if: users 1,000 → 3,000, peak 2.67 requests/s → 8.00 requests/s")
    expect(chat.waits_at("options").get_by_role("region", name="Plans side by side")).to_contain_text(
        "8.00 requests/s"
    )
    chat.press("options", "Undo")
    chat.sees(re.compile("^Undone"))
    chat.press("options", "Choose option 1")

    card = chat.waits_at("approval")
    expect(card).to_contain_text("the simulated cluster")
    expect(card).to_contain_text(re.compile(r"Context[\d,]+ tokens of prompt and answer"))
    card.get_by_text("5 files").click()
    card.get_by_role("tab", name="inference-service").click()
    expect(card.get_by_role("tabpanel")).to_contain_text("kind: InferenceService")
    with page.expect_download() as download:
        card.get_by_role("button", name="Download all").click()
    text = download.value.path().read_text()
    assert text.count("\nkind: ") + text.startswith("kind: ") == 5
    chat.press("approval", "Not now")
    chat.sees(re.compile("Not approved; nothing was deployed"))
    assert applied(site, chat) == 0
    chat.press("options", "Choose option 1")
    chat.press("approval", "Approve and apply to the simulated cluster")

    card = chat.waits_at("running")
    expect(card).to_contain_text("1 of 1 replicas ready")
    expect(card).to_contain_text(re.compile(r"Context[\d,]+ tokens of prompt and answer"))
    seen = card.get_by_text(re.compile("^as of "))
    first = seen.inner_text()
    card.get_by_label("Test it").fill("hello there")
    card.get_by_role("button", name="Send", exact=True).click()
    chat.sees(re.compile("I was asked: “hello there”"))
    chat.sees(re.compile(r"^TTFT .* tokens in .* s \(this one request\)\.$"))
    expect(seen).not_to_have_text(first)  # it refreshes itself
    chat.press("running", "Done")
    chat.sees(re.compile("Write again to test it"))
    expect(page.locator(".cp-card:not(.cp-locked) .cp-actions")).to_have_count(0)
    assert applied(site, chat) == 1


def test_by_typing(chat: Chat, site: Site) -> None:
    chat.say(NEED)
    chat.waits_at("specification")
    chat.say("why this peak?")
    chat.waits_at("specification")
    chat.say("make TTFT 300 ms")
    chat.sees(re.compile("TTFT p95 150 ms → 300 ms"))
    chat.waits_at("options")
    chat.say("what if we had 5000 users?")
    chat.sees(re.compile("What if: users 1,000 → 5,000"))
    chat.waits_at("options")
    chat.say("compare 1 and 2")
    chat.sees(re.compile("Option 1 against 2"))
    chat.waits_at("options")
    chat.say("deploy the cheapest")
    chat.waits_at("approval")
    chat.say("show the manifests")
    expect(chat.page.get_by_role("heading", name="Manifests", exact=True, level=3)).to_be_visible()
    chat.waits_at("approval")
    assert applied(site, chat) == 0
    chat.say("yes, approve")
    chat.waits_at("running")
    assert applied(site, chat) == 1
    chat.say("send it: good morning")
    chat.sees(re.compile("I was asked: “good morning”"))
    chat.say("status")
    expect(chat.page.get_by_role("heading", name="Status", exact=True, level=3)).to_be_visible()
    chat.waits_at("running")
    chat.say("done")
    chat.sees(re.compile("Write again to test it"))


def test_mixed(chat: Chat, site: Site) -> None:
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.waits_at("options")
    chat.say("rank by cost")
    expect(chat.waits_at("options").get_by_role("button", name="Lowest cost")).to_have_attribute(
        "aria-pressed", "true"
    )
    chat.press("options", "Choose option 2")
    chat.waits_at("approval")
    chat.say("no")
    chat.press("options", "Choose option 1")
    chat.waits_at("approval")
    chat.say("yes, approve")
    card = chat.waits_at("running")
    card.get_by_label("Replicas").fill("2")
    card.get_by_role("button", name="Scale", exact=True).click()
    expect(chat.waits_at("approval")).to_contain_text("minReplicas")
    chat.press("approval", "Approve and apply to the simulated cluster")
    expect(chat.waits_at("running")).to_contain_text("2 of 2 replicas ready")
    chat.say("delete it")
    chat.press("approval", "Delete from the simulated cluster")
    chat.sees(re.compile("is gone"))
    assert applied(site, chat) == 3
