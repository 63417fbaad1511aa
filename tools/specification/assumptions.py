"""Every figure behind a specification that the person didn't state, in words, with its origin."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

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


def assumptions(
    template: UseCase, overrides: Overrides, demand: Demand, traced: Collection[str] = ()
) -> list[Assumption]:
    """`traced` are those figures of the overrides that are a trace's."""
    told = _Told(template, overrides, traced)
    arrivals = ARRIVALS.get(demand.arrivals, demand.arrivals.replace("_", " "))
    if overrides.burstiness is not None:
        arrivals = "independently of each other (Poisson)" if demand.burstiness == 1 else "in bursts"
    bursts = (
        f", burstiness {demand.burstiness:g} (CV² of the times between requests)"
        if demand.burstiness != 1
        else ""
    )
    headroom = HEADROOM if overrides.headroom is None else overrides.headroom
    spare = overrides.spare_replicas
    spares = f"{spare} replica{'s' if spare and spare > 1 else ''} more than the peak needs"
    return [
        *_peak(told, demand),
        told.of_template("burstiness", f"requests arrive {arrivals}{bursts}"),
        told.of_template(
            "trough_fraction", f"the quietest hour has {demand.trough_fraction:.0%} of the peak"
        ),
        told.of_template(
            "minute_peak", f"within an hour, the highest minute has {demand.minute_peak:g} times the mean"
        ),
        told.of_ours("headroom", f"{headroom:.0%} of each replica's capacity is kept free at peak"),
        *([told.of_ours("spare_replicas", spares)] if spare else []),
    ]


class _Told(NamedTuple):
    """Assumptions with their origin: an edit, or else where the figure comes from."""

    template: UseCase
    overrides: Overrides
    traced: Collection[str]

    def of_template(self, name: str, text: str) -> Assumption:
        return self._edited(name, text, f"{self.template.title} template: {self.template.source}")

    def of_ours(self, name: str, text: str) -> Assumption:
        return self._edited(name, text, "our default")

    def _edited(self, name: str, text: str, otherwise: str) -> Assumption:
        if name in self.traced:
            return Assumption(name=name, text=text, origin=self.trace)
        edited = getattr(self.overrides, name, None) is not None
        return Assumption(name=name, text=text, origin="your edit" if edited else otherwise)

    @property
    def trace(self) -> str:
        return f"trace {self.overrides.traffic.name}" if self.overrides.traffic else ""


def _peak(told: _Told, demand: Demand) -> list[Assumption]:
    """How the load at peak comes about: stated, or from requests in flight, requests a day or users."""
    peak = f"{rate(demand.peak_requests_per_second)} requests/s at peak"
    factor = told.of_template("peak_factor", f"the peak is {demand.peak_factor:g} times the average")

    def in_all(text: str, origin: str = "computed") -> Assumption:
        return Assumption(name="peak_requests_per_second", text=text, origin=origin)

    if demand.given_requests_per_second is not None:
        return [in_all(peak, told.trace if "requests_per_second" in told.traced else "your words")]
    if demand.given_concurrent_requests is not None:
        seconds = f"{demand.seconds_in_flight:g} s"
        by = "the use case's E2E" if told.overrides.asked("e2e") == {} else "the E2E target"
        return [
            in_all(
                f"{demand.given_concurrent_requests:,g} requests in flight ÷ {seconds} each ({by}) = {peak}"
            )
        ]
    if demand.given_requests_per_day is not None:
        hours = f"{demand.busy_hours_per_day:g}"
        return [
            told.of_ours("busy_hours_per_day", f"a day's requests come within {hours} hours"),
            factor,
            in_all(
                f"{demand.given_requests_per_day:,g} requests a day ÷ {hours} h ÷ 3,600"
                f" × {demand.peak_factor:g} peak = {peak}"
            ),
        ]
    each = f"{demand.requests_per_active_user_per_minute:g}"
    sent = "request" if each == "1" else "requests"
    return [
        told.of_template("active_fraction", f"{demand.active_fraction:.0%} of the users are active at once"),
        told.of_template(
            "requests_per_active_user_per_minute",
            f"each active user sends {each} {sent} a minute",
        ),
        factor,
        in_all(
            f"{demand.user_count:,} users × {demand.active_fraction:.0%} active × {each} requests/min ÷"
            f" 60 × {demand.peak_factor:g} peak = {peak}"
        ),
    ]
