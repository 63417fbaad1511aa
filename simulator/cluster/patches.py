"""The kinds of PATCH besides server-side apply: JSON patch, merge patch, strategic merge patch."""

from __future__ import annotations

from typing import Any

import jsonpatch

from simulator.cluster.objects import ApiError, Object, copied
from simulator.cluster.schema import ANY, KEY_DEFAULTS, Schema

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"


def patched(document: Object, patch: Any, content_type: str, schema: Schema, custom: bool) -> Object:
    """A changed copy. Raises ApiError for a patch of an unknown kind, or one that doesn't fit."""
    if content_type == JSON_PATCH:
        return _json_patched(document, patch)
    if not isinstance(patch, dict):
        raise ApiError(400, "BadRequest", "the patch must be an object")
    if content_type == MERGE_PATCH:
        return dict(_merge_patched(document, patch))
    if content_type == STRATEGIC_PATCH and not custom:
        return dict(_strategic(document, patch, schema))
    accepted = [
        JSON_PATCH,
        MERGE_PATCH,
        *([] if custom else [STRATEGIC_PATCH]),
        "application/apply-patch+yaml",
    ]
    raise ApiError(
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted),
    )


def _json_patched(document: Object, patch: Any) -> Object:
    try:
        changed: Object = jsonpatch.apply_patch(document, patch)
    except jsonpatch.JsonPatchTestFailed as error:
        raise ApiError(
            422, "Invalid", f"the server rejected our request due to an error in our request: {error}"
        ) from error
    except (
        jsonpatch.JsonPatchException,
        jsonpatch.JsonPointerException,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
        raise ApiError(
            422, "Invalid", f"the server rejected our request due to an error in our request: {error}"
        ) from error
    return changed


def _merge_patched(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = copied(value) if isinstance(value, dict) else {}
    for key, inner in patch.items():
        if inner is None:
            result.pop(key, None)
        else:
            result[key] = _merge_patched(result.get(key), inner)
    return result


def _strategic(value: Any, patch: Any, schema: Schema) -> Any:
    """Maps merge, lists with keys merge by key, all else is replaced; `$patch` says delete or replace."""
    if isinstance(patch, dict):
        if patch.get("$patch") == "replace":
            return {k: v for k, v in patch.items() if k != "$patch"}
        result = copied(value) if isinstance(value, dict) else {}
        fields = schema.fields() if schema.kind == "object" else {}
        for key, inner in patch.items():
            if key.startswith("$"):
                continue
            known = fields.get(key, ANY) if schema.kind == "object" else schema.item or ANY
            if inner is None:
                result.pop(key, None)
            else:
                result[key] = _strategic(result.get(key), inner, known)
        return result
    if isinstance(patch, list) and schema.keys and schema.item:
        merged = list(value or [])
        if any(isinstance(entry, dict) and entry.get("$patch") == "replace" for entry in patch):
            return [e for e in patch if "$patch" not in e]
        for entry in patch:
            before = next((e for e in merged if _same(e, entry, schema.keys)), None)
            if entry.get("$patch") == "delete":
                merged = [e for e in merged if not _same(e, entry, schema.keys)]
            elif before is None:
                merged.append(_strategic({}, entry, schema.item))
            else:
                merged[merged.index(before)] = _strategic(before, entry, schema.item)
        return merged
    return patch


def _same(one: Any, other: Any, keys: tuple[str, ...]) -> bool:
    return all(one.get(k, KEY_DEFAULTS.get(k)) == other.get(k, KEY_DEFAULTS.get(k)) for k in keys)
