"""Order among options that all hold the targets: by what the person said matters.

score = 100 · Σ weight · criterion / Σ weight, each criterion in [0, 1]:

    cost      the lowest cost among the options / this option's cost
    latency   mean over TTFT, ITL, E2E of 2 · (1 − p95 / target), at most 1 each: beyond twice as fast as asked, nobody gains
    accuracy  the model's quality for this use / 100 (`quality`); without one its base's, else the catalogue's lower quartile

Weights: low 1, medium 2, high 6. An option that is worse in everything can't change the order of the others, because it
changes neither the lowest cost nor any other option's latency; nor can it change the quartile, which is over the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable

from knowledge.catalogue import SloTargets, UseCase
from tools.curve import METRICS, target_of
from tools.quality import cautious_quality
from tools.recommendation import Recommendation
from tools.specification import Priorities

WEIGHT = {"low": 1.0, "medium": 2.0, "high": 6.0}


def rank(options: list[Recommendation], priorities: Priorities, targets: SloTargets, use_case: UseCase) -> list[Recommendation]:
    """Options with rank, score and reasons, best first; ties by cost, then by name."""
    if not options:
        return []
    lowest_cost = min(o.cost_usd_per_month for o in options)
    cautious = cautious_quality(use_case)
    weights = {name: WEIGHT[getattr(priorities, name)] for name in ("cost", "latency", "accuracy")}

    def score(option: Recommendation) -> float:
        quality = option.quality.score or option.quality.base_score or cautious
        criteria = {"cost": lowest_cost / option.cost_usd_per_month, "latency": slack(option, targets), "accuracy": quality / 100}
        return round(100 * sum(weights[c] * v for c, v in criteria.items()) / sum(weights.values()), 2)

    scored = [o.model_copy(update={"score": score(o), "reasons": _reasons(o, targets, lowest_cost)}) for o in options]
    scored.sort(key=lambda o: (-o.score, o.cost_usd_per_month, o.model_id, o.gpu_type, o.gpu_count))
    return [o.model_copy(update={"rank": n}) for n, o in enumerate(scored, start=1)]


def slack(option: Recommendation, targets: SloTargets) -> float:
    """How far below the p95 targets, in [0, 1]: 1 where each is met twice over."""
    used: list[float] = [getattr(option.predicted, f"{m}_ms").p95 / target_of(targets, m) for m in METRICS]
    return sum(min(1.0, max(0.0, 2 * (1 - u))) for u in used) / len(used)


def _reasons(option: Recommendation, targets: SloTargets, lowest_cost: float) -> list[str]:
    p = option.predicted
    held = (
        f"holds TTFT p95 {p.ttft_ms.p95:,.0f} of {targets.ttft_p95_ms:,.0f} ms, ITL {p.itl_ms.p95:,.0f} of {targets.itl_p95_ms:,.0f} ms,"
        f" E2E {p.e2e_ms.p95 / 1000:,.1f} of {targets.e2e_p95_ms / 1000:,.1f} s"
    )
    extra = option.cost_usd_per_month - lowest_cost
    cost = "costs the least of all that hold the targets" if extra <= 0 else f"costs ${extra:,.0f} a month more than the cheapest"
    quality = (
        f"quality {option.quality.score:g} % ({option.quality.scores})"
        if option.quality.score is not None
        else (f"quality unknown: {option.quality.source}")
    )
    return [held, cost, quality]


def mark_extremes(options: list[Recommendation]) -> list[Recommendation]:
    """Say which of the shown options is cheapest, which fastest, which of the best published quality."""
    if not options:
        return []
    marks = {"cheapest": pick(options, "cheapest").rank, "fastest": pick(options, "fastest").rank}
    if any(o.quality.score is not None for o in options):
        marks["best quality"] = pick(options, "best quality").rank

    def marked(option: Recommendation) -> Recommendation:
        names = [name for name, r in marks.items() if r == option.rank]
        return option.model_copy(update={"reasons": [", ".join(names), *option.reasons]}) if names else option

    return [marked(o) for o in options]


def pick(options: list[Recommendation], criterion: str) -> Recommendation:
    """The option that a person means by `cheapest`, `fastest`, `best quality`, `simplest` or `recommended`; ties by rank."""
    keys: dict[str, Callable[[Recommendation], float]] = {
        "cheapest": lambda o: o.cost_usd_per_month,
        "fastest": lambda o: o.predicted.e2e_ms.p95,
        "best quality": lambda o: -(o.quality.score or 0.0),
        "simplest": lambda o: o.gpu_count * o.replicas,
        "recommended": lambda o: 0,
    }
    key = keys[criterion]
    return min(options, key=lambda o: (key(o), o.rank))
