"""What the simulated containers have written; kept in memory alone."""

from __future__ import annotations

from collections import defaultdict

from simulator.cluster.objects import ApiError, Object


class Logs:
    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._previous: dict[tuple[str, str], list[str]] = {}

    def write(self, pod: Object, container: str, *lines: str) -> None:
        self._lines[pod["metadata"]["uid"], container].extend(lines)

    def end(self, pod: Object, container: str) -> None:
        """What was written becomes the log of the container before, and is what is
        read until the next one writes.
        """
        key = (pod["metadata"]["uid"], container)
        self._previous[key] = self._lines.pop(key, [])

    def read(self, pod: Object, container: str, previous: bool = False) -> list[str]:
        """Raises ApiError 400 for a container that the pod doesn't have, or that hasn't started."""
        name = pod["metadata"]["name"]
        known = [c["name"] for c in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]]
        if container not in known:
            raise ApiError(400, "BadRequest", f"container {container} is not valid for pod {name}")
        key = (pod["metadata"]["uid"], container)
        if previous and key not in self._previous:
            raise ApiError(
                400, "BadRequest", f'previous terminated container "{container}" in pod "{name}" not found'
            )
        if previous:
            return self._previous[key]
        if not pod["spec"].get("nodeName"):
            raise ApiError(400, "BadRequest", f'pod "{name}" does not have a host assigned')
        if key not in self._lines and key not in self._previous:
            why = "waiting to start: ContainerCreating"
            raise ApiError(400, "BadRequest", f'container "{container}" in pod "{name}" is {why}')
        return self._lines.get(key) or self._previous.get(key) or []

    def after(self, pod: Object, container: str, seen: int) -> list[str]:
        """Lines that came after the first `seen`."""
        return self._lines.get((pod["metadata"]["uid"], container), [])[seen:]

    def forget(self, living: set[str]) -> None:
        """The logs of pods that are gone go with them."""
        for kept in (self._lines, self._previous):
            for key in [k for k in kept if k[0] not in living]:
                del kept[key]
