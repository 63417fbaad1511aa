"""Why pods don't come up, and what helps: each known failure recognised by its signs. What the cluster says is quoted, never obeyed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tools.specification import Contract
from tools.untrusted import printable

Object = dict[str, Any]
Failure = Literal[
    "unschedulable",
    "image_pull",
    "hub_refused",
    "model_not_found",
    "missing_secret",
    "out_of_memory",
    "gpu_out_of_memory",
    "startup_timeout",
    "crash",
    "quota",
    "pods_refused",
]
QUOTED = 300


class Diagnosis(Contract):
    """`cause` quotes the cluster; `waiting_may_help` where things can change without anybody's doing."""

    failure: Failure
    cause: str
    remedy: str
    waiting_may_help: bool


@dataclass(frozen=True)
class Signs:
    """What is looked at: the pods, the workload's conditions, the events about them, and a way to read a dead container's log."""

    pods: list[Object]
    workloads: list[Object]
    events: list[Object]
    log: Callable[[str, str], str]
    """(pod, container) to the last lines."""


def diagnose(signs: Signs) -> Diagnosis | None:
    """The first failure that the signs show; None if there is none, or not yet."""
    for rule in (_quota, _unschedulable, _waiting, _ended, _startup):
        found = next(rule(signs), None)
        if found is not None:
            return found
    return None


def _quota(signs: Signs) -> Iterator[Diagnosis]:
    for workload in signs.workloads:
        for condition in (workload.get("status") or {}).get("conditions") or []:
            if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
                message = str(condition.get("message") or "")
                if "exceeded quota" in message:
                    yield Diagnosis(
                        failure="quota",
                        cause=f"The namespace's quota has no room for the pods: {_quoted(message)}",
                        remedy="Ask for a larger ResourceQuota, choose fewer replicas, or delete what is no longer needed there.",
                        waiting_may_help=False,
                    )
                yield Diagnosis(
                    failure="pods_refused",
                    cause=f"The cluster refuses the pods: {_quoted(message)}",
                    remedy="The namespace's policy (quota, pod security, a webhook) decides this: ask whoever runs the cluster.",
                    waiting_may_help=False,
                )


def _unschedulable(signs: Signs) -> Iterator[Diagnosis]:
    for pod in signs.pods:
        for condition in (pod.get("status") or {}).get("conditions") or []:
            if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
                yield Diagnosis(
                    failure="unschedulable",
                    cause=f"The pods can't be placed: {_quoted(condition.get('message') or '')}",
                    remedy=(
                        "Fewer replicas, another GPU type, or more nodes would help; if the nodes are there, see whether their GPUs are"
                        " free and their labels are those of the manifest's nodeSelector."
                    ),
                    waiting_may_help=True,
                )


def _waiting(signs: Signs) -> Iterator[Diagnosis]:
    for _, status in _containers(signs.pods):
        waiting = (status.get("state") or {}).get("waiting") or {}
        reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
        if reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"):
            yield Diagnosis(
                failure="image_pull",
                cause=f"The image {printable(str(status.get('image') or ''), 200)} can't be pulled ({reason}): {_quoted(message)}",
                remedy="See that image and tag exist, that the nodes reach their registry, and that an imagePullSecret is set if needed.",
                waiting_may_help=False,
            )
        if reason in ("CreateContainerConfigError", "CreateContainerError") and "ecret" in message:
            secret = re.search(r'secret "([\w.-]+)"|Secret [\w.-]+/([\w.-]+)', message)
            name = (secret[1] or secret[2]) if secret else "hf-token"
            yield Diagnosis(
                failure="missing_secret",
                cause=f"The container lacks its Secret: {_quoted(message)}",
                remedy=f"Create it: kubectl create secret generic {name} --from-literal=HF_TOKEN=… with a token that may read the model.",
                waiting_may_help=True,
            )


def _ended(signs: Signs) -> Iterator[Diagnosis]:
    for pod, status in _containers(signs.pods):
        ended = (status.get("state") or {}).get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
        if not ended or ended.get("exitCode") == 0 or status.get("ready"):
            continue
        name = str(status.get("name") or "")
        if ended.get("reason") == "OOMKilled":
            yield Diagnosis(
                failure="out_of_memory",
                cause=f"The container {name} was killed: it needed more memory than its limit (OOMKilled).",
                remedy="It needs a higher memory limit: edit the manifest, or choose a smaller model or one with fewer bits.",
                waiting_may_help=False,
            )
        if ended.get("exitCode") in (137, 143) and _killed_by_startup_probe(signs, pod):
            continue  # the probe's verdict says more
        said = signs.log(str(pod["metadata"]["name"]), name) or str(ended.get("message") or "")
        how = f"ended with exit code {ended.get('exitCode') or 1}"
        if int(status.get("restartCount") or 0) > 1:
            how = f"ends with exit code {ended.get('exitCode') or 1}, again and again"
        yield _from_log(said, f"The container {name} {how}", str(ended.get("reason") or "Error"))


def _from_log(said: str, crash: str, reason: str) -> Diagnosis:
    """What the log tells; `crash` is what is said of one that tells nothing known."""
    last = _quoted(_telling_line(said)) if said.strip() else f"it wrote nothing ({reason})"
    if re.search(r"\b40[13]\b[^\n]*|gated repo|Access to model .* is restricted", said) and re.search(r"hugging|hub|hf|repo", said, re.I):
        return Diagnosis(
            failure="hub_refused",
            cause=f"The model hub refused the download: {last}",
            remedy=(
                "Accept the model's licence on its page with the account of the token, and see that the Secret hf-token is there and holds"
                " a valid token under the key HF_TOKEN. Then retry; if the Secret wasn't there before, delete the pods first: only new"
                " ones are given it."
            ),
            waiting_may_help=False,
        )
    if re.search(r"RepositoryNotFound|404 Client Error|Repository Not Found", said):
        return Diagnosis(
            failure="model_not_found",
            cause=f"The model hub doesn't have this model, or hides it from this token: {last}",
            remedy="See that the model's id is right; if it is private, that the token in the Secret hf-token may read it.",
            waiting_may_help=False,
        )
    if re.search(r"CUDA out of memory|HIP out of memory|No available memory for the cache blocks", said):
        return Diagnosis(
            failure="gpu_out_of_memory",
            cause=f"The GPUs' memory is too small for the model and its context: {last}",
            remedy="Choose an option with more or larger GPUs, or a model with fewer bits.",
            waiting_may_help=False,
        )
    return Diagnosis(
        failure="crash",
        cause=f"{crash}: {last}",
        remedy="Its whole log says more (kubectl logs --previous). Retry after mending the cause, or go back to the previous revision.",
        waiting_may_help=False,
    )


def _startup(signs: Signs) -> Iterator[Diagnosis]:
    for pod in signs.pods:
        if _killed_by_startup_probe(signs, pod):
            yield Diagnosis(
                failure="startup_timeout",
                cause="The model took longer to load than the start-up probe allows, and was stopped.",
                remedy="See whether the download or the disk is slow; a larger failureThreshold of the startupProbe gives it more time.",
                waiting_may_help=False,
            )


def _killed_by_startup_probe(signs: Signs, pod: Object) -> bool:
    name = pod["metadata"]["name"]
    return any(
        e.get("reason") == "Killing"
        and "failed startup probe" in str(e.get("message") or "")
        and (e.get("involvedObject") or {}).get("name") == name
        for e in signs.events
    )


def _containers(pods: list[Object]) -> Iterator[tuple[Object, Object]]:
    for pod in pods:
        status = pod.get("status") or {}
        for entry in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
            yield pod, entry


def _telling_line(said: str) -> str:
    """The last line that names an error, else the last one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"Error|error|ERROR|denied|refused|memory", line)]
    return (telling or lines)[-1]


def _quoted(text: str) -> str:
    return f"“{printable(text, QUOTED)}”"
