"""Telling a running cluster simulator what to do wrong, and to whom; see `orders` for how it is kept."""

from __future__ import annotations

import json
from typing import Any

import httpx

from knowledge.direct import directly
from simulator.cluster.orders import NAMESPACE, Order

MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"


def order_failure(address: str, failure: Order, names: str = "*") -> None:
    """Let a failure strike what has one of these names: shell patterns, with commas
    between. Replaces an earlier order of this failure.
    """
    _apply(address, "failures", {failure: names}, manager=failure)


def heal(address: str, failure: Order | None = None) -> None:
    """No longer let this failure strike, or any."""
    if failure is None:
        httpx.delete(f"{address}{MAPS}/failures", timeout=10, **directly())
    else:
        _apply(address, "failures", {}, manager=failure)


def ordered(address: str) -> dict[str, str]:
    """The failures that strike now, and the names that each strikes."""
    answer = httpx.get(f"{address}{MAPS}/failures", timeout=10, **directly())
    return {} if answer.status_code == 404 else answer.raise_for_status().json().get("data") or {}


def order_role(address: str, rules: list[dict[str, Any]] | None) -> None:
    """Let whoever calls do what these RBAC rules allow and no more; None allows everything."""
    if rules is None:
        httpx.delete(f"{address}{MAPS}/role", timeout=10, **directly())
    else:
        _apply(address, "role", {"rules": json.dumps(rules)}, manager="role")


def _apply(address: str, name: str, data: dict[str, str], manager: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": data,
    }
    httpx.patch(
        f"{address}{MAPS}/{name}",
        params={"fieldManager": manager, "force": "true"},
        headers={"Content-Type": "application/apply-patch+yaml"},
        content=json.dumps(body),
        timeout=10,
        **directly(),
    ).raise_for_status()
