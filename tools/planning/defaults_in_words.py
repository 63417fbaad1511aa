"""What became of targets that nobody asked for, and what they cost, in sentences."""

from __future__ import annotations

from tools.planning.plan import LooserDefault, Plan
from tools.wording import METRIC_NAMES, a_month, exact_time, rate


def looser_in_words(default: LooserDefault) -> str:
    """One that gave way, and by how much."""
    looser, before = exact_time(default.looser_ms), exact_time(default.default_ms)
    return f"{METRIC_NAMES[default.metric]} p95 {looser} instead of {before}"


def relaxed_in_words(plan: Plan) -> str:
    """That defaults gave way, and by how much; empty where none had to."""
    each = [looser_in_words(d) for d in plan.relaxed]
    if not each:
        return ""
    which = "a default that you didn't ask for" if len(each) == 1 else "defaults that you didn't ask for"
    *others, last = each
    told = " and ".join(filter(None, (", ".join(others), last)))
    return f"Nothing holds the template's targets, so {which} gave way: {told}.{_slower(plan)}"


def _slower(plan: Plan) -> str:
    """That requests in flight which may each take longer are fewer in a second."""
    demand = plan.made_for.demand if plan.made_for else None
    if demand is None or demand.given_concurrent_requests is None or demand.seconds_in_flight is None:
        return ""
    if not any(d.metric == "e2e" for d in plan.relaxed):
        return ""
    each = exact_time(demand.seconds_in_flight * 1000)
    return (
        f" {demand.given_concurrent_requests:,g} requests in flight that take {each} each are no more than"
        f" {rate(demand.peak_requests_per_second)} requests/s, and that is what is planned."
    )


def _saved(default: LooserDefault) -> str:
    if default.saves_usd_per_month:
        return f"{a_month(default.saves_usd_per_month)} less"
    return f"{default.saves_gpus} GPU{'s' * (default.saves_gpus > 1)} fewer"


def defaults_in_words(plan: Plan) -> list[str]:
    """What each default costs."""
    return [
        f"At {METRIC_NAMES[d.metric]} p95 {exact_time(d.looser_ms)} instead of the template's"
        f" {exact_time(d.default_ms)}: {_saved(d)}."
        for d in plan.defaults_cost
    ]
