"""Plans in columns: what one compares them by."""

from __future__ import annotations

from collections.abc import Iterator

from agent.cards.facts import NamedPlan, PlanInShort
from agent.cards.parts import Cell, Column, Table
from tools.planning.targets import every_target
from tools.wording import cost, latency, rate, setup, short_name

NOTHING = "nothing holds"


def kept_plans(plans: list[NamedPlan]) -> Table:
    return side_by_side([(plan.name, plan) for plan in plans])


def side_by_side(plans: list[tuple[str, PlanInShort]]) -> Table:
    """Plans in columns: their load, their first and cheapest option, and how many hold."""
    told = [(name, list(_told(plan))) for name, plan in plans]
    lines = [
        [Cell(text=label), *(Cell(text=rows[n][1]) for _, rows in told)]
        for n, (label, _) in enumerate(told[0][1])
    ]
    columns = [Column(label="", figures=False), *(Column(label=name, figures=False) for name, _ in told)]
    return Table(label="Plans side by side", columns=columns, lines=lines, compares=True)


def _told(plan: PlanInShort) -> Iterator[tuple[str, str]]:
    first, cheapest = plan.first, plan.cheapest
    targets = every_target(plan.slo_targets)
    p95s = all(target.statistic == "p95" for target in targets)
    yield "Peak", f"{rate(plan.peak_requests_per_second)} requests/s"
    told = (latency(t.ms) if t.ms is not None else t.note for t in targets)
    yield "Targets", " · ".join(told if p95s else (f"{t.name} {t.note}" for t in targets))
    yield "First", f"{short_name(first.model_id)}, {setup(first)}" if first else NOTHING
    yield "  a month", cost(first.cost_usd_per_month) if first else NOTHING
    seen = (latency(t.of(first.predicted)) for t in targets) if first else [NOTHING]
    yield "  TTFT·ITL·E2E", " · ".join(seen)
    yield "  thinking", (first.thinking_in_words or "not told") if first else NOTHING
    context = first.context_tokens if first else None
    yield "  context", f"{context:,} tokens" if context else "not known" if first else NOTHING
    least = f"{cost(cheapest.cost_usd_per_month)}, {setup(cheapest)}" if cheapest else NOTHING
    least += f" ({cheapest.offered_as})" if cheapest and cheapest.offered_as else ""
    yield "Cheapest", least
    yield "Hold targets", f"{plan.holding_slo:,} of {plan.considered:,}"
