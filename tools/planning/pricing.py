"""What replicas cost: GPUs where they are sold one by one, whole machines where they are not.

    USD a month = GPUs billed x USD per GPU-hour x HOURS_PER_MONTH

with GPUs billed = replicas x GPUs of one, or machines x GPUs in one; a replica never spans two machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.curves import Floats, Ints
from knowledge.prices import HOURS_PER_MONTH, Price
from tools.specification import Intent


@dataclass(frozen=True)
class Offers:
    """The prices that count, by GPU type: (types, most offers of one), NaN where a type has fewer."""

    prices: list[list[Price]]
    usd_per_gpu_hour: Floats
    machine: Floats
    """GPUs that are sold together; 0 where they are sold one by one."""


def offers(prices: Sequence[Price], gpu_types: Sequence[str], intent: Intent) -> Offers:
    """Of these GPU types, at the providers and in the regions that the person accepts;
    none that another always beats.
    """
    providers, regions = intent.providers, intent.regions
    usable = [
        p
        for p in prices
        if (not providers or p.provider in providers)
        and p.provider not in intent.excluded_providers
        and (not regions or p.region in (*regions, "any"))
        and p.region not in intent.excluded_regions
    ]
    by_type = [
        sorted(
            (p for p in usable if p.gpu_type == g),
            key=lambda p: (p.usd_per_gpu_hour, p.provider, p.region, p.instance_type),
        )
        for g in gpu_types
    ]
    by_type = [
        [p for n, p in enumerate(listed) if not any(_beats(q, p) for q in listed[:n])] for listed in by_type
    ]
    shape = (len(gpu_types), max(1, *map(len, by_type)) if by_type else 1)
    usd, machine = np.full(shape, np.nan), np.full(shape, np.nan)
    for n, listed in enumerate(by_type):
        for k, price in enumerate(listed):
            usd[n, k], machine[n, k] = (
                price.usd_per_gpu_hour,
                0 if price.by_the_gpu else price.gpus_per_instance,
            )
    return Offers(by_type, usd, machine)


def _beats(one: Price, other: Price) -> bool:
    """Whether `one`, which costs no more for a GPU, is also sold in no larger lots; of
    equals, the first by name counts.
    """
    return one.by_the_gpu or (one.gpus_per_instance == other.gpus_per_instance and not other.by_the_gpu)


def gpus_billed(machine: Floats, gpu_counts: Floats, replicas: Floats) -> Floats:
    """Where the machine is too small for a replica, NaN."""
    by_machine = np.floor(np.divide(machine, gpu_counts))  # replicas on one
    with np.errstate(divide="ignore", invalid="ignore"):
        machines = np.where(by_machine >= 1, np.ceil(replicas / by_machine), np.nan)
    return np.where(machine == 0, gpu_counts * replicas, machines * machine)


def cheapest(offered: Offers, gpu_codes: Ints, gpu_counts: Ints, replicas: Floats) -> tuple[Floats, Ints]:
    """USD a month of the cheapest offer for each configuration, and which offer it is;
    infinite where nobody sells it.

    `gpu_codes` are positions in the `gpu_types` that the offers were made with.
    """
    counts, wanted = gpu_counts[:, None].astype(np.float64), replicas[:, None].astype(np.float64)
    usd, machine = offered.usd_per_gpu_hour[gpu_codes], offered.machine[gpu_codes]
    cost = usd * gpus_billed(machine, counts, wanted) * HOURS_PER_MONTH
    cost = np.where(np.isnan(cost), np.inf, cost)
    best = np.argmin(cost, axis=1)
    return np.take_along_axis(cost, best[:, None], axis=1)[:, 0], best


def price_in_words(price: Price) -> str:
    """With provider, region and date, and how it is sold."""
    doubt = "estimated by its source, " if "ESTIMATED" in price.source else ""
    whole = (
        ""
        if price.by_the_gpu or price.gpus_per_instance == 1
        else f" in machines of {price.gpus_per_instance}"
    )
    return (
        f"{price.usd_per_gpu_hour:g} USD per GPU-hour{whole}, {doubt}{price.provider} {price.region},"
        f" {price.effective_date}"
    )
