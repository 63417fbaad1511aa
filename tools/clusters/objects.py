"""A cluster's objects as its API gives them, and the words to read them by. What isn't there reads as empty:
a server leaves out what has no value yet.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

Object = dict[str, Any]
SERVICE_LABEL = "serving.kserve.io/inferenceservice"
"""KServe's own, on all that it makes of an InferenceService: its name."""


def name_of(o: Object) -> str:
    return str(o["metadata"]["name"])


def uid_of(o: Object) -> str:
    return str(o["metadata"]["uid"])


def spec_of(o: Object) -> Object:
    return o.get("spec") or {}


def status_of(o: Object) -> Object:
    return o.get("status") or {}


def labels(o: Object) -> dict[str, str]:
    return o["metadata"].get("labels") or {}


def notes_of(o: Object) -> dict[str, str]:
    return o["metadata"].get("annotations") or {}


def annotation(o: Object, key: str) -> str | None:
    return notes_of(o).get(key)


def created_at(o: Object) -> datetime | None:
    """None of what was never in a cluster."""
    created = o["metadata"].get("creationTimestamp")
    return datetime.fromisoformat(str(created)) if created else None


def age_seconds(o: Object) -> float | None:
    created = created_at(o)
    return None if created is None else (datetime.now(UTC) - created).total_seconds()


def is_owned_by_any(o: Object, uids: set[str]) -> bool:
    return any(owner.get("uid") in uids for owner in o["metadata"].get("ownerReferences") or [])


def conditions(o: Object) -> list[Object]:
    return status_of(o).get("conditions") or []


def condition(o: Object, kind: str) -> Object:
    """The condition of this type, empty if there is none."""
    return next((c for c in conditions(o) if c.get("type") == kind), {})


def is_true(o: Object, kind: str) -> bool:
    return condition(o, kind).get("status") == "True"


def is_observed(o: Object) -> bool:
    """Whether its controller has acted on what was applied last, as far as it says."""
    return status_of(o).get("observedGeneration") in (None, o["metadata"].get("generation"))


def is_gone(pod: Object) -> bool:
    """Whether its node took the pod away: it stays as it is, and another one takes its place."""
    return status_of(pod).get("phase") == "Failed"


def containers(pod: Object) -> list[Object]:
    """Init containers first, since the others wait for them."""
    return [*(spec_of(pod).get("initContainers") or []), *(spec_of(pod).get("containers") or [])]


def limit_of(container: Object, resource: str) -> str | None:
    found = ((container.get("resources") or {}).get("limits") or {}).get(resource)
    return None if found is None else str(found)


def container_statuses(pod: Object, init: bool | None = None) -> list[Object]:
    """Init containers first; these alone, or the others alone, where `init` says so."""
    first, then = (
        status_of(pod).get("initContainerStatuses") or [],
        status_of(pod).get("containerStatuses") or [],
    )
    return [*first, *then] if init is None else first if init else then


def state(
    container: Object, kind: Literal["waiting", "running", "terminated"], before: bool = False
) -> Object:
    """Of a container's status, empty where it is in another one; `before`: the one before the present."""
    return (container.get("lastState" if before else "state") or {}).get(kind) or {}


def involved(event: Object) -> Object:
    """The object that an Event is about."""
    return event.get("involvedObject") or {}


def last_seen(event: Object) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")
