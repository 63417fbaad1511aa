"""Hardware that somebody owns: what it has room for, and what its use costs.

A replica never spans two servers, so that servers of g GPUs have room for floor(g / n) replicas of n
GPUs each. Of several servers with one GPU type the cheapest are filled first:

    USD a month = Σ GPUs used x one's own USD per GPU-hour x HOURS_PER_MONTH
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.curves import Bools, Floats, Ints
from knowledge.prices import HOURS_PER_MONTH, Price
from tools.planning.pricing import Bill, Offers, offers
from tools.specification import Intent, OwnedServers
from tools.wording import an_hour

NO_PRICE = 1e-12
"""USD per GPU-hour of what has no price: nothing, as far as anybody is told; but of two plans the one with
fewer GPUs costs less, and no cost is divided by nothing.
"""


def owned_by(intent: Intent) -> list[OwnedServers]:
    """The servers that somebody owns; GPUs of which only the number is known count as one server, unless they
    are to be rented somewhere.
    """
    rented = intent.providers or intent.regions or intent.instance_types
    loose = {} if rented else intent.available_gpus
    each = (OwnedServers(gpus_per_server=count, gpu_type=gpu) for gpu, count in loose.items())
    return [*intent.owned, *each]


@dataclass(frozen=True)
class Inventory:
    """Arrays are (GPU types, servers of one type with one price), the cheapest first; zeros fill them up."""

    servers: Floats
    gpus_per_server: Floats
    usd_per_gpu_hour: Floats

    @classmethod
    def of(cls, owned: Sequence[OwnedServers], gpu_types: Sequence[str]) -> Inventory:
        by_type = [
            sorted((o for o in owned if o.gpu_type == gpu), key=lambda o: o.usd_per_gpu_hour or NO_PRICE)
            for gpu in gpu_types
        ]
        found = np.zeros((3, len(gpu_types), max(1, *map(len, by_type), 1)))
        for n, listed in enumerate(by_type):
            for k, one in enumerate(listed):
                usd = one.usd_per_gpu_hour or NO_PRICE
                found[:, n, k] = one.servers, one.gpus_per_server, usd
        return cls(*found)

    def has(self, gpu_codes: Ints) -> Bools:
        """Whether there is any GPU of a type."""
        return np.asarray((self.servers[gpu_codes] > 0).any(axis=1))

    def room(self, gpu_codes: Ints, gpu_counts: Ints) -> Floats:
        """Replicas of each configuration that there are GPUs for."""
        return np.asarray(self._rooms(gpu_codes, gpu_counts).sum(axis=1))

    def costs(self, gpu_codes: Ints, gpu_counts: Ints, replicas: Floats) -> Floats:
        """USD a month of so many replicas of each configuration; infinite for more than there is room for."""
        rooms = self._rooms(gpu_codes, gpu_counts)
        used = _filled(rooms, replicas)
        usd = (used * self.usd_per_gpu_hour[gpu_codes]).sum(axis=1) * gpu_counts * HOURS_PER_MONTH
        return np.where(replicas <= rooms.sum(axis=1), usd, np.inf)

    def least_usd_per_gpu_hour(self, gpu_codes: Ints) -> Floats:
        """Of any server of a type; infinite where there is none."""
        usd = np.where(self.servers > 0, self.usd_per_gpu_hour, np.inf).min(axis=1)
        return np.asarray(usd[gpu_codes])

    def bills(self, gpu_codes: Ints, gpu_counts: Ints, replicas: Floats) -> list[Bill]:
        """Of configurations that there is room for."""
        costs = self.costs(gpu_codes, gpu_counts, replicas).tolist()
        filled = _filled(self._rooms(gpu_codes, gpu_counts), replicas)
        gpus = (gpu_counts * replicas).astype(int).tolist()
        return [
            Bill(round(cost, 6), count, self._in_words(int(code), used > 0), own_hardware=True)
            for code, used, count, cost in zip(gpu_codes, filled, gpus, costs, strict=True)
        ]

    def _in_words(self, code: int, used: Floats) -> str:
        usd = self.usd_per_gpu_hour[code][np.asarray(used, dtype=bool)]
        there = f"of {int((self.servers * self.gpus_per_server)[code].sum()):,} that you have"
        if usd.max(initial=0.0) <= NO_PRICE:
            return f"your own hardware ({there}), no price"
        at = "no price" if usd[0] <= NO_PRICE else an_hour(float(usd[0]))
        to = "" if len(set(usd.tolist())) == 1 else f" to {an_hour(float(usd[-1]))}"
        return f"your own price, {at}{to} per GPU-hour ({there})"

    def _rooms(self, gpu_codes: Ints, gpu_counts: Ints) -> Floats:
        on_one = np.floor(self.gpus_per_server[gpu_codes] / gpu_counts[:, None])
        return np.asarray(self.servers[gpu_codes] * on_one)


def supply_of(intent: Intent, prices: Sequence[Price], gpu_types: Sequence[str]) -> Offers | Inventory:
    """Of these GPU types, what somebody owns; where they own nothing, what is sold."""
    owned = owned_by(intent)
    return Inventory.of(owned, gpu_types) if owned else offers(prices, gpu_types, intent)


def _filled(rooms: Floats, replicas: Floats) -> Floats:
    """How many replicas stand on each, one filled after the other."""
    before = np.cumsum(rooms, axis=1) - rooms
    with np.errstate(invalid="ignore"):
        return np.clip(np.where(np.isfinite(replicas), replicas, 0.0)[:, None] - before, 0.0, rooms)
