"""What a test takes for granted is there."""

from typing import TypeVar

Value = TypeVar("Value")


def present(value: Value | None) -> Value:
    """Raises AssertionError where it is None."""
    assert value is not None
    return value
