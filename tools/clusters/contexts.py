"""The clusters that a person could name: contexts of their kubeconfig."""

from __future__ import annotations


def contexts() -> list[str]:
    """Their names, none without a readable kubeconfig."""
    from kubernetes.config import ConfigException, list_kube_config_contexts

    try:
        found, _ = list_kube_config_contexts()  # type: ignore[no-untyped-call]
    except (ConfigException, OSError, ValueError, TypeError):
        return []
    return [str(context["name"]) for context in found]
