"""What a kind of object is to the cluster: its names, its place, its schema, and how it is printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulator.cluster.objects import Key, Object
from simulator.cluster.schema import Schema

READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True)
class Column:
    name: str
    value: Callable[[Object], Any]
    type: str = "string"
    wide: bool = False
    """Printed with `-o wide` alone."""


@dataclass(frozen=True)
class Resource:
    api_version: str
    kind: str
    plural: str
    schema_of: Callable[[], Schema]
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    custom: bool = False
    status: bool = True
    """Whether it has a status, written only through its subresource."""
    columns: tuple[Column, ...] = ()

    @property
    def group(self) -> str:
        return self.api_version.split("/")[0] if "/" in self.api_version else ""

    @property
    def version(self) -> str:
        return self.api_version.split("/")[-1]

    @property
    def id(self) -> str:
        """As errors and rules name it: `pods`, `inferenceservices.serving.kserve.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def root(self) -> str:
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"

    @property
    def verbs(self) -> list[str]:
        return [*READ, *WRITE]

    @cached_property
    def schema(self) -> Schema:
        return self.schema_of()

    def key(self, document: Object) -> Key:
        return Key(
            self.id,
            document["metadata"].get("namespace", "") if self.namespaced else "",
            document["metadata"]["name"],
        )


def is_spec(name: str) -> bool:
    """Whether a top-level field counts for `metadata.generation`."""
    return name not in ("metadata", "status", "apiVersion", "kind")
