"""Why pods don't come up, and what helps: each known failure recognised by its signs.
What the cluster says is quoted, never obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tools.clusters.objects import (
    Object,
    condition,
    container_statuses,
    containers,
    created_at,
    involved,
    is_gone,
    limit_of,
    name_of,
    state,
    status_of,
)
from tools.contract import Contract
from tools.deploying.causes import (
    CRASH,
    DOWNLOAD_KILLED,
    IMAGES,
    KILLED,
    NO_SECRET,
    PROBES,
    REFUSED,
    STARTS,
    TAKEN_AWAY,
    UNPLACED,
    Failure,
    Known,
    known,
    quoted,
)
from tools.deploying.log import first_cause
from tools.untrusted import printable

INITIALIZER = "storage-initializer"
OURS = {"kserve-container", INITIALIZER}
"""Containers of what Compass applies; others were added by something in the cluster."""
IMAGE_REASONS = {
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
}
START_REASONS = {
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "StartError",
    "ContainerCannotRun",
}
SIGNALS = {
    132: "illegal instruction",
    134: "aborted",
    135: "bus error",
    137: "killed",
    139: "segmentation fault",
    143: "terminated",
}
"""Exit codes above 128, by the signal that ended the process."""
NOT_OURS = (
    "It isn't part of what Compass applies: something in the cluster adds it to the pods, so ask whoever runs"
    " the cluster."
)


class Diagnosis(Contract):
    """`cause` quotes the cluster; `waiting_may_help` where things can change without anybody's doing."""

    failure: Failure
    cause: str
    remedy: str
    waiting_may_help: bool


@dataclass(frozen=True)
class Signs:
    """What is looked at: the pods, the workload's conditions, the events about them, and
    a way to read a dead container's log.
    """

    pods: list[Object]
    workloads: list[Object]
    events: list[Object]
    log: Callable[[str, str, bool], str]
    """(pod, container, whether it was started anew since) to the last lines that it wrote before it ended."""


def diagnose(signs: Signs) -> Diagnosis | None:
    """The first failure that the signs show; None if there is none, or not yet."""
    for rule in (_quota, _unschedulable, _waiting, _ended, _probes, _taken_away):
        found = next(rule(signs), None)
        if found is not None:
            return found
    return None


def _quota(signs: Signs) -> Iterator[Diagnosis]:
    for workload in signs.workloads:
        found = condition(workload, "ReplicaFailure")
        if found.get("status") == "True":
            message = str(found.get("message") or "")
            cause = known(REFUSED, message) or REFUSED[-1]
            yield _verdict(cause, f"{cause.cause}: {quoted(message)}")


def _unschedulable(signs: Signs) -> Iterator[Diagnosis]:
    for pod in signs.pods:
        found = condition(pod, "PodScheduled")
        if found.get("status") == "False" and not is_gone(pod):
            yield _verdict(UNPLACED, f"{UNPLACED.cause}: {quoted(found.get('message') or '')}")


def _waiting(signs: Signs) -> Iterator[Diagnosis]:
    for _, status in _containers(signs.pods):
        waiting = state(status, "waiting")
        reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
        if reason in IMAGE_REASONS and (cause := known(IMAGES, message)):
            image = printable(str(status.get("image") or ""), 200)
            said = f"The image {image} {cause.cause} ({reason}): {quoted(message)}"
            yield _of_container(cause, said, status)
        if reason in START_REASONS:
            yield _unstartable(reason, message, status)


def _unstartable(reason: str, message: str, status: Object) -> Diagnosis:
    """A container whose process never began."""
    if known([NO_SECRET], message):
        secret = re.search(r'secret "([\w.-]+)"|Secret [\w.-]+/([\w.-]+)', message)
        name = (secret[1] or secret[2]) if secret else "hf-token"
        lacking = replace(NO_SECRET, remedy=NO_SECRET.remedy.format(secret=name))
        return _verdict(lacking, f"{lacking.cause}: {quoted(message)}")
    cause = known(STARTS, message) or STARTS[-1]
    return _of_container(cause, f"{cause.cause} ({_name(status)}, {reason}): {quoted(message)}", status)


def _ended(signs: Signs) -> Iterator[Diagnosis]:
    for pod, status in _containers(signs.pods):
        now = state(status, "terminated")
        ended = now or state(status, "terminated", before=True)
        if not ended or ended.get("exitCode") == 0 or status.get("ready"):
            continue
        reason, code = str(ended.get("reason") or "Error"), int(ended.get("exitCode") or 1)
        if reason == "OOMKilled":
            yield _out_of_memory(pod, status)
        if reason in START_REASONS:
            yield _unstartable(reason, str(ended.get("message") or ""), status)
        if code in (137, 143) and _killed_by_probe(signs, pod):
            continue  # the probe's verdict says more
        said = signs.log(name_of(pod), str(status.get("name") or ""), not now) or str(
            ended.get("message") or ""
        )
        found, words = first_cause(said)
        if found is not None:
            yield _of_container(found, f"{found.cause}: {quoted(words)}", status)
        how = f"exit code {code}{f' ({SIGNALS[code]})' if code in SIGNALS else ''}"
        ends = (
            f"ends with {how}, again and again"
            if int(status.get("restartCount") or 0) > 1
            else f"ended with {how}"
        )
        last = quoted(words) if words else f"it wrote nothing ({printable(reason, 60)})"
        yield _of_container(CRASH, CRASH.cause.format(container=_name(status), ends=ends, last=last), status)


def _out_of_memory(pod: Object, status: Object) -> Diagnosis:
    limits = [limit_of(c, "memory") for c in containers(pod) if c.get("name") == status.get("name")]
    limit = f" of {printable(limits[0], 20)}" if limits and limits[0] else ""
    killed = DOWNLOAD_KILLED if status.get("name") == INITIALIZER else KILLED
    return _of_container(killed, killed.cause.format(container=_name(status), limit=limit), status)


def _probes(signs: Signs) -> Iterator[Diagnosis]:
    for pod in signs.pods:
        found = _killed_by_probe(signs, pod)
        if found is not None:
            yield _verdict(found, found.cause)


def _killed_by_probe(signs: Signs, pod: Object) -> Known | None:
    about = [
        str(e.get("message") or "")
        for e in signs.events
        if e.get("reason") == "Killing" and _is_about(e, pod)
    ]
    return next((found for words, found in PROBES if any(words in message for message in about)), None)


def _is_about(event: Object, pod: Object) -> bool:
    return bool(involved(event).get("name") == name_of(pod))


def _taken_away(signs: Signs) -> Iterator[Diagnosis]:
    """Pods that their nodes took away, as long as none that came after has lived longer."""
    gone = sorted((p for p in signs.pods if is_gone(p)), key=_created)
    others = [p for p in signs.pods if not is_gone(p)]
    if not gone or (
        others
        and (len(gone) < 2 or any(datetime.now(UTC) - _created(p) > _lifetime(gone[-1]) for p in others))
    ):
        return
    status = status_of(gone[-1])
    words = f"{status.get('reason') or 'Failed'}: {status.get('message') or ''}"
    cause = known(TAKEN_AWAY, words) or TAKEN_AWAY[-1]
    times = f"{len(gone)} pods were taken away" if len(gone) > 1 else "The pod was taken away"
    # another pod takes its place by itself
    yield _verdict(replace(cause, waiting_may_help=True), f"{cause.cause}. {times}: {quoted(words)}")


def _created(pod: Object) -> datetime:
    return created_at(pod) or datetime.now(UTC)


def _lifetime(pod: Object) -> timedelta:
    """How long a pod was there that was taken away; by the condition that kubelets set then."""
    ended = condition(pod, "DisruptionTarget").get("lastTransitionTime")
    return (datetime.fromisoformat(str(ended)) if ended else datetime.now(UTC)) - _created(pod)


def _containers(pods: list[Object]) -> Iterator[tuple[Object, Object]]:
    """Init containers first, since the others wait for them; not of pods that are gone."""
    for pod in (p for p in pods if not is_gone(p)):
        for entry in container_statuses(pod):
            yield pod, entry


def _verdict(found: Known, cause: str) -> Diagnosis:
    return Diagnosis(
        failure=found.failure,
        cause=cause,
        remedy=found.remedy,
        waiting_may_help=found.waiting_may_help,
    )


def _of_container(found: Known, cause: str, status: Object) -> Diagnosis:
    """Of a container: others than ours are somebody else's to mend."""
    return _verdict(found, cause).model_copy(update={"remedy": _remedy(found.remedy, status)})


def _remedy(remedy: str, status: Object) -> str:
    return remedy if status.get("name") in OURS else NOT_OURS


def _name(status: Object) -> str:
    return printable(str(status.get("name") or ""), 100)
