"""More of the hardware that there is: of the same GPUs, in the same servers, as many as something needs."""

from __future__ import annotations

import math

from tools.specification import MAX_GPUS, MAX_SERVERS, Intent, OwnedServers, SpecificationChange


def any_number(intent: Intent, name: str) -> SpecificationChange:
    """As many as one likes of what a field says there is."""
    if name == "available_gpus":
        return SpecificationChange(available_gpus=dict.fromkeys(intent.available_gpus, MAX_GPUS))
    return SpecificationChange(owned=[_times(one, MAX_SERVERS) for one in intent.owned])


def enough(
    intent: Intent, name: str, gpu_type: str, gpu_count: int, replicas: int
) -> tuple[SpecificationChange, str, float]:
    """The fewest more that have room for so many replicas; in words, and how many times as many that is."""
    if name == "available_gpus":
        has, needed = intent.available_gpus[gpu_type], gpu_count * replicas
        change = SpecificationChange(available_gpus={**intent.available_gpus, gpu_type: needed})
        return change, f"{needed} {gpu_type}{'s' if needed > 1 else ''} instead of {has}", needed / has
    alike = [one for one in intent.owned if one.gpu_type == gpu_type and one.gpus_per_server >= gpu_count]
    grows = min(alike, key=lambda one: (one.usd_per_gpu_hour or 0.0, -(one.gpus_per_server // gpu_count)))
    left = replicas - sum(_room(one, gpu_count) for one in alike if one is not grows)
    grown = _times(grows, max(1, math.ceil(left / (grows.gpus_per_server // gpu_count))))
    owned = [grown if one is grows else one for one in intent.owned]
    return SpecificationChange(owned=owned), f"{grown} instead of {grows}", grown.servers / grows.servers


def _times(one: OwnedServers, servers: int) -> OwnedServers:
    return one.model_copy(update={"servers": servers})


def _room(one: OwnedServers, gpu_count: int) -> int:
    return one.servers * (one.gpus_per_server // gpu_count)
