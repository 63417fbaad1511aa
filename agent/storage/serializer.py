"""Bytes of a checkpoint: LangGraph's own format, with our models under their tags, and
nothing that silently becomes something else.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import ormsgpack
from langchain_core.messages import BaseMessage
from langgraph.checkpoint.serde.jsonplus import EXT_PYDANTIC_V2, JsonPlusSerializer
from pydantic import BaseModel

from agent.storage.tags import Tags, Unreadable

OURS = 100
"""The kind of MessagePack extension that holds a tagged dictionary; LangGraph's own count from 0."""
MAX_KNOWN = 256
"""Values read last that are kept as they were read; a plan is one of the largest,
with a tenth of a megabyte.
"""
ROOMS = ("agent", "knowledge", "tools")
"""Where our types were when they were still stored by module and class name."""


class StateSerializer(JsonPlusSerializer):
    """Messages and pauses are LangGraph's to write; of everything else only what has
    a tag is written and read.
    """

    def __init__(self, tags: Tags) -> None:
        super().__init__(allowed_msgpack_modules=None)
        self._tags = tags
        # Each turn reads the same plans again, several times. Whoever gets one mustn't change it: a
        # state never is changed in place.
        self._revived = lru_cache(MAX_KNOWN)(
            lambda inner: tags.revived(ormsgpack.unpackb(inner, option=ormsgpack.OPT_NON_STR_KEYS))
        )

    def with_msgpack_allowlist(self, extra_allowlist: Iterable[tuple[str, ...] | type]) -> StateSerializer:
        """Tags say what may be read."""
        return self

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Raises TypeError for a model that is no part of the state."""
        return super().dumps_typed(self._packed(obj))

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Raises Unreadable for damaged bytes, and for what this release doesn't know."""
        kind, blob = data
        if kind != "msgpack":
            return super().loads_typed(data)
        problems: list[Exception] = []

        def unpacked(code: int, inner: bytes) -> Any:
            try:
                return self._unpacked(code, inner)
            except Exception as error:  # msgpack would put its own in its place
                problems.append(error)
                raise

        try:
            return ormsgpack.unpackb(blob, ext_hook=unpacked, option=ormsgpack.OPT_NON_STR_KEYS)
        except ValueError as error:
            known = next((p for p in problems if isinstance(p, Unreadable)), None)
            raise known or Unreadable("its stored bytes are damaged") from error

    def _packed(self, obj: Any) -> Any:
        if isinstance(obj, BaseModel) and not isinstance(obj, BaseMessage):
            return ormsgpack.Ext(
                OURS, ormsgpack.packb(self._tags.plain(obj), option=ormsgpack.OPT_NON_STR_KEYS)
            )
        if type(obj) is list:
            return [self._packed(item) for item in obj]
        if type(obj) is dict:
            return {key: self._packed(item) for key, item in obj.items()}
        return obj

    def _unpacked(self, code: int, inner: bytes) -> Any:
        if code == OURS:
            return self._revived(inner)
        if code == EXT_PYDANTIC_V2:
            module, name, values, *_ = ormsgpack.unpackb(
                inner, ext_hook=self._unpack_ext_hook, option=ormsgpack.OPT_NON_STR_KEYS
            )
            if module.split(".")[0] in ROOMS:
                return self._tags.untagged(name, values)
        made = self._unpack_ext_hook(code, inner)
        if code == EXT_PYDANTIC_V2 and not isinstance(made, BaseModel):
            raise Unreadable(f"it holds a {name} of another program")
        return made
