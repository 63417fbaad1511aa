"""“Only what our cluster has”: the GPUs of the cluster's nodes, put into a change before it is made."""

from __future__ import annotations

from typing import TypeVar

from agent.services import Services
from knowledge.errors import CompassError
from tools.specification import SpecificationChange

C = TypeVar("C", bound=SpecificationChange)


def with_stock(change: C, services: Services) -> C | str:
    """The change with the GPUs that the cluster has, if it asks for them; or why they can't be known."""
    if not change.cluster_gpus:
        return change
    try:
        found = services.cluster.gpus()
    except CompassError as error:
        return f"I can't see what the cluster has: {error} Say it yourself, for instance “we have 8 H100s”."
    if not found:
        where = services.cluster.description
        return (
            f"No node of {where} is labelled with a GPU that I know. Say it yourself, for instance “we have 8"
            " H100s”."
        )
    return change.model_copy(update={"available_gpus": found, "cluster_gpus": None})
