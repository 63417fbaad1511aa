"""Pictures of every card, light and dark, and those of the docs: `make screenshots`.

    python -m tests.browser.screenshots FOLDER

writes all of them to FOLDER, and the docs' to `docs/pictures/`.
"""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Error, Locator, Page, ViewportSize, sync_playwright

from simulator.cluster.control import heal, order_failure
from tests.browser.conftest import CHROMIUM, FLAGS, Site, be_patient
from tests.browser.page import NEED, Chat
from tests.conftest import stop_simulator
from tools.clusters.simulated import simulator_address

WINDOW, TALL, PHONE = (ViewportSize(width=w, height=h) for w, h in ((1360, 1000), (1360, 2900), (390, 844)))
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SHOWN = {"options-light": "options.png", "approval-light": "approval.png", "running-dark": "running.png"}
"""Pictures of whole pages that the README and the tour show."""


class Album:
    def __init__(self, page: Page, theme: str, folder: Path) -> None:
        self._page, self._theme, self._folder = page, theme, folder

    def take(self, name: str, of: Locator | None = None) -> None:
        """One card, or the whole page."""
        self._page.wait_for_timeout(700)
        path = self._folder / f"{name}-{self._theme}.png"
        if of is None:
            self._page.screenshot(path=path)
        else:
            self._page.set_viewport_size(TALL)
            self._page.wait_for_timeout(300)
            try:
                of.screenshot(path=path)
            except Error:  # it was drawn anew in the middle
                of.screenshot(path=path)
            self._page.set_viewport_size(WINDOW)
        if of is None and path.stem in SHOWN:
            PICTURES.mkdir(exist_ok=True)
            (PICTURES / SHOWN[path.stem]).write_bytes(path.read_bytes())
        print(path)


def conversation(chat: Chat, album: Album) -> None:
    page = chat.page
    album.take("welcome")
    chat.say(NEED)
    card = chat.waits_at("specification")
    album.take("specification-page")
    for more in ("Demand and assumptions", "Constraints"):
        card.get_by_text(more).click()
    album.take("specification", card)
    chat.press("specification", "Looks good")
    card = chat.waits_at("options")
    album.take("options")
    card.get_by_role("button", name="Details of option 1").click()
    card.get_by_role("img", name=re.compile("^TTFT p95 rises")).wait_for()
    card.get_by_label("Compare option 1", exact=True).check()
    card.get_by_label("Compare option 7", exact=True).check()
    card.get_by_text("Trade-offs").click()
    album.take("options-details", card)
    page.set_viewport_size(PHONE)
    album.take("options-phone")
    page.set_viewport_size(WINDOW)
    chat.say("keep this as A")
    chat.sees(re.compile("Kept as"))
    chat.say("what if we had 3000 users?")
    chat.sees(re.compile("What if: users"))
    album.take("what-if", chat.waits_at("options"))
    chat.say("compare the kept plans")
    album.take("plans", page.locator(".cp-card").filter(has_text="Plans kept").last)
    chat.say("what if TTFT were 20 ms?")
    chat.sees("Nothing holds the targets")
    album.take("near-misses", page.locator(".cp-card").filter(has_text="Nothing holds the targets").last)
    chat.say("back to A")
    chat.sees("Back to “A”.")
    chat.press("options", "Choose option 1")
    card = chat.waits_at("approval")
    album.take("approval")
    card.get_by_text("5 files").click()
    card.get_by_role("tab", name="inference-service").click()
    album.take("approval-files", card)
    chat.say("show the manifests")
    album.take("manifests", page.locator(".cp-card").filter(has_text="Manifests").last)
    chat.press("approval", re.compile("^Approve and apply"))
    page.locator(".cp-progress").wait_for()
    album.take("progress", page.locator(".cp-progress").last)
    card = chat.waits_at("running")
    album.take("validation", page.locator(".cp-card").filter(has_text="Predicted p95").first)
    card.get_by_role("button", name="Send", exact=True).click()
    chat.sees(re.compile("this one request"))
    album.take("running", card)
    card.scroll_into_view_if_needed()
    album.take("running")
    chat.say("status")
    album.take(
        "status",
        page.locator(".cp-card")
        .filter(has=page.get_by_role("heading", name="Status", exact=True, level=3))
        .last,
    )


def failure(chat: Chat, album: Album, home: Path) -> None:
    chat.open()
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.press("options", "Choose option 1")
    chat.waits_at("approval")
    order_failure(simulator_address(home), "image-pull")
    chat.press("approval", re.compile("^Approve and apply"))
    card = chat.page.locator(".cp-card").filter(has_text="It failed").last
    album.take("failure", card)
    heal(simulator_address(home))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    assert CHROMIUM, "there is no chromium (Debian: apt install chromium)"
    with tempfile.TemporaryDirectory(prefix="compass-screenshots-") as name, sync_playwright() as playwright:
        home = Path(name)
        site = Site(
            home,
            None,
            COMPASS_PROBE_S="10",
            COMPASS_SIMULATOR_TIME_SCALE="0.05",
            COMPASS_SIMULATOR_LATENCY_SCALE="1",
        )
        site.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            for theme in ("light", "dark"):
                context = browser.new_context(viewport=WINDOW)
                context.add_init_script(f"localStorage.setItem('vite-ui-theme', '{theme}')")
                be_patient(context)
                chat = Chat(context.new_page(), site.url)
                chat.open()
                album = Album(chat.page, theme, folder)
                conversation(chat, album)
                failure(chat, album, home)
                context.close()
        finally:
            browser.close()
            site.kill()
            stop_simulator(home)


if __name__ == "__main__":
    main()
