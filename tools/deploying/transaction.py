"""Several objects changed as one: all of them, or none; and where even that fails,
each one's state is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from knowledge.errors import CompassError
from tools.clusters.cluster import Cluster
from tools.clusters.objects import Object, name_of, uid_of
from tools.clusters.writer import Writer
from tools.deploying.live import ours, stripped
from tools.manifests.digests import Action


class Undone(CompassError):
    """It failed, and the cluster is as it was before."""


class Incomplete(CompassError):
    """It failed, and undoing failed as well: the message names each object and its state."""


@dataclass(frozen=True)
class Step:
    """One object that is changed, and what it was before."""

    document: Object
    before: Object | None

    @property
    def label(self) -> str:
        return f"{self.document['kind']} {name_of(self.document)}"


def live_objects(documents: list[Object], cluster: Cluster) -> list[Object | None]:
    return [_found(d, cluster) for d in documents]


def _found(document: Object, cluster: Cluster) -> Object | None:
    """What is there now where a document belongs."""
    return cluster.get(document["apiVersion"], document["kind"], name_of(document))


def carry_out(
    action: Action,
    documents: list[Object],
    before: list[Object | None],
    writer: Writer,
    takes_over: bool,
    begun_earlier: bool,
) -> None:
    """Apply or delete the objects in order, dry run first; `before` is what to go back to.

    Raises Undone or Incomplete; what the dry run refuses is raised as it is, unless
    an earlier attempt had begun.
    """
    steps = [Step(document, there) for document, there in zip(documents, before, strict=True)]
    try:
        if action == "apply":
            for document in documents:
                writer.cluster.dry_run(document, force=takes_over)
    except Exception as error:
        if begun_earlier:
            _undo(steps, writer, error)
        raise
    for number, step in enumerate(steps, start=1):
        try:
            if action == "apply":
                writer.apply(step.document, force=takes_over)
            else:
                _delete(step.document, writer)
        except Exception as error:
            # The request may have arrived although its answer didn't: this object is
            # put back like those before it.
            _undo(steps if begun_earlier else steps[:number], writer, error)


def _delete(document: Object, writer: Writer) -> None:
    there = _found(document, writer.cluster)
    if there is not None:
        writer.delete(there["apiVersion"], there["kind"], name_of(there), uid_of(there))


def _undo(steps: list[Step], writer: Writer, cause: Exception) -> None:
    """Put every object back, the last first. Always raises."""
    left: list[str] = []
    for step in reversed(steps):
        failed = _tried(lambda step=step: _restore(step, writer))  # type: ignore[misc]
        if failed and _tried(lambda step=step: _check_restored(step, writer)):  # type: ignore[misc]
            left.append(f"{step.label} ({failed})")
    why = str(cause) if isinstance(cause, CompassError) else f"{type(cause).__name__}: {cause}"
    if left:
        raise Incomplete(
            f"{why} Undoing it failed as well; these may have been changed: {', '.join(left)}. Trying again"
            " finishes it."
        ) from cause
    raise Undone(f"{why} Everything was put back as it was before.") from cause


def _restore(step: Step, writer: Writer) -> None:
    there = _found(step.document, writer.cluster)
    if step.before is None:
        if there is not None and ours(there) is not None:
            writer.delete(there["apiVersion"], there["kind"], name_of(there), uid_of(there))
        return
    if there is not None and _same(there, step.before):
        return
    mine = ours(step.before)
    if mine is not None:
        after = writer.apply(mine, force=True)
        if _same(after, step.before):
            return
    writer.replace(step.before)


def _check_restored(step: Step, writer: Writer) -> None:
    """Raises CompassError if the object isn't as before: where only an answer was lost, it is."""
    there = _found(step.document, writer.cluster)
    restored = there is None if step.before is None else there is not None and _same(there, step.before)
    if not restored:
        raise CompassError(f"{step.label} isn't as it was before.")


def _same(one: Object, other: Object) -> bool:
    return stripped(one) == stripped(other)


def _tried(what: Callable[[], None]) -> str | None:
    """Why it failed, None if it didn't."""
    try:
        what()
    except Exception as error:
        return str(error)
    return None
