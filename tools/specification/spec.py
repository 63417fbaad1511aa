"""What is declared once of a field of the specification, and what follows from it.

A field stands in `wishes.py` or `overrides.py` with its type, its bounds and a `Spec`: how it is called, what
it is counted in, where it belongs. The cards, the sentences about changes and errors, the schema of the API
and the names by which words are read all come from there.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from tools.wording import exact_time, figure, lower

Group = Literal["need", "targets", "demand", "constraints"]
Shape = Literal["whole", "number", "percent", "choice", "choices", "counts", "items", "flag"]
"""percent: a share of 1, told and typed in hundredths; counts: so many of each; items: each of several parts,
typed as one text.
"""
Names = Callable[[], Mapping[str, str]]
"""What can be chosen, with what each is called."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What people are told of a field, and how they call it."""

    label: str
    """Before its value, in every face: “Quality”."""
    called: str = ""
    """In a sentence, after “the”: “least quality”. The label, where it isn't said otherwise."""
    group: Group | None = None
    """Part of the card. None for a wish that makes values of fields and is none itself: “twice the users”."""
    unit: str = ""
    """Behind a figure where it is typed; a share's begins with “%”."""
    bound: Literal["", "at least", "at most"] = ""
    written: str = ""
    """A figure in a sentence, with `{}` for it, where it isn't simply followed by its unit."""
    unset: str = "any"
    """In place of a value where none is set."""
    means: str = ""
    """What is planned then, where that isn't plain."""
    row: str = ""
    """The line of the card that tells of it together with others, where it has none of its own."""
    names: Names | None = None
    known: str = ""
    """What `names` are names of, where no other value can be: “GPU”."""
    listed: Callable[[Sequence[str]], str] | None = None
    """Several values in words, where they aren't simply enumerated."""
    said: str = ""
    """A pattern of what people call it, beside its label."""
    load: bool = False
    """Whether it says how much there is to do; those exclude each other."""
    relaxed: str = ""
    """A constraint that was lifted, in words: “any licence”."""
    gives: bool = True
    """Whether a constraint may be lifted by way of suggestion, where nothing holds them all."""
    unmet: str = ""
    """Why a configuration that doesn't meet this constraint is left out."""

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        schema["title"] = self.title
        if self.unit:
            share = any(one.get("maximum", 100) <= 1 for one in schema.get("anyOf", []))
            schema["x-unit"] = self.unit.replace("%", "share") if share else self.unit
        return schema

    @property
    def title(self) -> str:
        """The label of the field where its value is typed."""
        return f"{self.label} {self.bound}".strip()

    @property
    def the(self) -> str:
        return f"the {self.called or lower(self.label)}"


@dataclass(frozen=True)
class Limit:
    value: float
    included: bool


@dataclass(frozen=True)
class Declared:
    """A field with what its type and its bounds say of it."""

    name: str
    spec: Spec
    shape: Shape
    low: Limit | None
    high: Limit | None

    @property
    def is_figure(self) -> bool:
        return self.shape in ("whole", "number", "percent")

    @property
    def scale(self) -> float:
        """Of a figure as it is told and typed, over the field's own."""
        return 100.0 if self.shape == "percent" else 1.0

    def shown(self, figure: float) -> float:
        """A figure as it is told and typed."""
        return round(figure * self.scale, 9) if self.scale != 1 else figure

    @property
    def may_be_nothing(self) -> bool:
        return self.low == Limit(0, True)

    @cached_property
    def pattern(self) -> str:
        """What people call it, in lower case."""
        calls = (
            re.escape(name).replace(r"\ ", r"[\s-]+") for name in (lower(self.spec.label), self.spec.called)
        )
        return "|".join(filter(None, (self.spec.said, *(call.lower() for call in calls))))

    def in_words(self, value: Any) -> str:
        """A value as people write it, or what stands for none."""
        if value is None or value in ([], {}):
            return self.spec.unset
        return f"{self.spec.bound} {self.written(value)}".strip()

    def written(self, value: Any) -> str:
        """A value with its unit, or by its names."""
        spec = self.spec
        if self.shape == "counts":
            return ", ".join(f"{count} {name}" for name, count in value.items())
        if self.shape == "items":
            return ", ".join(map(str, value))
        if self.shape == "choices":
            return spec.listed(value) if spec.listed else ", ".join(value)
        if not self.is_figure:
            return (spec.names() if spec.names else {}).get(value, str(value))
        if spec.unit == "ms":
            return exact_time(value)
        unit = spec.unit if self.shape == "percent" else f" {spec.unit}"
        return (spec.written or "{}" + unit).format(figure(self.shown(value))).strip()


def declared(model: type[BaseModel]) -> Iterator[Declared]:
    """The fields of a model that have a `Spec`, in its order."""
    for name, info in model.model_fields.items():
        spec = next((m for m in info.metadata if isinstance(m, Spec)), None)
        if spec is not None:
            low = next((_limit(m) for m in info.metadata if isinstance(m, Ge | Gt)), None)
            high = next((_limit(m) for m in info.metadata if isinstance(m, Le | Lt)), None)
            yield Declared(name, spec, _shape(info, spec), low, high)


def _limit(bound: Any) -> Limit:
    kind = type(bound).__name__.lower()
    return Limit(float(getattr(bound, kind)), kind in ("ge", "le"))


def _shape(info: FieldInfo, spec: Spec) -> Shape:
    held: Any = info.annotation
    while get_origin(held) in (Union, types.UnionType):
        held = next(one for one in get_args(held) if one is not type(None))
    if held is bool:
        return "flag"
    if held in (int, float):
        share = spec.unit.startswith("%") and any(isinstance(m, Le) and m.le <= 1 for m in info.metadata)
        return "percent" if share else "whole" if held is int else "number"
    if get_origin(held) is list and isinstance(one := get_args(held)[0], type) and issubclass(one, BaseModel):
        return "items"
    return {dict: "counts", list: "choices"}.get(get_origin(held), "choice")  # type: ignore[return-value]
