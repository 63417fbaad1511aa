"""What runs, with another number of replicas: its cost, and its latencies at the share
of the peak that each then gets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge.catalogue import METRICS
from knowledge.errors import CompassError
from knowledge.prices import Price
from tools.planning.inventory import supply_of
from tools.planning.plan import Autoscaling, Predicted, Recommendation
from tools.planning.pricing import Offers
from tools.planning.recommending import predicted_latency
from tools.planning.simulation import Configuration, can_be_simulated, rounded_up, simulated
from tools.specification import MAX_GPUS, Specification


def rescaled(
    chosen: Recommendation,
    replicas: int,
    specification: Specification,
    prices: Sequence[Price],
) -> Recommendation:
    """`chosen` with so many replicas, simulated at their share of the planned peak; whether that holds
    the targets is in `meets_slo`.

    Raises CompassError where nobody sells so many GPUs, or where the number is out of bounds.
    """
    if not 1 <= replicas <= MAX_GPUS // chosen.gpu_count:
        raise CompassError(f"The number of replicas must be between 1 and {MAX_GPUS // chosen.gpu_count}.")
    supply = supply_of(specification.intent, prices, [chosen.gpu_type])
    wanted = (np.array([0]), np.array([chosen.gpu_count]), np.array([float(replicas)]))
    if not np.isfinite(supply.costs(*wanted)[0]):
        setup = f"{replicas} × {chosen.gpu_count} {chosen.gpu_type}"
        if isinstance(supply, Offers):
            raise CompassError(f"Nobody in the price table sells {setup}.")
        room = int(supply.room(*wanted[:2])[0])
        raise CompassError(f"Your own servers don't hold {setup}; they have room for {room} such replicas.")
    [bill] = supply.bills(*wanted)
    cost = bill.usd_per_month
    spare = min(specification.spare_replicas, replicas - 1)
    working = replicas - spare
    configuration = Configuration(chosen.model_id, chosen.gpu_type, chosen.gpu_count, specification.workload)
    capacity = (
        chosen.max_requests_per_second * working / max(1, chosen.replicas - specification.spare_replicas)
    )
    peak = specification.demand.peak_requests_per_second
    predicted = chosen.predicted
    simulates = can_be_simulated(configuration) and peak <= capacity
    if simulates:
        of_all = specification.demand.burstiness
        thinned = rounded_up(1 + (of_all - 1) / working, of_all)
        seen = simulated(configuration, peak / working, thinned)
        latencies = [predicted_latency(latency) for latency in seen]
        predicted = Predicted(**{f"{m}_ms": latency for m, latency in zip(METRICS, latencies, strict=True)})
    return chosen.model_copy(
        update={
            "replicas": replicas,
            "cost_usd_per_month": round(cost, 2),
            "gpus_billed": bill.gpus,
            "price": bill.price,
            "own_hardware": bill.own_hardware,
            "predicted": predicted,
            "max_requests_per_second": round(capacity, 3),
            "meets_slo": peak <= capacity,
            "simulated": simulates,
            "autoscaling": Autoscaling(
                min_replicas=min(chosen.autoscaling.min_replicas, replicas),
                max_replicas=replicas,
                cost_at_min_usd_per_month=round(cost, 2),
            ),
            "reasons": [f"scaled by hand from {chosen.replicas} to {replicas} replicas"],
        }
    )
