"""“Only what our cluster has”: the cluster's nodes with GPUs, put into a change before it is made."""

from __future__ import annotations

from typing import TypeVar

from agent.services import Services
from agent.turn import CantBeDone
from knowledge.errors import CompassError
from tools.specification import SpecificationChange

C = TypeVar("C", bound=SpecificationChange)


def with_stock(change: C, services: Services) -> C:
    """The change with the servers that the cluster has, if it asks for them. Raises CantBeDone where
    they can't be known.
    """
    if not change.cluster_gpus:
        return change
    try:
        found = services.cluster.servers()
    except CompassError as error:
        raise CantBeDone(
            f"I can't see what the cluster has: {error} Say it yourself, for instance “we have 8 H100s”."
        ) from error
    if not found:
        where = services.cluster.description
        raise CantBeDone(
            f"No node of {where} is labelled with a GPU that I know. Say it yourself, for instance “we have 8"
            " H100s”."
        )
    return change.model_copy(update={"owned": list(found), "cluster_gpus": None})
