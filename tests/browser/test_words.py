"""Each kind of card says in the browser what it says in the terminal: the words that Python gave it."""

import json
from typing import get_args

import psycopg
import pytest
from playwright.sync_api import expect

from agent.cards.card import Card, Kind
from agent.cards.parts import Files, Rows
from tests.browser.conftest import Site
from tests.browser.page import NEED, Chat
from tests.drawing import said_by, words_of

SHOWN = """(cards) => cards.map((card) => {
  const words = []
  const walker = document.createTreeWalker(card, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) words.push(walker.currentNode.data)
  return words.join(' ')
})"""


def kept(site: Site, chat: Chat) -> list[Card]:
    """The cards of this conversation, as they were sent to the page."""
    assert site.database_url is not None
    with psycopg.connect(site.database_url) as connection:
        rows = connection.execute(
            "SELECT element->'props'->'card' FROM chat_elements WHERE thread_id = %s ORDER BY number",
            [chat.path.removeprefix("/thread/")],
        ).fetchall()
    return [Card.model_validate(card) for (card,) in rows if card]


def on_the_page(card: Card) -> Card:
    """Without what is there in another form: values in fields, files behind their tabs."""
    parts = []
    for part in card.parts:
        if isinstance(part, Rows) and card.kind == "specification":
            part = Rows(rows=[row for row in part.rows if row.headline])
        elif isinstance(part, Files):
            part = part.model_copy(update={"files": part.files[:1]})
        parts.append(part)
    return card.model_copy(update={"parts": parts})


def test_every_card_says_on_the_page_what_python_gave_it(chat: Chat, site: Site) -> None:
    for words, stage in (
        (NEED, "specification"),
        ("looks good", "options"),
        ("keep this as A", "options"),
        ("compare the kept plans", "options"),
        ("what if we had 3000 users?", "options"),
        ("deploy the cheapest", "approval"),
        ("show the manifests", "approval"),
        ("yes, approve", "running"),
        ("status", "running"),
        ("scale to 2", "approval"),
    ):
        chat.say(words)
        chat.rests()
        chat.waits_at(stage)
    cards = kept(site, chat)
    kinds: set[str] = set(get_args(Kind))
    assert {card.kind for card in cards} == kinds - {"failure", "earlier", "deployments"}
    pages = chat.page.locator(".cp-card").evaluate_all(SHOWN)
    assert len(pages) == len(cards)
    for card, text in zip(cards, pages, strict=True):
        missing = said_by(on_the_page(card)) - words_of(text)
        assert not missing, f"{card.kind}: {missing}\n{text}"


@pytest.mark.slow
def test_a_card_that_an_earlier_release_kept_is_shown_again(chat: Chat, site: Site) -> None:
    """As facts, with the element that drew them."""
    for words, stage in ((NEED, "specification"), ("looks good", "options"), ("option 1", "approval")):
        chat.say(words)
        chat.rests()
        chat.waits_at(stage)
    chat.say("show the manifests")
    chat.titled("Manifests")
    card = kept(site, chat)[-1]
    [files] = (part for part in card.parts if isinstance(part, Files))
    details = {"digest": card.note, "files": [file.model_dump() for file in files.files]}
    old = {"id": "old", "kind": "manifests", "details": details, "replies": [], "locked": True}
    assert site.database_url is not None
    with psycopg.connect(site.database_url) as connection:
        done = connection.execute(
            "UPDATE chat_elements SET element = element::jsonb || jsonb_build_object('name', 'Manifests',"
            " 'props', %s::jsonb) WHERE thread_id = %s AND element->'props'->'card'->>'kind' = 'manifests'",
            [json.dumps(old), chat.path.removeprefix("/thread/")],
        )
        assert done.rowcount == 1
    chat.page.reload()
    chat.waits_at("approval")
    expect(chat.titled("Manifests")).to_contain_text(card.note)
