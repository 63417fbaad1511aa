"""Charts of options: cost against latency, and latency against load. Positions are from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.cards.parts import Chart, Charts, Dot, Tick
from knowledge.catalogue import METRICS, Metric, SloTargets, p95_of
from tools.contract import Contract
from tools.planning.plan import Recommendation
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
    """Cost a month on a logarithmic scale against the p95 of each metric; GPUs, where some have no price."""
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
    for metric in METRICS:
        p95s, target = [o.predicted.of(metric).p95 for o in options], p95_of(targets, metric)
        most = max(target, *p95s)
        name = METRIC_NAMES[metric]
        charts.append(
            Chart(
                name=f"{name} p95",
                label=(
                    f"{capital(what)} against {name} p95 of the {len(options)} options; the table holds the"
                    " same figures"
                ),
                x_label=f"{name} p95; {what} on a logarithmic scale, quality as size",
                x_ticks=[Tick(at=f / ROOM, text=latency(most * f)) for f in (0, 0.5, 1)],
                y_ticks=costs,
                x_limit=Tick(at=target / most / ROOM, text=f"target {latency(target)}"),
                dots=[
                    Dot(
                        x=p95 / most / ROOM,
                        y=(log - low) / (high - low),
                        rank=o.rank,
                        size=UNKNOWN if (known := o.quality.known) is None else (known / 100) ** 2,
                        strong=o.pareto,
                    )
                    for o, p95, log in zip(options, p95s, logs, strict=True)
                ],
            )
        )
    return charts


def curves(query: CurveQuery, rates: list[float], p95_ms: dict[Metric, list[float]]) -> Charts:
    """The p95 of each metric at each rate of one replica; none without rates."""
    drawn = [_curve(query, metric, rates, p95_ms[metric]) for metric in METRICS] if rates else []
    return Charts(charts=drawn)


def _curve(query: CurveQuery, metric: Metric, rates: list[float], p95_ms: list[float]) -> Chart:
    target, name = p95_of(query.slo_targets, metric), METRIC_NAMES[metric]
    most, fastest = max(target * 1.6, min(max(p95_ms), target * 3)), max(rates)
    share = query.share_of_peak / fastest
    return Chart(
        name=f"{name} p95",
        label=(
            f"{name} p95 rises from {latency(p95_ms[0])} at {rate(rates[0])} requests/s to"
            f" {latency(p95_ms[-1])} at {rate(fastest)}; the target is {latency(target)}"
        ),
        x_label="requests/s",
        x_ticks=[Tick(at=f, text=rate(fastest * f) if f else "0") for f in (0, 0.5, 1)],
        y_ticks=[Tick(at=0, text="0"), Tick(at=1, text=latency(most))],
        x_limit=Tick(at=share, text="its share of your peak") if share <= 1 else None,
        y_limit=Tick(at=target / most, text=f"target {latency(target)}"),
        line=[(r / fastest, min(v, most) / most) for r, v in zip(rates, p95_ms, strict=True)],
    )
