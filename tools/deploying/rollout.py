"""How far the cluster is with an InferenceService: what KServe made of it, whether that is of what was
applied last, and what its pods are at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from tools.clusters.cluster import Cluster
from tools.clusters.objects import (
    SERVICE_LABEL,
    Object,
    annotation,
    container_statuses,
    is_gone,
    is_observed,
    is_owned_by_any,
    is_true,
    spec_of,
    state,
    status_of,
    uid_of,
)
from tools.deploying.diagnosis import Diagnosis, Signs, diagnose
from tools.deploying.events import events_about
from tools.untrusted import printable

LONG_DOWNLOAD_MIN = 5
REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class Rollout:
    """An InferenceService and what there is of it, at one look. `newest` are the ReplicaSets of the present
    revision, once there are any; `events` the oldest first.
    """

    service: Object
    deployment: Object | None
    pods: list[Object]
    newest: list[Object]
    events: list[Object]

    @property
    def ready(self) -> bool:
        """All replicas, of what was applied last, and none of it on its way out."""
        return self._is_current and is_true(self.service, "Ready") and self.deleting is None

    @property
    def replicas_wanted(self) -> int:
        return int(self.service["spec"]["predictor"].get("minReplicas", 1))

    @property
    def deleting(self) -> str | None:
        """That it is being deleted and what holds that up; None if it isn't."""
        since = self.service["metadata"].get("deletionTimestamp")
        if not since:
            return None
        held = ", ".join(printable(str(f), 100) for f in self.service["metadata"].get("finalizers") or [])
        finishing = (
            f" The finalizer {held} holds that until whoever set it is done: see that it runs, or ask whoever"
            " runs the cluster."
        )
        return f"It is being deleted since {printable(str(since), 40)}.{finishing if held else ''}"

    def diagnosis(self, cluster: Cluster) -> Diagnosis | None:
        """What keeps it from being ready; its dead containers' logs are asked for where that matters."""
        if self.ready or self.deleting:
            return None

        def log(pod: str, container: str, anew: bool) -> str:
            return cluster.log(pod, container, previous=anew) or cluster.log(
                pod, container, previous=not anew
            )

        pods = self._of_this_revision if self._is_observed else []
        return diagnose(Signs(pods, [self.deployment] if self.deployment else [], self.events, log))

    @property
    def progress(self) -> str:
        """In plain words."""
        if not self.pods:
            return "Waiting for the controller to create pods."
        there, gone = [p for p in self.pods if not is_gone(p)], [p for p in self.pods if is_gone(p)]
        ready = sum(is_true(p, "Ready") for p in there)
        at = sorted({doing(p) for p in there if not is_true(p, "Ready")})
        others = "the others: " if ready else ""
        said = f"{ready} of {len(there)} replicas ready" + (f"; {others}{', '.join(at)}." if at else ".")
        if gone:
            last = status_of(max(gone, key=lambda p: str(p["metadata"].get("creationTimestamp"))))
            why = printable(f"{last.get('reason') or 'Failed'}: {last.get('message') or ''}", 200)
            said += (
                f" {len(gone)} {'was' if len(gone) == 1 else 'were'} taken away by the node before that"
                f" (“{why}”)."
            )
        return said

    @property
    def _is_observed(self) -> bool:
        """Whether the controllers have acted on what was applied last."""
        return all(is_observed(o) for o in (self.service, self.deployment) if o is not None)

    @property
    def _is_current(self) -> bool:
        """Whether all pods are of what was applied last: KServe says Ready while old ones still serve."""
        if self.deployment is None or not self._is_observed:
            return False
        counts = status_of(self.deployment)
        wanted = self.deployment["spec"].get("replicas", 1)
        return all(
            counts.get(name, 0) == wanted for name in ("replicas", "updatedReplicas", "availableReplicas")
        )

    @property
    def _of_this_revision(self) -> list[Object]:
        """Pods without those of earlier revisions, whose failures are no longer the point."""
        if self.deployment is None:
            return self.pods
        owners = {uid_of(s) for s in self.newest}
        return [p for p in self.pods if is_owned_by_any(p, owners)]


def rollout_of(name: str, service: Object, cluster: Cluster) -> Rollout:
    """Raises CompassError if the cluster can't be asked."""
    deployment = cluster.get("apps/v1", "Deployment", f"{name}-predictor")
    # after the Deployment, which counts them
    pods = cluster.list("v1", "Pod", label_selector=f"{SERVICE_LABEL}={name}")
    newest = []
    if deployment is not None:
        revision = annotation(deployment, REVISION)
        sets = cluster.list("apps/v1", "ReplicaSet", label_selector=f"{SERVICE_LABEL}={name}")
        newest = [s for s in sets if annotation(s, REVISION) == revision]
    return Rollout(service, deployment, pods, newest, events_about(name, newest, pods, cluster))


def doing(pod: Object) -> str:
    """In plain words, what a pod is at."""
    if not spec_of(pod).get("nodeName"):
        return "waiting for a node"
    if downloading := [r for s in container_statuses(pod, init=True) if (r := state(s, "running"))]:
        return f"downloading the model{_for_how_long(downloading[0].get('startedAt'))}"
    if any(state(s, "running") for s in container_statuses(pod, init=False)):
        return "loading the model"
    return "pulling the image"


def _for_how_long(began: object) -> str:
    """Empty in the first minutes."""
    if not began:
        return ""
    minutes = (datetime.now(UTC) - datetime.fromisoformat(str(began))).total_seconds() / 60
    return f" for {minutes:,.0f} min already" if minutes >= LONG_DOWNLOAD_MIN else ""


def state_of(pod: Object) -> str:
    """What kubectl's column STATUS says."""
    if is_gone(pod):
        return printable(str(status_of(pod).get("reason") or "Failed"), 60)
    for entry in container_statuses(pod):
        reason = state(entry, "waiting").get("reason") or state(entry, "terminated").get("reason")
        if reason and reason != "Completed":
            return printable(str(reason), 60)
    return str(status_of(pod).get("phase") or "Pending")
