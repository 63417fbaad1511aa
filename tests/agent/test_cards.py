"""Cards: each kind says the same in every face, carries nothing untyped, and is still read where an earlier
release kept it.
"""

import json
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from agent.cards.build import card_of, deployments, failure
from agent.cards.card import Card, Kind
from agent.cards.facts import KINDS
from agent.commands.schema import PRINTED, schema_of
from agent.events import AnyEvent, CheckpointEvent, Event, MessageEvent
from agent.runtime import Runtime
from agent.ui.cards import of_message, of_pause, of_progress, renewed
from knowledge.errors import CompassError
from tests.drawing import printed, said_by, words_of
from tests.golden import FOLDER, put_back
from tests.talking import converse
from tools.get_status import DeploymentStatus

SAID = [
    *("a chatbot for 1000 users, low latency critical", "looks good", "keep this as A"),
    *("compare the kept plans", "what if we had 3000 users?", "what if TTFT were 1 ms?", "undo"),
    *("deploy the cheapest", "show the manifests", "yes, approve", "status", "scale to 2", "no"),
]
EVENTS: TypeAdapter[Event] = TypeAdapter(AnyEvent)


@pytest.fixture
def heard(probing: Runtime, thread: str) -> list[Event]:
    """Of a conversation that shows every kind of card."""
    return converse(probing, thread, *SAID).events


@pytest.fixture
def probing(runtime: Runtime) -> Runtime:
    """Whose validations have figures."""
    return Runtime(runtime.settings.model_copy(update={"probe_s": 1.0}), beside=runtime)


def cards_of(events: list[Event]) -> list[Card]:
    found = (e.card for e in events if isinstance(e, MessageEvent | CheckpointEvent))
    statuses = [e.details for e in events if isinstance(e, MessageEvent) and e.kind == "status"]
    assert all(isinstance(status, DeploymentStatus) for status in statuses)
    listed = deployments([s for s in statuses if isinstance(s, DeploymentStatus)], "the simulated cluster")
    return [*(card for card in found if card), listed]


def test_every_kind_says_the_same_in_the_terminal_and_is_valid_json_for_programs(
    heard: list[Event],
) -> None:
    cards = cards_of(heard)
    kinds: set[str] = set(get_args(Kind))
    assert {card.kind for card in cards} == kinds - {"failure", "earlier"}
    for card in cards:
        for width in (60, 100):
            text = printed(card, width)
            assert max(map(len, text.splitlines())) <= width
            whole = "".join(text.replace("│", "").split())  # a long word may be broken at the edge
            missing = {w for w in said_by(card) - words_of(text) if w not in whole}
            assert not missing, f"{card.kind} at {width}: {missing}\n{text}"
    for event in heard:
        assert json.loads(EVENTS.dump_json(EVENTS.validate_json(event.line()))) == json.loads(
            EVENTS.dump_json(event)
        )


def test_no_card_is_made_of_untyped_facts() -> None:
    for event in (MessageEvent, CheckpointEvent):
        for name in ("details", "card"):
            schema = event.model_json_schema(mode="serialization")["properties"][name]
            assert all("$ref" in one or one == {"type": "null"} for one in schema["anyOf"]), (event, name)
    assert all(facts.model_fields for several in KINDS.values() for facts in several)


@pytest.mark.parametrize("command", PRINTED)
def test_what_commands_print_has_a_schema(command: str) -> None:
    assert schema_of(command)["$defs"]


def test_what_has_no_schema_is_told_with_what_has() -> None:
    with pytest.raises(CompassError, match="deployments status"):
        schema_of("audit")


def test_cards_that_earlier_releases_kept_are_drawn_by_today_s_elements(heard: list[Event]) -> None:
    """They kept facts, by the kind of the pause or message."""
    for event in heard:
        if not isinstance(event, MessageEvent | CheckpointEvent) or event.card is None:
            continue
        assert event.details is not None
        kind = event.state if isinstance(event, CheckpointEvent) else event.kind
        props = {
            "id": "a",
            "kind": kind,
            "details": event.details.model_dump(mode="json") | {"title": "Chatbot", "fields": []},
            "interrupt_id": "i",
            "replies": ["yes"],
            "locked": True,
        }
        found = renewed({"name": "Approval", "id": "e", "props": props})
        name, today = of_pause(event) if isinstance(event, CheckpointEvent) else of_message(event) or ("", {})
        assert found["name"] == name
        assert found["props"]["card"] == today["card"]
        assert (found["props"]["locked"], found["props"]["replies"], found["id"]) == (True, ["yes"], "e")
        assert renewed(found) == found


@pytest.mark.parametrize(
    ("kind", "details", "title"),
    [
        ("failed", {}, failure().title),
        ("status", {"name": "of another time"}, "Of an earlier release"),
        ("specification_review", {"specification": 3}, "Of an earlier release"),
    ],
)
def test_what_can_t_be_read_any_more_is_said_so(kind: str, details: dict[str, Any], title: str) -> None:
    found = renewed({"name": "Status", "props": {"kind": kind, "details": details, "locked": False}})
    assert found["props"]["card"]["title"] == title
    assert found["name"] == "Told"


def test_progress_that_an_earlier_release_kept_is_drawn_too() -> None:
    old = {"kind": "progress", "details": {"lines": [{"text": "Asking", "at_s": 0.5}], "done": True}}
    name, today = of_progress([(0.5, "Asking")], done=True)
    found = renewed({"name": "Progress", "props": old})
    assert (found["name"], found["props"]["work"]) == (name, today["work"])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json.xz")), ids=lambda path: path.name.split(".")[0])
def test_pauses_that_earlier_releases_kept_have_their_cards(runtime: Runtime, path: Any) -> None:
    with runtime.database.connect() as connection:
        put_back(connection, path)
    for thread in ("review", "options", "nothing-fits", "approval", "running", "scaling"):
        pause = runtime.position(thread).checkpoint
        assert pause is not None
        assert pause.card is not None, thread
        assert printed(pause.card, 60)


def test_facts_without_a_card_are_words_alone() -> None:
    assert card_of(object()) is None
