"""Charts of options: cost against latency, and latency against load. Positions are from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.cards.parts import Chart, Charts, Dot, Tick
from knowledge.catalogue import METRICS, Metric, SloTargets
from tools.contract import Contract
from tools.planning.plan import Recommendation
from tools.planning.targets import every_target
from tools.wording import METRIC_NAMES, capital, dollars, figure, latency, rate

ROOM = 1.06
"""Of an axis beyond its last figure."""
MARGIN = 0.25
"""Of the logarithms of costs, below and above."""
UNKNOWN = 0.07
"""The size of a quality that isn't known."""


class CurveQuery(Contract):
    """One replica of one option at its benchmark profile, its share of the peak in requests/s, and the
    targets that its curve is drawn against.
    """

    model_id: str
    gpu_type: str
    gpu_count: int
    prompt_tokens: int
    output_tokens: int
    share_of_peak: float
    slo_targets: SloTargets


def tradeoffs(options: Sequence[Recommendation], targets: SloTargets) -> list[Chart]:
    """Cost a month on a logarithmic scale against each latency that has a target, or
    else its p95; GPUs, where some have no price.
    """
    priced = all(o.cost_usd_per_month for o in options)
    amounts = [o.cost_usd_per_month if priced else float(o.gpus_billed) for o in options]
    what = "cost a month" if priced else "GPUs"
    logs = [math.log(amount) for amount in amounts]
    low, high = min(logs) - MARGIN, max(logs) + MARGIN
    middle = (low + high) / 2
    costs = [
        Tick(
            at=(at - low) / (high - low),
            text=dollars(math.exp(at)) if priced else figure(round(math.exp(at), 1)),
        )
        for at in (low + MARGIN, middle, high - MARGIN)
    ]
    charts = []
    for target in every_target(targets):
        seen = [target.of(o.predicted) for o in options]
        known, name = [ms for ms in seen if ms is not None], target.name
        if not known:
            continue
        most = max(target.ms or 0.0, *known, 1e-9)
        charts.append(
            Chart(
                name=name,
                label=(
                    f"{capital(what)} against {name} of the {len(options)} options; the table holds the"
                    " same figures"
                ),
                x_label=f"{name}; {what} on a logarithmic scale, quality as size",
                x_ticks=[Tick(at=f / ROOM, text=latency(most * f)) for f in (0, 0.5, 1)],
                y_ticks=costs,
                x_limit=(
                    Tick(at=target.ms / most / ROOM, text=f"target {latency(target.ms)}")
                    if target.ms is not None
                    else None
                ),
                dots=[
                    Dot(
                        x=ms / most / ROOM,
                        y=(log - low) / (high - low),
                        rank=o.rank,
                        size=UNKNOWN if (score := o.quality.known) is None else (score / 100) ** 2,
                        strong=o.pareto,
                    )
                    for o, ms, log in zip(options, seen, logs, strict=True)
                    if ms is not None
                ],
            )
        )
    return charts


def curves(query: CurveQuery, rates: list[float], p95_ms: dict[Metric, list[float]]) -> Charts:
    """The p95 of each metric at each rate of one replica; none without rates."""
    drawn = [_curve(query, metric, rates, p95_ms[metric]) for metric in METRICS] if rates else []
    return Charts(charts=drawn)


def _curve(query: CurveQuery, metric: Metric, rates: list[float], p95_ms: list[float]) -> Chart:
    target, name = query.slo_targets.of(metric).get("p95"), METRIC_NAMES[metric]
    most, fastest = max(p95_ms) or 1.0, max(rates)
    if target is not None:
        most = max(target * 1.6, min(most, target * 3))
    against = "no p95 is a target" if target is None else f"the target is {latency(target)}"
    share = query.share_of_peak / fastest
    return Chart(
        name=f"{name} p95",
        label=(
            f"{name} p95 rises from {latency(p95_ms[0])} at {rate(rates[0])} requests/s to"
            f" {latency(p95_ms[-1])} at {rate(fastest)}; {against}"
        ),
        x_label="requests/s",
        x_ticks=[Tick(at=f, text=rate(fastest * f) if f else "0") for f in (0, 0.5, 1)],
        y_ticks=[Tick(at=0, text="0"), Tick(at=1, text=latency(most))],
        x_limit=Tick(at=share, text="its share of your peak") if share <= 1 else None,
        y_limit=None if target is None else Tick(at=target / most, text=f"target {latency(target)}"),
        line=[(r / fastest, min(v, most) / most) for r, v in zip(rates, p95_ms, strict=True)],
    )
