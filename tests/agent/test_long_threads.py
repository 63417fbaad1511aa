"""Long conversations: each turn stores little, loads little, and loses nothing that
somebody may still ask for.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.postgres import PostgresSaver

from agent.graph import build_graph
from agent.runtime import Runtime
from agent.state import MAX_EXPLORED, TAGS
from agent.storage.serializer import StateSerializer
from agent.storage.story import LATEST, LONG, Story, latest
from agent.words.figures import ungrounded
from agent.words.prose import sources_of
from knowledge.database import Database
from tests.golden import FOLDER, put_back
from tests.present import present
from tests.soak import examples
from tests.talking import converse

TO_OPTIONS = ["a chatbot for 1000 users", "looks good"]
TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "story", "story_values")
MAX_BYTES_A_TURN = 200_000
"""40 MB in 200 turns, with nothing reclaimed: the test's server doesn't vacuum by itself."""


def what_ifs(runtime: Runtime, thread: str, numbers: range) -> None:
    for number in numbers:
        converse(
            runtime,
            thread,
            f"what if we had {1500 + 37 * number} users?",
            "why option 1?",
            f"keep this as plan {'ABCDE'[number % 5]}",
        )


def count(database: Database, table: str, thread: str) -> int:
    with database.connect() as connection:
        row = connection.execute(
            f"SELECT count(*) AS rows FROM {table} WHERE thread_id = %s", [thread]
        ).fetchone()
    return int(row["rows"]) if row else 0


def size(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT pg_database_size(current_database()) AS bytes").fetchone()
    return int(row["bytes"]) if row else 0


def said_in(messages: list[Any]) -> list[str]:
    return [str(m.text) for m in messages if isinstance(m, HumanMessage)]


# What is stored


def test_the_database_grows_by_little_a_turn_and_the_last_turn_by_no_more_than_the_first(
    runtime: Runtime, thread: str
) -> None:
    converse(runtime, thread, *TO_OPTIONS)
    what_ifs(runtime, thread, range(MAX_EXPLORED + 1))
    sizes = [size(runtime.database)]
    for begin in (20, 24):
        what_ifs(runtime, thread, range(begin, begin + 4))
        sizes.append(size(runtime.database))
    grown = [(after - before) / 12 for before, after in pairwise(sizes)]
    assert max(grown) < MAX_BYTES_A_TURN, grown


def test_only_the_last_checkpoint_stays_with_what_it_needs(runtime: Runtime, thread: str) -> None:
    for words in (*TO_OPTIONS, "what if we had 2000 users?", "deploy the cheapest", "yes, approve", "status"):
        pause = converse(runtime, thread, words).checkpoint
        assert count(runtime.database, "checkpoints", thread) == 1
        assert runtime.position(thread).checkpoint == pause
    with runtime.database.connect() as connection:
        orphans = connection.execute(
            "SELECT channel FROM checkpoint_blobs b WHERE NOT EXISTS (SELECT FROM checkpoints c WHERE"
            " c.thread_id = b.thread_id AND c.checkpoint -> 'channel_versions' ->> b.channel = b.version)"
        ).fetchall()
    assert orphans == []


def test_messages_refer_to_what_tools_returned_and_the_story_has_it_whole(
    runtime: Runtime, thread: str
) -> None:
    converse(runtime, thread, *TO_OPTIONS)
    state = runtime.state(thread)
    calls = [m.tool_calls[0] for m in state["messages"] if isinstance(m, AIMessage) and m.tool_calls]
    results = {
        m.tool_call_id: json.loads(str(m.text)) for m in state["messages"] if isinstance(m, ToolMessage)
    }
    (call,) = [c for c in calls if c["name"] == "plan_capacity"]
    story = Story(runtime.database, thread)
    assert state["plan"] is not None
    assert story.whole(results[str(call["id"])]["whole"]) == state["plan"].model_dump(mode="json")
    assert story.whole(call["args"]["whole"])["view"] == "balanced"
    assert (
        results[str(call["id"])]["considered"] == state["plan"].considered
    )  # what is short is there to read
    assert max(len(m.model_dump_json()) for m in state["messages"]) < 2 * LONG
    with pytest.raises(KeyError):
        Story(runtime.database, "another").whole(call["args"]["whole"])


def test_the_story_tells_everything_in_order_however_long_the_conversation(
    runtime: Runtime, thread: str
) -> None:
    said = [*TO_OPTIONS, *(f"why option {1 + n % 5}?" for n in range(LATEST // 2))]
    converse(runtime, thread, *said)
    state = runtime.state(thread)
    assert len(state["messages"]) == LATEST
    converse(runtime, thread, "help")
    assert said_in(Story(runtime.database, thread).messages()) == said


def test_a_figure_of_long_ago_may_still_be_named(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users, our old one cost $41,207 a month", "looks good")
    plan = present(runtime.state(thread)["plan"])
    what_ifs(runtime, thread, range(MAX_EXPLORED + 2))
    converse(runtime, thread, *["help"] * (LATEST // 2))
    state = runtime.state(thread)
    now = json.dumps(
        [
            value.model_dump(mode="json")
            for value in (state["plan"], *state["kept"], *state["explored"])
            if value
        ]
    )
    costs = [
        f"${o.cost_usd_per_month:,.2f}" for o in plan.recommendations if f"{o.cost_usd_per_month}" not in now
    ]
    assert costs
    assert not any("41,207" in text for text in said_in(state["messages"]))
    sources = sources_of(state, [], "", Story(runtime.database, thread))
    for figure in (*costs, "$41,207"):
        assert not ungrounded(f"It costs {figure} a month.", sources), figure
    assert ungrounded("It costs $41,208 a month.", sources)


def test_what_is_kept_in_memory_is_what_is_stored(runtime: Runtime, thread: str) -> None:
    """Plans that were read once aren't read again: nothing may have changed one in place."""
    converse(
        runtime,
        thread,
        *TO_OPTIONS,
        "what if we had 2000 users?",
        "keep this as A",
        "rank by cost",
        "what if we had 500 users?",
        "undo",
    )
    converse(
        runtime,
        thread,
        "back to A",
        "compare the kept plans",
        "why not H200?",
        "deploy the cheapest",
        "no",
        "option 1",
        "yes, approve",
    )
    converse(runtime, thread, "status", "scale to 2", "no", "another option")
    known, stored = (
        runtime.state(thread),
        build_graph(PostgresSaver(runtime.database.pool, serde=StateSerializer(TAGS))),
    )
    assert stored.get_state({"configurable": {"thread_id": thread}}).values == known
    again = runtime.state(thread)
    assert known["explored"]
    assert all(one is other for one, other in zip(known["explored"], again["explored"], strict=True))


# Undo


def test_undo_goes_back_over_the_last_what_ifs_and_says_where_it_ends(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, *TO_OPTIONS)
    for number in range(MAX_EXPLORED + 2):
        converse(runtime, thread, f"what if we had {2000 + number} users?")
    for number in range(MAX_EXPLORED - 1):
        heard = converse(runtime, thread, "undo")
        assert f"{2000 + MAX_EXPLORED + 1 - number:,}" in heard.text
        assert "nothing is kept" not in heard.text
    assert (
        f"Further back than {MAX_EXPLORED} what-ifs nothing is kept."
        in converse(runtime, thread, "undo").text
    )
    specification = present(runtime.state(thread)["specification"])
    assert specification.intent.user_count == 2001
    assert f"before the last {MAX_EXPLORED} what-ifs is gone" in converse(runtime, thread, "undo").text


def test_where_nothing_was_dropped_undo_says_nothing_of_it(runtime: Runtime, thread: str) -> None:
    heard = converse(runtime, thread, *TO_OPTIONS, "what if we had 2000 users?", "undo", "undo")
    assert "There is no what-if to undo." in heard.text
    assert "nothing is kept" not in heard.text
    assert "is gone" not in heard.text


# Old threads, failures, neighbours, the end


@pytest.mark.parametrize("thread", ["options", "scaling", "cut-off"])
def test_a_thread_of_an_earlier_release_shrinks_at_its_next_turn(runtime: Runtime, thread: str) -> None:
    with runtime.database.connect() as connection:
        put_back(connection, FOLDER / "7bbd890.json.xz")  # the last one that pruned nothing
    before = said_in(runtime.state(thread)["messages"])
    assert count(runtime.database, "checkpoints", thread) > 5
    converse(runtime, thread, "help")
    assert count(runtime.database, "checkpoints", thread) == 1
    assert count(runtime.database, "checkpoint_blobs", thread) < 25
    assert said_in(Story(runtime.database, thread).messages()) == before
    assert count(runtime.database, "checkpoints", "approval") > 5  # another's is left alone


def test_where_pruning_fails_the_turn_is_whole_and_the_next_one_prunes(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, TO_OPTIONS[0])
    with runtime.database.connect() as connection:
        connection.execute(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$"
        )
        connection.execute("CREATE TRIGGER no BEFORE DELETE ON checkpoint_blobs EXECUTE FUNCTION no()")
    heard = converse(runtime, thread, TO_OPTIONS[1])
    assert not heard.errors
    assert heard.checkpoint is not None
    assert count(runtime.database, "checkpoints", thread) > 1
    with runtime.database.connect() as connection:
        connection.execute("DROP TRIGGER no ON checkpoint_blobs")
    converse(runtime, thread, "why option 1?")
    assert count(runtime.database, "checkpoints", thread) == 1


def test_conversations_side_by_side_prune_each_its_own(runtime: Runtime, thread: str) -> None:
    def talk(number: int) -> int | None:
        mine = f"{thread}-{number}"
        converse(
            runtime,
            mine,
            f"a chatbot for {1000 + number} users",
            "looks good",
            f"what if we had {2000 + number} users?",
            "undo",
        )
        specification = runtime.state(mine)["specification"]
        return specification.intent.user_count if specification else None

    with ThreadPoolExecutor(4) as at_once:
        assert list(at_once.map(talk, range(4))) == [1000, 1001, 1002, 1003]
    assert [count(runtime.database, "checkpoints", f"{thread}-{n}") for n in range(4)] == [1] * 4


def test_all_of_a_conversation_is_deleted_with_it(runtime: Runtime, thread: str) -> None:
    for each in (thread, f"{thread}-2"):
        converse(runtime, each, *TO_OPTIONS, "why option 1?")
    runtime.forget(thread)
    assert [count(runtime.database, table, thread) for table in TABLES] == [0] * len(TABLES)
    assert all(count(runtime.database, table, f"{thread}-2") for table in TABLES)


# The story by itself

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(50))
@given(
    st.dictionaries(st.text().filter(lambda name: name != "whole"), JSON),
    st.text(min_size=LONG, max_size=2 * LONG),
)
def test_every_value_comes_back_whole_whatever_it_holds(
    database: Database, value: dict[str, Any], text: str
) -> None:
    story = Story(database, "t")
    for each in (value, value | {"text": text}):
        kept = story.kept(each, returned=True)
        assert json.loads(json.dumps(kept)) == kept
        assert (story.whole(kept["whole"]) if "whole" in kept else kept) == each
    assert len(kept["text"]) <= 80


def test_what_a_tool_was_asked_is_no_result(database: Database) -> None:
    """A chat model makes up arguments; they bear out no figure of its own."""
    story = Story(database, "t")
    story.kept({"asked": "x" * LONG}, returned=False)
    story.kept({"found": "x" * LONG}, returned=True)
    assert [list(value) for value in story.returned()] == [["found"]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(30))
@given(st.lists(st.integers(1, LATEST), max_size=8))
def test_every_message_is_remembered_once_and_in_order(database: Database, turns: list[int]) -> None:
    story = Story(database, f"t-{turns}")
    state: list[AnyMessage] = []
    said = 0
    for new in turns:
        story.remember(state)
        state = latest(state, [HumanMessage(f"\x00\ud800{number}") for number in range(said, said + new)])
        said += new
    story.remember(state)
    story.remember(state)
    assert said_in(story.messages()) == [f"\x00\ud800{number}" for number in range(said)]
