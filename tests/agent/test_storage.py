"""What is stored of a conversation is read by later releases, whatever was moved, renamed
or changed since; what can't be read is said.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import ormsgpack
import pytest
from langchain_core.messages import AnyMessage, HumanMessage
from langgraph.checkpoint.serde.jsonplus import EXT_PYDANTIC_V2, JsonPlusSerializer
from pydantic import BaseModel, Field, create_model

from agent.runtime import Runtime
from agent.state import TAGS, Explored
from agent.storage.serializer import StateSerializer
from agent.storage.tags import Tags, Unreadable, reachable
from tests.planning import specify
from tests.talking import MAIN_SCRIPT, converse
from tools.contract import Contract
from tools.specification import Intent

ROOMS = ("agent", "knowledge", "tools")


class Part(Contract):
    size: int


class Whole(Contract):
    name: str
    parts: list[Part]
    best: Part | None = None
    by_name: dict[str, Part] = Field(default={})


NOW: dict[str, type[BaseModel]] = {"Part": Part, "Whole": Whole}
WHOLE = Whole(name="a", parts=[Part(size=1), Part(size=2)], best=Part(size=3), by_name={"x": Part(size=4)})

# The same two types some releases later.
LATER_PART = create_model("Part", __base__=Contract, size_cm=(float, ...), colour=(str, ...))
LATER_WHOLE = create_model(
    "Whole", __base__=Contract, title=(str, ...), parts=(list[LATER_PART], ...), best=(LATER_PART | None, ...)
)
LATER: dict[str, Any] = {"Part": LATER_PART, "Whole": LATER_WHOLE}
STEPS: dict[str, list[Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "Part": [lambda values: {"size_cm": values["size"] * 2.5}, lambda values: values | {"colour": "red"}],
    "Whole": [lambda values: {"title": values["name"], "parts": values["parts"], "best": values["best"]}],
}


class State(TypedDict):
    some: list[Whole] | None
    words: list[AnyMessage]


class TwoParts(TypedDict):
    one: Whole
    other: LATER_PART


def written(value: object, kinds: Mapping[str, type[BaseModel]] = NOW, **more: Any) -> tuple[str, bytes]:
    return StateSerializer(Tags(kinds, **more)).dumps_typed(value)


def read(stored: tuple[str, bytes], kinds: Mapping[str, type[BaseModel]] = NOW, **more: Any) -> Any:
    return StateSerializer(Tags(kinds, **more)).loads_typed(stored)


def before_tags(value: BaseModel) -> tuple[str, bytes]:
    """As LangGraph writes a model by itself, and as releases up to 7bbd890 did: a module,
    a class, and one dictionary for all of it.
    """
    values = ("tools.somewhere", type(value).__name__, value.model_dump(), "model_validate_json")
    return "msgpack", ormsgpack.packb(ormsgpack.Ext(EXT_PYDANTIC_V2, ormsgpack.packb(values)))


def modules_named(blob: bytes) -> set[str]:
    """Modules that a stored value names, at any depth."""
    found: set[str] = set()

    def unpacked(code: int, inner: bytes) -> Any:
        value = ormsgpack.unpackb(inner, ext_hook=unpacked, option=ormsgpack.OPT_NON_STR_KEYS)
        if isinstance(value, list) and value and isinstance(value[0], str):
            found.add(value[0])
        return value

    ormsgpack.unpackb(blob, ext_hook=unpacked, option=ormsgpack.OPT_NON_STR_KEYS)
    return found


# Tags


def test_every_model_that_a_state_can_hold_has_a_tag() -> None:
    for kind in (Explored, type(specify(1)), type(specify(1).demand)):
        assert TAGS.tag_of(kind).startswith(f"{kind.__name__}.")
    assert reachable(State) == NOW


def test_two_types_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="names of their own"):
        reachable(TwoParts)


def test_nothing_stored_of_a_conversation_names_a_module_of_ours(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, *MAIN_SCRIPT[:3], "keep this as A", "deploy the cheapest", "yes, approve")
    with runtime.database.connect() as connection:
        tables = "SELECT type, blob FROM checkpoint_blobs UNION ALL SELECT type, blob FROM checkpoint_writes"
        blobs = [bytes(row["blob"]) for row in connection.execute(tables) if row["type"] == "msgpack"]
    named = set().union(*map(modules_named, blobs))
    assert {"langgraph.types", "langchain_core.messages.ai"} <= named
    assert not {name for name in named if name.split(".")[0] in ROOMS}


@pytest.mark.parametrize(
    "value",
    [WHOLE, [WHOLE], {"a": [1, WHOLE]}, [HumanMessage("hello")], {"a": 1}, None, [1, "x", None], b"x"],
)
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    assert read(written(value)) == value


def test_a_model_that_is_no_part_of_the_state_is_not_written() -> None:
    with pytest.raises(TypeError, match="no part of a conversation's state"):
        written(WHOLE, {"Part": Part})
    with pytest.raises(TypeError, match="no part of a conversation's state"):
        written(Part(size=1), LATER)


# Moved, renamed, changed


@pytest.mark.parametrize("form", [written, before_tags])
def test_a_class_that_has_moved_is_still_read(form: Callable[[BaseModel], tuple[str, bytes]]) -> None:
    moved = create_model("Whole", __base__=Whole, __module__="somewhere.else")
    found = read(form(WHOLE), NOW | {"Whole": moved})
    assert (type(found), found.model_dump()) == (moved, WHOLE.model_dump())


@pytest.mark.parametrize("form", [written, before_tags])
def test_a_class_that_was_renamed_is_still_read(form: Callable[[BaseModel], tuple[str, bytes]]) -> None:
    piece = create_model("Piece", __base__=Part)
    entire = create_model(
        "Entire",
        __base__=Contract,
        name=(str, ...),
        parts=(list[piece], ...),
        best=(piece, ...),
        by_name=(dict, ...),
    )
    found = read(
        form(WHOLE), {"Piece": piece, "Entire": entire}, formerly={"Part": "Piece", "Whole": "Entire"}
    )
    parts = [type(part) for part in (*found.parts, found.best)]
    assert (type(found), parts) == (entire, [piece] * 3)


@pytest.mark.parametrize("form", [written, before_tags])
def test_every_version_is_brought_up_to_date_step_by_step_wherever_it_stands(
    form: Callable[[BaseModel], tuple[str, bytes]],
) -> None:
    found = read(form(WHOLE), LATER, steps=STEPS)
    red = {"colour": "red"}
    assert type(found) is LATER_WHOLE
    assert found.model_dump() == {
        "title": "a",
        "parts": [{"size_cm": 2.5} | red, {"size_cm": 5.0} | red],
        "best": {"size_cm": 7.5} | red,
    }
    assert read(written(found, LATER, steps=STEPS), LATER, steps=STEPS) == found


OTHER = create_model("Other", __base__=Part)
BROKEN = {"Part": [lambda values: values["no such field"]]}


@pytest.mark.parametrize(
    ("stored", "with_steps", "why"),
    [
        (
            written(LATER["Part"](size_cm=1, colour="red"), LATER, steps=STEPS),
            {},
            "Part, version 3, which this Compass doesn't know",
        ),
        (written(OTHER(size=1), {"Other": OTHER}), {}, "Other, version 1"),
        (
            written(WHOLE),
            {"Part": [lambda values: {"size": "large"}]},
            r"Part, version 1, doesn't fit any more \(at size\)",
        ),
        (written(WHOLE), BROKEN, "Part, version 1, can't be brought up to date"),
        (("msgpack", written(WHOLE)[1][:-3]), {}, "bytes are damaged"),
        (("msgpack", b"\xc1\xff\x00"), {}, "bytes are damaged"),
        (("msgpack", b""), {}, "bytes are damaged"),
        (before_tags(create_model("Gone", __base__=Part)(size=1)), {}, "Gone, version 1"),
        (JsonPlusSerializer().dumps_typed(Part(size=1)), {}, "of another program"),
    ],
)
def test_what_cant_be_read_is_said_and_never_handed_on_as_a_dictionary(
    stored: tuple[str, bytes], with_steps: Any, why: str
) -> None:
    with pytest.raises(Unreadable, match=why) as raised:
        read(stored, steps=with_steps)
    for part in ("“start over”", "`compass deployments`", "stays as it is"):
        assert part in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_wish_for_a_checkpoint_that_was_renamed_stays_one() -> None:
    stored = {
        "$": "Intent.1",
        "use_case": "chatbot_conversational",
        "user_count": 5,
        "preferred_models": ["google/gemma-4-26B-A4B"],
    }
    intent = TAGS.revived(stored)
    assert isinstance(intent, Intent)
    assert intent.preferred_models == ["google/gemma-4-26B-A4B-it"]
    assert TAGS.revived(TAGS.plain(intent)) == intent
