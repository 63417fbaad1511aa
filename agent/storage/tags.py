"""Names under which types are stored: they outlive any module path, and say by which
version a value was written.

A model is stored as a plain dictionary of its fields with a tag, `{"$": "Specification.1", …}`, and so is
every model inside it. Where a class moves, nothing is to be done. Where it is renamed, `FORMERLY` says what
it was. Where its fields change so that an old value no longer fits, `STEPS` gets a function from one
version's dictionary to the next's; a new field with a default needs none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

from langchain_core.messages import BaseMessage
from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from knowledge.catalogue import RENAMED
from knowledge.errors import CompassError

TAG = "$"
Values = dict[str, Any]
Steps = Mapping[str, Sequence[Callable[[Values], Values]]]
FORMERLY: dict[str, str] = {}
"""Names that types were stored under before, and what they are called now."""


def _meant(values: Values) -> Values:
    """Checkpoints by the ids that the catalogue has for them now."""
    lists = {
        name: [RENAMED.get(m, m) for m in values.get(name) or []]
        for name in ("preferred_models", "excluded_models")
    }
    return values | lists


STEPS: Steps = {"Intent": [_meant]}
"""For each name, how version 1 becomes 2, 2 becomes 3, and so on. A step sees the
models inside as they were stored.
"""


class Unreadable(CompassError):
    """A stored value that this release can't make anything of; says what is still possible."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"This conversation can't be read: {reason}. “start over” begins it anew. What it deployed stays"
            " as it is; `compass deployments` lists it."
        )


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Our models that an annotation names, at any depth of lists and alternatives."""
    if (
        isinstance(annotation, type)
        and issubclass(annotation, BaseModel)
        and not issubclass(annotation, BaseMessage)
    ):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def reachable(state: type[Any]) -> dict[str, type[BaseModel]]:
    """Every model that a state can hold, by name. Raises ValueError where two have the same."""
    found: dict[str, type[BaseModel]] = {}
    left = [kind for hint in get_type_hints(state, include_extras=True).values() for kind in models_in(hint)]
    while left:
        kind = left.pop()
        known = found.get(kind.__name__)
        if known is None:
            found[kind.__name__] = kind
            left += [inner for field in kind.model_fields.values() for inner in models_in(field.annotation)]
        elif known is not kind:
            raise ValueError(
                f"{kind.__module__} and {known.__module__} both have a {kind.__name__}; stored types need"
                " names of their own"
            )
    return found


class Tags:
    """The types that can be stored, and how each is written and read."""

    def __init__(
        self,
        kinds: Mapping[str, type[BaseModel]],
        steps: Steps = STEPS,
        formerly: Mapping[str, str] = FORMERLY,
    ) -> None:
        self._kinds = kinds
        self._steps = steps
        self._formerly = formerly

    def tag_of(self, kind: type[BaseModel]) -> str:
        """Raises TypeError for a type that isn't stored."""
        if self._kinds.get(kind.__name__) is not kind:
            raise TypeError(f"{kind.__module__}.{kind.__name__} is no part of a conversation's state")
        return f"{kind.__name__}.{self._version(kind.__name__)}"

    def plain(self, value: Any) -> Any:
        """A value as JSON could hold it, its models with their tags."""
        if value is None or isinstance(value, str | int | float):
            return value
        if isinstance(value, BaseModel):
            kind = type(value)
            return {TAG: self.tag_of(kind)} | {
                name: self.plain(getattr(value, name)) for name in kind.model_fields
            }
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.plain(item) for item in value]
        return to_jsonable_python(value)

    def revived(self, values: Values) -> BaseModel:
        """The model that `plain` made a dictionary of, in this release or an earlier
        one. Raises Unreadable.
        """
        name, _, version = str(values.get(TAG)).rpartition(".")
        return self._model(
            name, int(version) if version.isdigit() else 0, {k: v for k, v in values.items() if k != TAG}
        )

    def untagged(self, name: str, values: Values) -> BaseModel:
        """The model that a release from before there were tags has stored under its
        class's name. Raises Unreadable.
        """
        return self._model(name, 1, values)

    def _version(self, name: str) -> int:
        return 1 + len(self._steps.get(name, ()))

    def _model(self, name: str, version: int, values: Values) -> BaseModel:
        current = self._formerly.get(name, name)
        kind = self._kinds.get(current)
        if kind is None or not 1 <= version <= self._version(current):
            raise Unreadable(
                f"it holds a {name}, version {version}, which this Compass doesn't know; maybe a newer one"
                " saved it"
            )
        try:
            for step in self._steps.get(current, ())[version - 1 :]:
                values = step(values)
            fields = {name: field.annotation for name, field in kind.model_fields.items()}
            return kind.model_validate(
                {key: self._inner(item, fields.get(key)) for key, item in values.items()}
            )
        except Unreadable:
            raise
        except ValidationError as error:
            where = ".".join(map(str, error.errors()[0]["loc"]))
            raise Unreadable(
                f"its {name}, version {version}, doesn't fit any more (at {where or 'the whole'})"
            ) from error
        except Exception as error:  # a step that meets what it wasn't written for
            raise Unreadable(
                f"its {name}, version {version}, can't be brought up to date ({type(error).__name__})"
            ) from error

    def _inner(self, item: Any, annotation: Any) -> Any:
        """A field's value with the models in it. Those without a tag are told by the
        field that they stand in.
        """
        if isinstance(item, list):
            return [self._inner(each, annotation) for each in item]
        if not isinstance(item, dict):
            return item
        if TAG in item:
            return self.revived(item)
        if _is_mapping(annotation):
            return {key: self._inner(each, annotation) for key, each in item.items()}
        expected = list(models_in(annotation))
        return self.untagged(expected[0].__name__, item) if len(expected) == 1 else item


def _is_mapping(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(map(_is_mapping, get_args(annotation)))
