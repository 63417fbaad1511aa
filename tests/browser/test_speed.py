"""How long a person waits, as the browser sees it. All tries are printed; `make bench`
holds their median to the bounds.

Not so among other tests: those share the cores, and a time measured there says how busy they are.
"""

import os
import time
from statistics import median

import pytest

from tests.browser.page import NEED, Chat

TRIES = 5
FIRST_REPLY_S, RECOMMENDATION_S = 1.0, 2.0
ALONE = "PYTEST_XDIST_WORKER" not in os.environ


@pytest.mark.slow
def test_first_reply_and_recommendation(chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    replies, recommendations = [], []
    for _ in range(TRIES):
        chat.open()
        began = time.perf_counter()
        chat.say(NEED)
        chat.page.get_by_text("here is what I understood").wait_for()
        replies.append(time.perf_counter() - began)
        card = chat.waits_at("specification")
        began = time.perf_counter()
        card.get_by_role("button", name="Looks good", exact=True).click()
        chat.page.locator(".cp-options").wait_for()
        recommendations.append(time.perf_counter() - began)
    with capsys.disabled():
        shown = [", ".join(f"{s:.2f}" for s in times) for times in (replies, recommendations)]
        print(f"\nfirst reply {shown[0]} s; recommendation {shown[1]} s ", end="")
    if ALONE:
        assert median(replies) < FIRST_REPLY_S
        assert median(recommendations) < RECOMMENDATION_S
