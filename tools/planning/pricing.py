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
from tools.specification import MAX_GPUS, Intent


@dataclass(frozen=True)
class Bill:
    """What one configuration costs; `price` in words."""

    usd_per_month: float
    gpus: int
    price: str
    own_hardware: bool = False


@dataclass(frozen=True)
class Offers:
    """The prices that count, by GPU type: (types, most offers of one), NaN where a type has fewer; and how
    many GPUs of each type may be rented.
    """

    prices: list[list[Price]]
    usd_per_gpu_hour: Floats
    machine: Floats
    """GPUs that are sold together; 0 where they are sold one by one."""
    most_gpus: Floats

    def room(self, gpu_codes: Ints, gpu_counts: Ints) -> Floats:
        """Replicas of each configuration that may be rented."""
        return np.asarray(np.floor(self.most_gpus[gpu_codes] / gpu_counts))

    def costs(self, gpu_codes: Ints, gpu_counts: Ints, replicas: Floats) -> Floats:
        """USD a month of each configuration; infinite where nobody sells it."""
        return cheapest(self, gpu_codes, gpu_counts, replicas)[0]

    def least_usd_per_gpu_hour(self, gpu_codes: Ints) -> Floats:
        """Of any offer of a type; infinite where there is none."""
        return np.asarray(np.fmin.reduce(self.usd_per_gpu_hour, axis=1, initial=np.inf)[gpu_codes])

    def bills(self, gpu_codes: Ints, gpu_counts: Ints, replicas: Floats) -> list[Bill]:
        """Of configurations that are sold."""
        costs, which = cheapest(self, gpu_codes, gpu_counts, replicas)
        each = zip(costs.tolist(), gpu_codes.tolist(), which.tolist(), strict=True)
        return [_bill(cost, self.prices[code][k]) for cost, code, k in each]


def offers(prices: Sequence[Price], gpu_types: Sequence[str], intent: Intent) -> Offers:
    """Of these GPU types, at the providers and in the regions that the person accepts, as machines that they
    want; none that another always beats.
    """
    providers, regions, machines = intent.providers, intent.regions, intent.instance_types
    usable = [
        p
        for p in prices
        if (not providers or p.provider in providers)
        and p.provider not in intent.excluded_providers
        and (not regions or p.region in (*regions, "any"))
        and p.region not in intent.excluded_regions
        and (not machines or p.instance_type in machines)
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
    there_are = intent.available_gpus
    most = [there_are.get(g, 0 if there_are else MAX_GPUS) for g in gpu_types]
    return Offers(by_type, usd, machine, np.array(most, dtype=np.float64))


def _bill(usd_per_month: float, price: Price) -> Bill:
    gpus = round(usd_per_month / price.usd_per_gpu_hour / HOURS_PER_MONTH)
    return Bill(usd_per_month, gpus, price_in_words(price))


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
