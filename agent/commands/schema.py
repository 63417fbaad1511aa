"""JSON Schemas of what commands print with `--json`, made from the types that they print."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from knowledge.errors import CompassError

PRINTED = (
    "chat",
    "recommend",
    "capacity",
    "splits",
    "batch",
    "deployments",
    "deployments status",
    "deployments validate",
    "traffic",
)
"""Commands whose output has a schema: a line of `chat` is one event."""


def schema_of(command: str) -> dict[str, Any]:
    """Raises CompassError that names the commands there are."""
    from agent.commands.recommend import Recommended
    from agent.events import AnyEvent
    from knowledge.traffic.summary import TrafficSummary
    from tools.batch import Batch
    from tools.capacity import Capacity
    from tools.compare_splits import Splits
    from tools.deployments import Listed
    from tools.get_status import DeploymentStatus
    from tools.serving.validation import Validation

    printed: tuple[Any, ...] = (
        AnyEvent,
        Recommended,
        Capacity,
        Splits,
        Batch,
        list[Listed],
        DeploymentStatus,
        Validation,
        TrafficSummary,
    )
    types = dict(zip(PRINTED, printed, strict=True))
    if command not in types:
        raise CompassError(f"There is no schema of {command[:80]!r}; there are {', '.join(PRINTED)}.")
    return TypeAdapter(types[command]).json_schema(mode="serialization")
