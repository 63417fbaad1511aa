"""Plans against simulating everything: does what a plan doesn't simulate ever come first? `python -m
evals.brute 30`.

Everything is each configuration of the suitable models within the constraints, whether or not estimates say
that it holds, sized by the capacity that bisection finds. Poisson arrivals alone: there, one replica's
capacity doesn't depend on how many there are.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.catalogue import TrafficProfile, models, use_cases
from knowledge.curves import CurveTable
from knowledge.database import Database
from knowledge.prices import Price, prices
from knowledge.settings import load_settings
from tools.plan_capacity import PlanRequest, begun
from tools.planning.settling import Settling
from tools.planning.simulation import STEP, judged
from tools.specification import Intent, Overrides, Specification, build_specification
from tools.traffic import map_to_benchmark_profile

MODELS = 6
"""Named in each plan, so that everything is some hundred configurations."""


@dataclass(frozen=True)
class Compared:
    """USD a month of the cheapest, and the score of the first: by the plan, and by everything."""

    specification: Specification
    configurations: int
    cheapest_usd: float
    cheapest_of_all_usd: float
    first_usd: float
    first_of_all_usd: float

    @property
    def worse_by(self) -> float:
        """How much more the plan's cheapest costs, as a share."""
        return self.cheapest_usd / self.cheapest_of_all_usd - 1


def random_specification(seed: int) -> Specification:
    """Some models, lengths and demand, with targets that leave something standing."""
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    poisson = [case for case in use_cases().values() if case.demand.burstiness == 1]
    case = chance.choice(poisson)
    prompt, answer = int(10 ** chance.uniform(1.8, 4.3)), int(10 ** chance.uniform(1.0, 3.1))
    overrides = Overrides(
        prompt_tokens=prompt,
        output_tokens=answer,
        prompt_spread=chance.choice([None, 0.5]),
        cached_share=chance.choice([None, None, 0.6]),
    )
    named = chance.sample(sorted(models()), MODELS)
    return build_specification(
        Intent(use_case=case.id, requests_per_second=10 ** chance.uniform(-1, 1.7), preferred_models=named),
        overrides,
    )


def compared(
    specification: Specification, tables: Callable[[TrafficProfile], CurveTable], listed: Sequence[Price]
) -> Compared | None:
    """None where nothing holds the targets."""
    profile = map_to_benchmark_profile(specification.traffic_profile)
    request = PlanRequest(specification=specification, benchmark_profile=profile)
    table = tables(profile)
    ours, everything = begun(request, table, listed), begun(request, table, listed)
    shown = ours.settle(request.limit, "balanced", request.simulate)
    _simulate_all(everything)
    criteria = everything.criteria()
    if not shown or not criteria.option.any():
        return None
    least = criteria.leading("lowest_cost", criteria.option, 1)[0]
    cheapest = ours.cheapest()
    best, costs = everything.ranked("balanced")[0], everything.sizing.costs
    return Compared(
        specification=specification,
        configurations=len(everything.table),
        cheapest_usd=float(ours.sizing.costs[cheapest]) if cheapest is not None else math.inf,
        cheapest_of_all_usd=float(costs[least]),
        first_usd=float(ours.sizing.costs[shown[0]]),
        first_of_all_usd=float(costs[best]),
    )


def _simulate_all(settling: Settling) -> None:
    """Each by its own capacity, whatever was estimated of it."""
    sizing, candidates = settling.sizing, settling.candidates
    for n in np.flatnonzero(candidates.allowed).tolist():
        if not candidates.simulates(n):
            continue
        simulation = candidates.simulation(n, sizing.targets_ms)
        low, high = simulation.first_rate, simulation.last_rate
        while high / low > STEP and high / low > 1.001:
            middle = math.sqrt(low * high)
            low, high = (middle, high) if simulation.carries(middle, 1.0) else (low, middle)
        capacity = simulation.known(1.0)[0]
        replicas = math.ceil(sizing.planned_rate / capacity * (1 - 1e-9)) if capacity else math.inf
        sizing.replicas[n] = replicas
        sizing.costs[n] = sizing.cost_of(n, int(replicas)) if math.isfinite(replicas) else math.inf
        sizing.holding[n] = math.isfinite(sizing.costs[n])
        if math.isfinite(replicas):
            seen = simulation.at(sizing.peak / replicas, 1.0)
            sizing.judged_ms[:, n] = judged(seen, candidates.judging)


def main() -> None:
    """One line a plan, and how many agree within 3 % of cost."""
    wanted, seed, agree, worst = int(sys.argv[1]) if len(sys.argv) > 1 else 30, 0, 0, 0.0
    database, done = Database(load_settings()), 0
    listed = prices(database.settings.prices)
    while done < wanted:
        seed += 1
        found = compared(random_specification(seed), database.curves, listed)
        if found is None:
            continue
        done += 1
        agree += found.worse_by <= 0.03 and abs(found.first_usd / found.first_of_all_usd - 1) <= 0.03
        worst = max(worst, found.worse_by)
        print(
            f"{seed:>4} {found.configurations:>5} configurations: cheapest ${found.cheapest_usd:>9,.0f}"
            f" of ${found.cheapest_of_all_usd:>9,.0f}, first ${found.first_usd:>9,.0f}"
            f" of ${found.first_of_all_usd:>9,.0f}"
        )
    print(f"{agree} of {done} agree within 3 % of cost; the cheapest costs at most {worst:.1%} more")
    database.close()


if __name__ == "__main__":
    main()
