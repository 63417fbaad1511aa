"""Who owns which field: server-side apply with its conflicts, and the managed fields that
every other write leaves behind.

A field is a path of FieldsV1 elements: `f:name` into a map, `k:{"name":"x"}` into a list that merges by key,
`v:"x"` into a set; the element `.` stands for the item itself. Lists without keys are owned as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from simulator.cluster.objects import ApiError, Object, copied, now
from simulator.cluster.schema import ANY, KEY_DEFAULTS, Schema

Path = tuple[str, ...]
ITEM = "."
NOBODYS = {"apiVersion", "kind"}
NOBODYS_METADATA = {
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "deletionTimestamp",
}


@dataclass(frozen=True)
class Owner:
    """One entry of `managedFields`."""

    manager: str
    operation: str
    subresource: str
    api_version: str
    time: str
    fields: frozenset[Path]

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.manager, self.operation, self.subresource


def owners(document: Object) -> list[Owner]:
    """The entries of `managedFields`, flattened."""
    found = []
    for entry in document["metadata"].get("managedFields") or []:
        fields = frozenset(_flattened(entry.get("fieldsV1") or {}))
        found.append(
            Owner(
                entry["manager"],
                entry["operation"],
                entry.get("subresource", ""),
                entry["apiVersion"],
                entry.get("time", ""),
                fields,
            )
        )
    return found


def with_owners(document: Object, entries: list[Owner]) -> Object:
    """A copy of the document with these `managedFields`."""
    written = []
    for owner in entries:
        if owner.fields:
            entry: Object = {
                "manager": owner.manager,
                "operation": owner.operation,
                "apiVersion": owner.api_version,
                "time": owner.time,
            }
            entry |= {"fieldsType": "FieldsV1", "fieldsV1": _nested(owner.fields)}
            written.append(entry | ({"subresource": owner.subresource} if owner.subresource else {}))
    return document | {"metadata": document["metadata"] | {"managedFields": written}}


def leaves(document: Object, schema: Schema) -> frozenset[Path]:
    """Every field that the document sets."""
    fields = schema.fields()
    found: set[Path] = set()
    for key, value in document.items():
        if key in NOBODYS:
            continue
        if key == "metadata":
            value = {k: v for k, v in value.items() if k not in NOBODYS_METADATA}
            if not value:
                continue
        found.update(_leaves(value, fields.get(key, ANY), (f"f:{key}",)))
    return frozenset(found)


def written(before: Object, after: Object, schema: Schema, manager: str, subresource: str) -> Object:
    """`after` with the managed fields of a plain write: what changed is the
    writer's, what is gone is nobody's.
    """
    old, new = leaves(before, schema), leaves(after, schema)
    changed = {p for p in new if p not in old or value_at(before, p) != value_at(after, p)}
    if not changed and old == new:
        return with_owners(after, owners(before))
    entries = []
    mine = (manager, "Update", subresource)
    found = False
    for owner in owners(before):
        if owner.identity == mine:
            found = True
            entries.append(replace(owner, fields=(owner.fields & new) | changed, time=now()))
        else:  # also an applier loses what somebody else changes; it is told at its next apply
            entries.append(replace(owner, fields=(owner.fields & new) - changed))
    if not found:
        entries.append(Owner(*mine, after["apiVersion"], now(), frozenset(changed)))
    return with_owners(after, entries)


def applied(live: Object | None, config: Object, schema: Schema, manager: str, force: bool) -> Object:
    """The object after server-side apply. Raises ApiError 409 naming each field that
    somebody else has with another value.
    """
    wanted = leaves(config, schema)
    mine = Owner(manager, "Apply", "", config["apiVersion"], now(), wanted)
    if live is None:
        return with_owners(config, [mine])
    others = [o for o in owners(live) if o.identity != mine.identity]
    previous = next((o.fields for o in owners(live) if o.identity == mine.identity), frozenset[Path]())
    differing = {p for p in wanted if p[-1] != ITEM and value_at(live, p) != value_at(config, p)}
    conflicts = [(o, sorted(o.fields & differing)) for o in others if o.fields & differing]
    if conflicts and not force:
        raise _conflict(conflicts)
    merged = _merged(live, config, schema)
    elsewhere = frozenset(p for o in others for p in o.fields)
    inhabited = {p[:n] for p in elsewhere for n in range(len(p))}
    for path in sorted(
        previous - wanted - elsewhere, key=lambda p: (p[-1] != ITEM, -len(p))
    ):  # items first, as a whole
        if path[-1] != ITEM or path[:-1] not in inhabited:  # unless others have something in them
            _remove(merged, path)
    still = leaves(merged, schema)
    entries = [replace(o, fields=(o.fields - differing if force else o.fields) & still) for o in others]
    before = next((o for o in owners(live) if o.identity == mine.identity), None)
    unchanged = before is not None and before.fields == wanted
    return with_owners(merged, [*entries, replace(mine, time=before.time) if before and unchanged else mine])


def value_at(document: Any, path: Path) -> Any:
    """The value at a path; for an item of a list, the item; None if there is nothing."""
    value = document
    for element in path:
        if element == ITEM:
            return value
        kind, _, name = element.partition(":")
        if kind == "f":
            value = value.get(name) if isinstance(value, dict) else None
        elif kind == "k":
            value = _item(value, json.loads(name))
        else:
            wanted = json.loads(name)
            value = wanted if isinstance(value, list) and wanted in value else None
        if value is None:
            return None
    return value


def in_words(path: Path) -> str:
    """As conflicts name it: `.spec.containers[name="x"].image`."""
    text = ""
    for element in path:
        kind, _, name = element.partition(":")
        if kind == "f":
            text += f".{name}"
        elif kind == "k":
            text += "[" + ",".join(f"{k}={json.dumps(v)}" for k, v in json.loads(name).items()) + "]"
        elif kind == "v":
            text += f"[={name}]"
    return text


def _conflict(conflicts: list[tuple[Owner, list[Path]]]) -> ApiError:
    causes, parts = [], []
    for owner, paths in conflicts:
        using = f'conflict with "{owner.manager}"' + (
            f" with subresource {owner.subresource}" if owner.subresource else ""
        )
        using += f" using {owner.api_version}"
        names = [in_words(p) for p in paths]
        parts.append(
            f"{using}: {names[0]}" if len(names) == 1 else f"{using}:\n" + "\n".join(f"- {n}" for n in names)
        )
        causes += [{"reason": "FieldManagerConflict", "message": using, "field": n} for n in names]
    count = f"{len(causes)} conflict{'s' * (len(causes) > 1)}"
    return ApiError(409, "Conflict", f"Apply failed with {count}: " + "\n".join(parts), causes)


def _leaves(value: Any, schema: Schema, path: Path) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        fields = schema.fields() if schema.kind == "object" else {}
        for key, inner in value.items():
            known = fields.get(key, ANY) if schema.kind == "object" else schema.item or ANY
            yield from _leaves(inner, known, (*path, f"f:{key}"))
    elif isinstance(value, list) and schema.keys and schema.item:
        for entry in value:
            here = (*path, _key(entry, schema))
            yield (*here, ITEM)
            yield from _leaves(entry, schema.item, here)
    elif isinstance(value, list) and schema.is_set:
        yield from ((*path, f"v:{json.dumps(entry)}") for entry in value)
    else:
        yield path


def _key(entry: Any, schema: Schema) -> str:
    values = {k: entry.get(k, KEY_DEFAULTS.get(k)) for k in schema.keys}
    return "k:" + json.dumps(values, sort_keys=True, separators=(",", ":"))


def _item(value: Any, key: dict[str, Any]) -> Any:
    if not isinstance(value, list):
        return None
    return next(
        (
            e
            for e in value
            if isinstance(e, dict) and all(e.get(k, KEY_DEFAULTS.get(k)) == v for k, v in key.items())
        ),
        None,
    )


def _merged(live: Any, config: Any, schema: Schema) -> Any:
    if isinstance(live, dict) and isinstance(config, dict):
        fields = schema.fields() if schema.kind == "object" else {}
        merged = copied(live)
        for key, value in config.items():
            known = fields.get(key, ANY) if schema.kind == "object" else schema.item or ANY
            merged[key] = _merged(live.get(key), value, known)
        return merged
    if isinstance(live, list) and isinstance(config, list) and schema.keys and schema.item:
        result = list(live)
        for entry in config:
            key = json.loads(_key(entry, schema).removeprefix("k:"))
            before = _item(result, key)
            if before is None:
                result.append(copied(entry))
            else:
                result[result.index(before)] = _merged(before, entry, schema.item)
        return result
    if isinstance(live, list) and isinstance(config, list) and schema.is_set:
        return live + [entry for entry in config if entry not in live]
    return copied(config) if isinstance(config, dict) else config


def _remove(document: Object, path: Path) -> None:
    """Take a field out, and the maps that it leaves empty."""
    *way, last = path
    if last == ITEM:
        *way, last = way
    trail: list[tuple[Any, str]] = []
    value: Any = document
    for element in way:
        trail.append((value, element))
        kind, _, name = element.partition(":")
        value = (value or {}).get(name) if kind == "f" else _item(value, json.loads(name))
        if value is None:
            return
    kind, _, name = last.partition(":")
    if kind == "f" and isinstance(value, dict):
        value.pop(name, None)
    elif kind == "k":
        entry = _item(value, json.loads(name))
        if path[-1] == ITEM and entry is not None:
            value.remove(entry)
    elif kind == "v" and isinstance(value, list) and json.loads(name) in value:
        value.remove(json.loads(name))
    while trail and value in ({}, []):
        parent, element = trail.pop()
        if element.startswith("f:") and isinstance(parent, dict) and element != "f:metadata":
            parent.pop(element.removeprefix("f:"), None)
            value = parent
        else:
            return


def _flattened(tree: Object, path: Path = ()) -> Iterator[Path]:
    for key, inner in tree.items():
        if key == ITEM:
            yield (*path, ITEM)
        elif inner:
            yield from _flattened(inner, (*path, key))
        else:
            yield (*path, key)


def _nested(fields: frozenset[Path]) -> Object:
    tree: Object = {}
    for path in sorted(fields):
        place = tree
        for element in path:
            place = place.setdefault(element, {})
    return tree
