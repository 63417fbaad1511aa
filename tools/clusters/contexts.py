"""The clusters that a person could name: contexts of their kubeconfig."""

from __future__ import annotations

from knowledge.errors import CompassError
from tools.clusters.kubeconfig import merged


def contexts() -> list[str]:
    """Their names, none without a readable kubeconfig."""
    try:
        return list(merged()["contexts"])
    except CompassError:
        return []
