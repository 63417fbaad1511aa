"""Kubernetes quantities, as manifests and nodes state them."""

from __future__ import annotations

SUFFIXES = {
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
}


def quantity(value: object) -> float:
    """As a number: "500m" is 0.5, "2Gi" is 2147483648. Raises ValueError for what is none."""
    text = str(value)
    for suffix, factor in SUFFIXES.items():
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)
