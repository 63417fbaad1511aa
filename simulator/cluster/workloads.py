"""Deployments, their ReplicaSets and pods: rolling updates within surge and
unavailability, quotas, and the conditions of it all.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from typing import Any

from simulator.cluster.admission import outside_constraints, over_quota
from simulator.cluster.kserve import with_credentials
from simulator.cluster.objects import Key, Object, condition, is_true, labels, owned_by, with_conditions
from simulator.cluster.orders import Orders
from simulator.cluster.store import Store

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
KEPT_GONE = 3


class Workloads:
    def __init__(self, store: Store, orders: Orders) -> None:
        self._store = store
        self._orders = orders

    def reconcile(self) -> None:
        for deployment in self._store.of("Deployment"):
            self._roll(deployment)
            self._publish(deployment)

    def _roll(self, deployment: Object) -> None:
        """One step towards the wanted template and number."""
        wanted = int(deployment["spec"].get("replicas", 1))
        current = self._replica_set(deployment)
        others = [
            r
            for r in self._store.owned(deployment, "ReplicaSet")
            if r["metadata"]["uid"] != current["metadata"]["uid"]
        ]
        surge, unavailable = _allowance(deployment, wanted)
        pods = {r["metadata"]["uid"]: self._store.owned(r, "Pod") for r in [current, *others]}
        mine = self._without_gone(pods.pop(current["metadata"]["uid"]))
        old = [p for found in pods.values() for p in found]
        # Old pods that don't work go first; working ones only as far as enough stay available.
        available = sum(is_true(p, "Ready") for p in [*mine, *old])
        for pod in sorted(old, key=lambda p: is_true(p, "Ready")):
            ready = is_true(pod, "Ready")
            if not ready or available - 1 >= wanted - unavailable:
                self._delete_pod(pod)
                old.remove(pod)
                available -= ready
        for pod in sorted(mine, key=lambda p: is_true(p, "Ready"))[: max(0, len(mine) - wanted)]:
            self._delete_pod(pod)
            mine.remove(pod)
        refusal = None
        while len(mine) < wanted and len(mine) + len(old) < wanted + surge:
            created, refusal = self._create_pod(current, deployment)
            if created is None:
                break
            mine.append(created)
        self._publish_replica_set(current, wanted if not old else len(mine), mine, refusal)
        for replica_set in others:
            left = [
                p
                for p in old
                if any(o["uid"] == replica_set["metadata"]["uid"] for o in p["metadata"]["ownerReferences"])
            ]
            self._publish_replica_set(replica_set, len(left), left, None)
            if not left and len(others) > 3:
                self._store.delete(_key(replica_set, "replicasets.apps"))

    def _without_gone(self, pods: list[Object]) -> list[Object]:
        """Pods that their nodes took away count no more, and the last few of them stay to be looked at."""
        gone = sorted(
            (p for p in pods if p["status"].get("phase") == "Failed"),
            key=lambda p: int(p["metadata"]["resourceVersion"]),
        )
        for pod in gone[:-KEPT_GONE]:
            self._delete_pod(pod)
        return [p for p in pods if p["status"].get("phase") != "Failed"]

    def _replica_set(self, deployment: Object) -> Object:
        """The ReplicaSet of the Deployment's present template."""
        template = deployment["spec"]["template"]
        digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        name = f"{deployment['metadata']['name']}-{digest}"
        found = self._store.get("ReplicaSet", deployment["metadata"]["namespace"], name)
        newest = max((_revision(r) for r in self._store.owned(deployment, "ReplicaSet")), default=0)
        if found is not None and _revision(found) == newest:
            return found
        stamped = dict(labels(template)) | {HASH: digest}
        revision = 1 + newest
        self._store.update(_annotated(deployment, revision))
        if found is not None:  # back to an earlier template: its ReplicaSet becomes the newest
            return self._store.update(_annotated(found, revision))
        return self._store.create(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": name,
                    "namespace": deployment["metadata"]["namespace"],
                    "labels": stamped,
                    "annotations": {REVISION: str(revision)},
                    "ownerReferences": [owned_by(deployment)],
                },
                "spec": {
                    "replicas": 0,
                    "selector": {"matchLabels": stamped},
                    "template": (
                        template | {"metadata": (template.get("metadata") or {}) | {"labels": stamped}}
                    ),
                },
                "status": {"replicas": 0},
            }
        )

    def _create_pod(self, replica_set: Object, deployment: Object) -> tuple[Object | None, str | None]:
        """The pod, or why it may not be."""
        meta, template = replica_set["metadata"], replica_set["spec"]["template"]
        pod: Object = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": (
                (template.get("metadata") or {})
                | {
                    "name": f"{meta['name']}-{secrets.token_hex(3)[:5]}",
                    "namespace": meta["namespace"],
                    "ownerReferences": [owned_by(replica_set)],
                }
            ),
            "spec": template["spec"],
            "status": {"phase": "Pending", "conditions": []},
        }
        refusal = outside_constraints(pod, self._orders) or over_quota(
            pod, self._store, self._orders, deployment["metadata"]["name"]
        )
        if refusal is not None:
            self._store.event(
                replica_set, "FailedCreate", f"Error creating: {refusal}", "Warning", "replicaset-controller"
            )
            return None, refusal
        created = self._store.create(with_credentials(pod, self._store))
        self._store.event(
            replica_set,
            "SuccessfulCreate",
            f"Created pod: {created['metadata']['name']}",
            source="replicaset-controller",
        )
        return created, None

    def _delete_pod(self, pod: Object) -> None:
        self._store.event(
            pod, "Killing", f"Stopping container {pod['spec']['containers'][0]['name']}", source="kubelet"
        )
        self._store.delete(_key(pod, "pods"))

    def _publish_replica_set(
        self, replica_set: Object, wanted: int, pods: list[Object], refusal: str | None
    ) -> None:
        current = self._store.get(
            "ReplicaSet", replica_set["metadata"]["namespace"], replica_set["metadata"]["name"]
        )
        if current is None:
            return
        ready = sum(is_true(p, "Ready") for p in pods)
        status: Object = {"replicas": len(pods), "readyReplicas": ready, "availableReplicas": ready}
        status["observedGeneration"] = current["metadata"]["generation"]
        if refusal:
            failure = {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": "FailedCreate",
                "message": refusal,
            }
            status["conditions"] = with_conditions(current | {"status": {}}, [failure])
        current = self._store.update(current | {"spec": current["spec"] | {"replicas": wanted}})
        if _without_times(status) != _without_times(current.get("status") or {}):
            self._store.status(current, status)

    def _publish(self, deployment: Object) -> None:
        deployment = (
            self._store.get("Deployment", deployment["metadata"]["namespace"], deployment["metadata"]["name"])
            or deployment
        )
        wanted = int(deployment["spec"].get("replicas", 1))
        sets = self._store.owned(deployment, "ReplicaSet")
        newest = max(sets, key=_revision, default=None)
        pods = [p for r in sets for p in self._store.owned(r, "Pod") if p["status"].get("phase") != "Failed"]
        updated = (
            [p for p in self._store.owned(newest, "Pod") if p["status"].get("phase") != "Failed"]
            if newest
            else []
        )
        available = sum(is_true(p, "Ready") for p in pods)
        complete = len(updated) == wanted == len(pods) and available == wanted
        enough = available >= wanted - _allowance(deployment, wanted)[1]
        found = [
            {
                "type": "Available",
                "status": str(enough),
                "reason": "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
                "message": f"Deployment {'has' if enough else 'does not have'} minimum availability.",
            },
            {
                "type": "Progressing",
                "status": "True",
                "reason": "NewReplicaSetAvailable" if complete else "ReplicaSetUpdated",
                "message": (
                    f'ReplicaSet "{newest["metadata"]["name"]}"'
                    f" {'has successfully progressed' if complete else 'is progressing'}."
                    if newest
                    else ""
                ),
            },
        ]
        failure = condition(newest or {}, "ReplicaFailure")
        if failure:
            found.append({k: failure[k] for k in ("type", "status", "reason", "message")})
        kept = deployment | {
            "status": {
                "conditions": [c for c in _conditions(deployment) if c["type"] != "ReplicaFailure" or failure]
            }
        }
        status = {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": len(pods),
            "updatedReplicas": len(updated),
            "readyReplicas": available,
            "availableReplicas": available,
            "unavailableReplicas": max(0, wanted - available),
            "conditions": with_conditions(kept, found),
        }
        self._store.status(deployment, status)


def _conditions(document: Object) -> list[Object]:
    found: list[Object] = (document.get("status") or {}).get("conditions") or []
    return found


def _allowance(deployment: Object, wanted: int) -> tuple[int, int]:
    """Pods above the wanted number, and pods that may lack, during an update."""
    rolling: dict[str, Any] = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = _count(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _count(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    return surge, unavailable if surge or unavailable else 1


def _count(value: Any, wanted: int, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        share = int(value.removesuffix("%")) / 100 * wanted
        return math.ceil(share) if up else math.floor(share)
    return int(value)


def _annotated(thing: Object, revision: int) -> Object:
    annotations = (thing["metadata"].get("annotations") or {}) | {REVISION: str(revision)}
    return thing | {"metadata": thing["metadata"] | {"annotations": annotations}}


def _revision(replica_set: Object) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, "0"))


def _key(document: Object, resource: str) -> Key:
    return Key(resource, document["metadata"]["namespace"], document["metadata"]["name"])


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_times(v) for k, v in value.items() if k != "lastTransitionTime"}
    return [_without_times(v) for v in value] if isinstance(value, list) else value
