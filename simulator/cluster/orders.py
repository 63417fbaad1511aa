"""What the simulated cluster was told to do wrong, and whom it lets do what:
ConfigMaps that any client can write.

In the namespace `compass-simulator`, the ConfigMap `failures` holds a failure mode and the names that it
strikes, as shell patterns (`oom: "chatbot-*"`); the ConfigMap `role` holds the RBAC rules of whoever calls,
as YAML under the key `rules`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Literal, get_args

import yaml

from simulator.cluster.objects import ApiError
from simulator.cluster.resources import Resource
from simulator.cluster.store import Store
from simulator.vllm.misbehaviour import MISBEHAVIOURS, Misbehaviour

NAMESPACE = "compass-simulator"
Failure = Literal[
    "image-pull",
    "unauthorized",
    "disk-full",
    "init-oom",
    "config-error",
    "evicted",
    "oom",
    "kv-cache",
    "crash",
    "slow-start",
    "quota",
    "rbac",
    "webhook",
    "pod-monitor",
    "no-kserve",
    "no-gpus",
]
FAILURES: tuple[Failure, ...] = get_args(Failure)
"""Of the cluster; what is served can misbehave as well."""
Lack = Literal["no-podmonitor", "openshift"]
"""How a cluster can differ and yet be well: without the Prometheus operator; with
OpenShift's ranges of user ids.
"""
Order = Failure | Lack | Misbehaviour
ORDERS: tuple[Order, ...] = (*FAILURES, *get_args(Lack), *MISBEHAVIOURS)
SECURITY = "security.openshift.io/v1"
"""The API of SecurityContextConstraints, which only an `openshift` has."""
GROUPS: dict[Order, str] = {"no-kserve": "serving.kserve.io", "no-podmonitor": "monitoring.coreos.com"}


class Orders:
    def __init__(self, store: Store) -> None:
        self._store = store

    def strikes(self, failure: Order, name: str) -> bool:
        """Whether this failure was ordered for a deployment, or anything of it, with this name."""
        found = self._store.get("ConfigMap", NAMESPACE, "failures")
        pattern = ((found or {}).get("data") or {}).get(failure)
        return pattern is not None and any(fnmatchcase(name, p.strip()) for p in pattern.split(","))

    @property
    def hidden_groups(self) -> frozenset[str]:
        """API groups of what isn't installed."""
        return frozenset(group for order, group in GROUPS.items() if self.strikes(order, ""))

    def allows(self, verb: str, group: str, plural: str, name: str) -> bool:
        """By the rules of `role`; without such rules, everything."""
        found = self._store.get("ConfigMap", NAMESPACE, "role")
        if found is None:
            return True
        return any(
            _has(rule.get("verbs"), verb)
            and _has(rule.get("apiGroups"), group)
            and _has(rule.get("resources"), plural)
            and (not rule.get("resourceNames") or name in rule["resourceNames"])
            for rule in _rules((found.get("data") or {}).get("rules", "[]"))
        )

    def check(self, verb: str, resource: Resource, subresource: str, namespace: str, name: str) -> None:
        """Raises ApiError 403 in the words of a real server's authorizer."""
        plural = f"{resource.plural}/{subresource}" if subresource else resource.plural
        ours = namespace == NAMESPACE or (resource.kind == "Namespace" and name == NAMESPACE)
        refused = verb not in ("get", "list", "watch") and self.strikes("rbac", name)
        if ours or (not refused and self.allows(verb, resource.group, plural, name)):
            return
        what = f"{resource.id} " + (f'"{name}" ' if name else "")
        where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
        message = (
            f'{what}is forbidden: User "compass" cannot {verb} resource "{plural}" in API group'
            f' "{resource.group}"{where}'
        )
        raise ApiError(403, "Forbidden", message)


def _has(values: list[str] | None, wanted: str) -> bool:
    return bool(values) and ("*" in values or wanted in values)  # type: ignore[operator]


@lru_cache(maxsize=8)
def _rules(text: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load(text) or [])
