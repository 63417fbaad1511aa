"""The page as tests use it: words, buttons and cards, by what a person reads."""

import re

from playwright.sync_api import Locator, Page, expect

NEED = "I need a chatbot for 1000 users, low latency critical"
STAGES: dict[str, str | re.Pattern[str]] = {
    "specification": "Specification",
    "options": "Options",
    "approval": "Approval",
    "running": re.compile("^chatbot-conversational-"),
}


class Chat:
    """One tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)
        expect(self.page.locator("#chat-input")).to_be_visible()
        self.page.wait_for_load_state("networkidle")  # logging in loads the page again

    @property
    def path(self) -> str:
        """Of this thread."""
        self.page.wait_for_url("**/thread/*")
        return self.page.url.removeprefix(self.url)

    def say(self, text: str) -> None:
        box = self.page.locator("#chat-input")
        box.click()
        self.page.keyboard.type(text)
        expect(self.page.locator("#chat-submit")).to_be_enabled()  # not before the socket is connected
        self.page.keyboard.press("Enter")

    def rests(self) -> None:
        """The turn is over: while one runs, Chainlit shows a button to stop it. What
        takes its place gets its name a frame later.
        """
        expect(self.page.locator("#stop-button")).to_have_count(0)
        self.page.evaluate(
            "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
        )

    def titled(self, title: str | re.Pattern[str]) -> Locator:
        """The last card with this title, once it is there."""
        heading = self.page.get_by_role("heading", name=title, exact=True, level=3)
        card = self.page.locator(".cp-card").filter(has=heading).last
        expect(card).to_be_visible()
        return card

    def cards(self, stage: str) -> Locator:
        return self.page.locator(".cp-card").filter(
            has=self.page.get_by_role("heading", name=STAGES[stage], level=3)
        )

    def waits_at(self, stage: str) -> Locator:
        """The open card of this stage, once it can be answered; all cards before it are locked."""
        card = self.cards(stage).last
        expect(card).to_be_visible()
        expect(card).not_to_have_class(re.compile("cp-locked"))
        expect(card.get_by_role("button").last).to_be_enabled()
        expect(self.page.locator(".cp-card:not(.cp-locked) .cp-actions")).to_have_count(
            0 if stage == "options" else 1
        )
        return card

    def press(self, stage: str, name: str | re.Pattern[str]) -> None:
        """A button of the stage's card, when it can be pressed."""
        self.waits_at(stage).get_by_role("button", name=name).first.click()

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_text(text).last).to_be_visible()
