"""Why pods don't come up, and what helps: each known failure recognised by its signs.
What the cluster says is quoted, never obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.contract import Contract
from tools.deploying.causes import IMAGES, STARTS, TAKEN_AWAY, Failure, Known, first_cause, known, quoted
from tools.untrusted import printable

Object = dict[str, Any]
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
PROBES: tuple[tuple[str, Known], ...] = (
    (
        "failed startup probe",
        Known(
            "startup_timeout",
            "",
            "The model took longer to load than the start-up probe allows, and was stopped.",
            "See whether the disk or the download is slow; a larger failureThreshold of startupProbe (kubectl"
            " edit) gives it more time.",
        ),
    ),
    (
        "failed liveness probe",
        Known(
            "unhealthy",
            "",
            "The server stopped answering its health check, and was started anew.",
            "It was busier than it can bear, or hung: its log before that says more (kubectl logs"
            " --previous).",
        ),
    ),
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


def is_gone(pod: Object) -> bool:
    """Whether its node took the pod away: it stays as it is, and another one takes its place."""
    return (pod.get("status") or {}).get("phase") == "Failed"


def _quota(signs: Signs) -> Iterator[Diagnosis]:
    for workload in signs.workloads:
        for condition in (workload.get("status") or {}).get("conditions") or []:
            if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
                message = str(condition.get("message") or "")
                if "exceeded quota" in message:
                    yield Diagnosis(
                        failure="quota",
                        cause=f"The namespace's quota has no room for the pods: {quoted(message)}",
                        remedy=(
                            "Ask for a larger ResourceQuota, choose fewer replicas, or delete what is no"
                            " longer needed there."
                        ),
                        waiting_may_help=False,
                    )
                yield Diagnosis(
                    failure="pods_refused",
                    cause=f"The cluster refuses the pods: {quoted(message)}",
                    remedy=(
                        "The namespace's policy (quota, pod security, a webhook) decides this: ask whoever"
                        " runs the cluster."
                    ),
                    waiting_may_help=False,
                )


def _unschedulable(signs: Signs) -> Iterator[Diagnosis]:
    for pod in signs.pods:
        for condition in (pod.get("status") or {}).get("conditions") or []:
            if (
                condition.get("type") == "PodScheduled"
                and condition.get("status") == "False"
                and not is_gone(pod)
            ):
                yield Diagnosis(
                    failure="unschedulable",
                    cause=f"The pods can't be placed: {quoted(condition.get('message') or '')}",
                    remedy=(
                        "Fewer replicas, another GPU type, or more nodes would help; if the nodes are there,"
                        " see whether their GPUs are free and their labels are those of the manifest's"
                        " nodeSelector."
                    ),
                    waiting_may_help=True,
                )


def _waiting(signs: Signs) -> Iterator[Diagnosis]:
    for _, status in _containers(signs.pods):
        waiting = (status.get("state") or {}).get("waiting") or {}
        reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
        if reason in IMAGE_REASONS and (cause := known(IMAGES, message)):
            image = printable(str(status.get("image") or ""), 200)
            yield _diagnosis(cause, f"The image {image} {cause.cause} ({reason}): {quoted(message)}", status)
        if reason in START_REASONS:
            yield _unstartable(reason, message, status)


def _unstartable(reason: str, message: str, status: Object) -> Diagnosis:
    """A container whose process never began."""
    if "ecret" in message:
        secret = re.search(r'secret "([\w.-]+)"|Secret [\w.-]+/([\w.-]+)', message)
        name = (secret[1] or secret[2]) if secret else "hf-token"
        return Diagnosis(
            failure="missing_secret",
            cause=f"The container lacks its Secret: {quoted(message)}",
            remedy=(
                f"Create it: kubectl create secret generic {name} --from-literal=HF_TOKEN=… with a token that"
                " may read the model."
            ),
            waiting_may_help=True,
        )
    cause = known(STARTS, message) or STARTS[-1]
    return _diagnosis(cause, f"{cause.cause} ({_name(status)}, {reason}): {quoted(message)}", status)


def _ended(signs: Signs) -> Iterator[Diagnosis]:
    for pod, status in _containers(signs.pods):
        now, before = ((status.get(s) or {}).get("terminated") for s in ("state", "lastState"))
        ended = now or before or {}
        if not ended or ended.get("exitCode") == 0 or status.get("ready"):
            continue
        reason, code = str(ended.get("reason") or "Error"), int(ended.get("exitCode") or 1)
        if reason == "OOMKilled":
            yield _out_of_memory(pod, status)
        if reason in START_REASONS:
            yield _unstartable(reason, str(ended.get("message") or ""), status)
        if code in (137, 143) and _killed_by_probe(signs, pod):
            continue  # the probe's verdict says more
        said = signs.log(str(pod["metadata"]["name"]), str(status.get("name") or ""), not now) or str(
            ended.get("message") or ""
        )
        found, words = first_cause(said)
        if found is not None:
            yield _diagnosis(found, f"{found.cause}: {quoted(words)}", status)
        how = f"exit code {code}{f' ({SIGNALS[code]})' if code in SIGNALS else ''}"
        ends = (
            f"ends with {how}, again and again"
            if int(status.get("restartCount") or 0) > 1
            else f"ended with {how}"
        )
        last = quoted(words) if words else f"it wrote nothing ({printable(reason, 60)})"
        remedy = (
            "Its whole log says more (kubectl logs --previous). Retry after mending the cause, or go back to"
            " the previous revision."
        )
        yield Diagnosis(
            failure="crash",
            cause=f"The container {_name(status)} {ends}: {last}",
            remedy=_remedy(remedy, status),
            waiting_may_help=False,
        )


def _out_of_memory(pod: Object, status: Object) -> Diagnosis:
    name = str(status.get("name") or "")
    spec = pod.get("spec") or {}
    every = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    limit = next(
        (
            ((c.get("resources") or {}).get("limits") or {}).get("memory")
            for c in every
            if c.get("name") == name
        ),
        None,
    )
    killed = (
        "was killed: it needed more memory than its"
        f" limit{f' of {printable(str(limit), 20)}' if limit else ''} (OOMKilled)"
    )
    if name == INITIALIZER:
        return Diagnosis(
            failure="out_of_memory",
            cause=f"The container {INITIALIZER}, which downloads the model before vLLM starts, {killed}.",
            remedy=(
                "That limit is KServe's own and in none of our manifests. Whoever runs the cluster raises it,"
                " to 8Gi or more for large models: `memoryLimit` of storageInitializer in the ConfigMap"
                " inferenceservice-config of KServe's namespace, or the resources in the"
                " ClusterStorageContainer that serves hf://, where HF_XET_NUM_CONCURRENT_RANGE_GETS=4 in its"
                " env lowers what it needs. Then delete the pods, since only new ones get it. Or choose a"
                " smaller model."
            ),
            waiting_may_help=False,
        )
    return Diagnosis(
        failure="out_of_memory",
        cause=f"The container {_name(status)} {killed}.",
        remedy=_remedy(
            "Choose a smaller model, one with fewer bits, or an option with more GPUs per replica, whose pods"
            " get more memory. Or give it a higher memory limit on the cluster (kubectl edit"
            " inferenceservice).",
            status,
        ),
        waiting_may_help=False,
    )


def _probes(signs: Signs) -> Iterator[Diagnosis]:
    for pod in signs.pods:
        found = _killed_by_probe(signs, pod)
        if found is not None:
            yield Diagnosis(
                failure=found.failure,
                cause=found.cause,
                remedy=found.remedy,
                waiting_may_help=found.waiting_may_help,
            )


def _killed_by_probe(signs: Signs, pod: Object) -> Known | None:
    about = [
        str(e.get("message") or "")
        for e in signs.events
        if e.get("reason") == "Killing" and _is_about(e, pod)
    ]
    return next((found for words, found in PROBES if any(words in message for message in about)), None)


def _is_about(event: Object, pod: Object) -> bool:
    return bool((event.get("involvedObject") or {}).get("name") == pod["metadata"]["name"])


def _taken_away(signs: Signs) -> Iterator[Diagnosis]:
    """Pods that their nodes took away, as long as none that came after has lived longer."""
    gone = sorted((p for p in signs.pods if is_gone(p)), key=_created)
    others = [p for p in signs.pods if not is_gone(p)]
    if not gone or (
        others
        and (len(gone) < 2 or any(datetime.now(UTC) - _created(p) > _lifetime(gone[-1]) for p in others))
    ):
        return
    status = gone[-1].get("status") or {}
    words = f"{status.get('reason') or 'Failed'}: {status.get('message') or ''}"
    cause = known(TAKEN_AWAY, words) or TAKEN_AWAY[-1]
    times = f"{len(gone)} pods were taken away" if len(gone) > 1 else "The pod was taken away"
    yield Diagnosis(
        failure=cause.failure,
        cause=f"{cause.cause}. {times}: {quoted(words)}",
        remedy=cause.remedy,
        waiting_may_help=True,
    )


def _created(pod: Object) -> datetime:
    return datetime.fromisoformat(str(pod["metadata"]["creationTimestamp"]))


def _lifetime(pod: Object) -> timedelta:
    """How long a pod was there that was taken away; by the condition that kubelets set then."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    ended = [
        c["lastTransitionTime"]
        for c in conditions
        if c.get("type") == "DisruptionTarget" and c.get("lastTransitionTime")
    ]
    return (datetime.fromisoformat(str(ended[0])) if ended else datetime.now(UTC)) - _created(pod)


def _containers(pods: list[Object]) -> Iterator[tuple[Object, Object]]:
    """Init containers first, since the others wait for them; not of pods that are gone."""
    for pod in (p for p in pods if not is_gone(p)):
        status = pod.get("status") or {}
        for entry in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
            yield pod, entry


def _diagnosis(found: Known, cause: str, status: Object) -> Diagnosis:
    return Diagnosis(
        failure=found.failure,
        cause=cause,
        remedy=_remedy(found.remedy, status),
        waiting_may_help=found.waiting_may_help,
    )


def _remedy(remedy: str, status: Object) -> str:
    return remedy if status.get("name") in OURS else NOT_OURS


def _name(status: Object) -> str:
    return printable(str(status.get("name") or ""), 100)
