"""Who makes models, and where: for people who may use models of some countries only."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from pydantic import Field

from knowledge.catalogue import models
from knowledge.entries import Entry


class Maker(Entry):
    """A company that trains models. `provider` is its name in the catalogue; `country` where its seat is, by
    ISO 3166.
    """

    provider: str
    country: str = Field(pattern=r"^[A-Z]{2}$")


@cache
def makers() -> dict[str, Maker]:
    """By the name that the catalogue has for them."""
    text = (files("knowledge") / "data" / "makers.json").read_text(encoding="utf-8")
    return {m.provider: m for m in map(Maker.model_validate, json.loads(text)["makers"])}


@cache
def countries_of(model_id: str) -> frozenset[str]:
    """The countries whose makers a catalogued model comes from: who trained it, and who trained what it was
    made of, as far as the catalogue says so. Who only quantised it doesn't count.
    """
    model = models()[model_id]
    base = countries_of(model.base_id) if model.base_id in models() else frozenset[str]()
    maker = makers().get(model.provider)
    return base | {maker.country} if maker else base
