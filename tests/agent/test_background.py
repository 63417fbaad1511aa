"""What another thread makes arrives in order, with its silences and its error."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.background import apart

LONG_S = 600.0


@given(st.lists(st.integers() | st.none()))
def test_what_is_made_arrives_whole_and_in_order(items: list[int | None]) -> None:
    assert list(apart(lambda: items, LONG_S)) == items


def test_silence_is_told_until_something_comes() -> None:
    go_on = threading.Event()

    def slowly() -> Iterator[str]:
        yield "first"
        go_on.wait()
        yield "last"

    heard = apart(slowly, 0.01)
    assert next(item for item in heard if item is not None) == "first"
    assert [next(heard), next(heard)] == [None, None]
    go_on.set()
    assert [item for item in heard if item is not None] == ["last"]


def test_an_error_comes_after_what_was_made_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("in the middle")

    heard = apart(broken, LONG_S)
    assert next(heard) == 1
    with pytest.raises(ValueError, match="in the middle"):
        next(heard)


def test_a_source_that_cannot_even_begin_says_so_to_who_waits() -> None:
    def none() -> list[int]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(apart(none, LONG_S))
