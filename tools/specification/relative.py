"""Relative wishes, “20 ms less”, “half the budget”: the figure that comes of it, from what there is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from knowledge.errors import CompassError
from tools.specification.fields import FIELDS, Figure
from tools.specification.spec import Declared
from tools.wording import capital


class NothingToStartFrom(CompassError):
    """A relative wish about a figure that isn't set: `figure` is its name, `added` what
    should be added to it, if it was told so.
    """

    def __init__(self, field: Declared, added: float | None) -> None:
        super().__init__(
            f"{capital(field.spec.the)} isn't set, so there is nothing to change it from. What should"
            f" {field.spec.the} be?"
        )
        self.figure, self.added = field.name, added


def reckoned(
    added: Mapping[Figure, float], factors: Mapping[Figure, float], now: Callable[[str], float | None]
) -> dict[str, float]:
    """The new figures, in the fields' own units; `now` tells the old ones. Raises CompassError where there
    is no old one, or where nothing would be left.
    """
    found: dict[str, float] = {}
    for name, field in FIELDS.items():
        if name not in added and name not in factors:
            continue
        old = now(name)
        if old is None:
            raise NothingToStartFrom(field, added.get(name))
        new = round(old * factors.get(name, 1.0) + added.get(name, 0.0), 6)
        if new < 0 or (new == 0 and not field.may_be_nothing):
            raise CompassError(
                f"{capital(field.spec.the)} is {field.written(old)}; less by so much would leave nothing."
                f" What should {field.spec.the} be?"
            )
        found[name] = new
    return found
