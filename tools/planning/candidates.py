"""What a plan may choose from: the configurations of suitable models, what excludes some of them,
what is known of their latencies, and who sells them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from knowledge.catalogue import TrafficProfile, gpus
from knowledge.curves import Bools, CurveTable, Floats, Ints
from knowledge.estimator.computed import computed_table
from knowledge.judging import Judging, judging_of
from knowledge.prices import Price
from knowledge.workload import Workload, workload_of
from tools.planning.constraints import broken, suitable, suitable_models
from tools.planning.estimates import Estimates
from tools.planning.inventory import Inventory, supply_of
from tools.planning.pricing import Offers
from tools.planning.simulation import Configuration, Simulation, can_be_simulated
from tools.specification import MAX_GPUS, Intent, Specification


@dataclass(frozen=True)
class Candidates:
    """One entry for each configuration in every array. Nothing here changes with the figures of
    targets, budget or load.
    """

    whole: CurveTable
    profile: TrafficProfile
    """Of the rows of `whole`."""
    workload: Workload
    prices: tuple[Price, ...]
    asked: tuple[object, ...]
    """What of the specification these depend on."""
    table: CurveTable
    """The configurations of suitable models: of `whole` where its rows are of the very workload, else
    computed.
    """
    broken: dict[str, Bools]
    """By constraint on models and GPU types, where it isn't met."""
    gpu_codes: Ints
    """Positions of their types in the catalogue, and behind its last those that it lacks."""
    supply: Offers | Inventory
    """What is sold, or what somebody owns."""
    room: Floats
    """Replicas of each configuration that there is hardware for, spare ones included."""
    estimates: Estimates
    judging: Judging

    @classmethod
    def of(
        cls,
        whole: CurveTable,
        profile: TrafficProfile,
        specification: Specification,
        prices: tuple[Price, ...],
    ) -> Candidates:
        intent, judging = specification.intent, judging_of(specification.slo_targets)
        table = _table(whole, profile, specification)
        supply = _supply(table, prices, intent)
        codes: Ints = table.kept(("gpu codes",), lambda: table.codes(list(gpus()), "gpu_types"))
        return cls(
            whole=whole,
            profile=profile,
            workload=specification.workload,
            prices=prices,
            asked=_asked(specification),
            table=table,
            broken=broken(table, specification),
            gpu_codes=codes,
            supply=supply,
            room=np.minimum(supply.room(codes, table.gpu_counts), MAX_GPUS // table.gpu_counts),
            estimates=Estimates(table, profile, specification.demand.burstiness, judging),
            judging=judging,
        )

    def under(self, specification: Specification) -> Candidates:
        """Those of a changed specification: the same where only targets, budget or load differ."""
        if _asked(specification) == self.asked:
            return self
        return Candidates.of(self.whole, self.profile, specification, self.prices)

    @cached_property
    def counts(self) -> Floats:
        """GPUs of one replica."""
        return self.table.gpu_counts.astype(np.float64)

    @cached_property
    def allowed(self) -> Bools:
        """Within all constraints on models and GPU types."""
        found: Bools = ~np.logical_or.reduce([np.zeros(len(self.table), dtype=bool), *self.broken.values()])
        return found

    def configuration(self, n: int) -> Configuration:
        return Configuration(
            self.table.model_ids[n], self.table.gpu_types[n], int(self.table.gpu_counts[n]), self.workload
        )

    def simulates(self, n: int) -> bool:
        """Not where measured or observed rows stand: our simulation knows no better."""
        return bool(self.table.estimated[n]) and can_be_simulated(self.configuration(n))

    def simulation(self, n: int, targets_ms: Floats) -> Simulation:
        curves = self.table.curves
        first, last = float(curves.rates[curves.starts[n]]), float(curves.highest_rate[n])
        return Simulation(
            self.configuration(n), tuple(targets_ms.tolist()), first, last, judging=self.judging
        )


def _table(whole: CurveTable, profile: TrafficProfile, specification: Specification) -> CurveTable:
    if specification.workload == workload_of(profile):
        return suitable(whole, specification.intent)
    return computed_table(specification.workload, tuple(suitable_models(specification.intent)))


def _asked(specification: Specification) -> tuple[object, ...]:
    return (
        specification.intent.model_copy(update={"budget_usd_per_month": None}),
        specification.workload,
        specification.thinking,
        specification.demand.burstiness,
        judging_of(specification.slo_targets),
    )


@dataclass(frozen=True, eq=False)
class _Listed:
    """A price list as a key: the same object, which stays alive as long as the key does. An edited price file
    is another list.
    """

    prices: tuple[Price, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Listed) and other.prices is self.prices

    def __hash__(self) -> int:
        return id(self.prices)


def _supply(table: CurveTable, prices: tuple[Price, ...], intent: Intent) -> Offers | Inventory:
    """Of every GPU type of the catalogue, and of none for types that it lacks; kept with the table."""
    where = (intent.providers, intent.regions, intent.excluded_providers, intent.excluded_regions)
    what = (tuple(intent.instance_types), tuple(intent.owned), tuple(intent.available_gpus.items()))
    key = ("supply", _Listed(prices), *map(tuple, where), *what)
    return table.kept(key, lambda: supply_of(intent, prices, [*gpus(), ""]))
