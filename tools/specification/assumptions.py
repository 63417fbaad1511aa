"""Every figure behind a specification that the person didn't state, in words, with its origin."""

from __future__ import annotations

from knowledge.catalogue import UseCase
from tools.contract import Contract
from tools.specification.demand import Demand
from tools.specification.overrides import Overrides
from tools.wording import rate

HEADROOM = 0.2
"""Share of each replica's capacity kept free at peak where nothing else is said;
bursts are simulated and need none.
"""
ARRIVALS = {
    "poisson": "independently of each other (Poisson)",
    "compound_poisson": "in bursts (compound Poisson)",
    "poisson_with_bursts": "with bursts",
    "poisson_clustered": "in clusters",
    "uniform_periodic": "evenly spread; planned as Poisson, which is harder",
}


class Assumption(Contract):
    """A figure that the person didn't state, or what followed from it."""

    name: str
    text: str
    origin: str


def assumptions(template: UseCase, overrides: Overrides, demand: Demand) -> list[Assumption]:
    def note(name: str, text: str) -> Assumption:
        origin = (
            "your edit"
            if getattr(overrides, name, None) is not None
            else f"{template.title} template: {template.source}"
        )
        return Assumption(name=name, text=text, origin=origin)

    def ours(name: str, text: str) -> Assumption:
        return Assumption(
            name=name, text=text, origin="our default" if getattr(overrides, name) is None else "your edit"
        )

    arrivals = ARRIVALS.get(demand.arrivals, demand.arrivals.replace("_", " "))
    if overrides.burstiness is not None:
        arrivals = "independently of each other (Poisson)" if demand.burstiness == 1 else "in bursts"
    bursts = (
        f", burstiness {demand.burstiness:g} (CV² of the times between requests)"
        if demand.burstiness != 1
        else ""
    )
    arriving = note("burstiness", f"requests arrive {arrivals}{bursts}")
    headroom = HEADROOM if overrides.headroom is None else overrides.headroom
    kept = ours("headroom", f"{headroom:.0%} of each replica's capacity is kept free at peak")
    spare = overrides.spare_replicas
    spares = (
        [ours("spare_replicas", f"{spare} replica{'s' if spare > 1 else ''} more than the peak needs")]
        if spare
        else []
    )
    peak = f"{rate(demand.peak_requests_per_second)} requests/s at peak"
    factor = note("peak_factor", f"the peak is {demand.peak_factor:g} times the average")

    def computed(text: str) -> Assumption:
        return Assumption(name="peak_requests_per_second", text=text, origin="computed")

    if demand.given_requests_per_second is not None:
        given = [Assumption(name="peak_requests_per_second", text=peak, origin="your words")]
    elif demand.given_concurrent_requests is not None:
        seconds = f"{demand.seconds_in_flight:g} s"
        given = [
            computed(
                f"{demand.given_concurrent_requests:,g} requests in flight ÷ {seconds} each (the E2E target)"
                f" = {peak}"
            ),
        ]
    elif demand.given_requests_per_day is not None:
        given = [
            ours("busy_hours_per_day", f"a day's requests come within {demand.busy_hours_per_day:g} hours"),
            factor,
            computed(
                f"{demand.given_requests_per_day:,g} requests a day ÷ {demand.busy_hours_per_day:g} h ÷ 3,600"
                f" × {demand.peak_factor:g} peak = {peak}"
            ),
        ]
    else:
        each = f"{demand.requests_per_active_user_per_minute:g}"
        given = [
            note("active_fraction", f"{demand.active_fraction:.0%} of the users are active at once"),
            note("requests_per_active_user_per_minute", f"each active user sends {each} requests a minute"),
            factor,
            computed(
                f"{demand.user_count:,} users × {demand.active_fraction:.0%} active × {each} requests/min ÷"
                f" 60 × {demand.peak_factor:g} peak = {peak}"
            ),
        ]
    trough = note("trough_fraction", f"the quietest hour has {demand.trough_fraction:.0%} of the peak")
    minute = note(
        "minute_peak", f"within an hour, the highest minute has {demand.minute_peak:g} times the mean"
    )
    return [*given, arriving, trough, minute, kept, *spares]
