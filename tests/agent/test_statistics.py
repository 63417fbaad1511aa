"""A target at any statistic takes the figure that stands with it, whatever other figures follow."""

from __future__ import annotations

import pytest

from agent.models.choose import choose_model
from agent.words.intent import extract_intent
from knowledge.settings import Settings
from tools.specification import FIELDS, TARGETS


@pytest.mark.parametrize("behind", ["4 H200", "3500 in 350 out", "for 200 users", "12 requests per second"])
@pytest.mark.parametrize("name", list(TARGETS))
def test_the_figure_beside_the_target_is_its_own(settings: Settings, name: str, behind: str) -> None:
    reader = choose_model(settings).reader
    _, overrides = extract_intent(f"a chatbot, {FIELDS[name].spec.label} 800 ms, {behind}", reader)
    said = overrides.model_dump(include=set(TARGETS), exclude_none=True)
    assert said == {name: 800.0}
